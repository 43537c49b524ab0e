// SPDX-License-Identifier: Apache-2.0
// Tables for the terminal.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace duhdr {

using TextColumn = std::vector<std::string>;  // cells from top to bottom, UTF-8

/// Columns side by side, all of the same height; where they are wider than `width`, the rest goes on below with the
/// first column again.
std::string in_columns(const std::vector<TextColumn>& columns, std::size_t width);

}  // namespace duhdr
