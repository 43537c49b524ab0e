// SPDX-License-Identifier: Apache-2.0
// Tables for other programs, by RFC 4180.
#pragma once

#include <string>
#include <vector>

namespace duhdr {

/// The fields with commas, quoted where needed, and CRLF.
std::string csv_row(const std::vector<std::string>& fields);

}  // namespace duhdr
