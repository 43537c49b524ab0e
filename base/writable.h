// SPDX-License-Identifier: Apache-2.0
// Asked before hours of work: will their result find its place?
#pragma once

#include <filesystem>

namespace duhdr {

/// Throws io where write_file() could not write now: a folder that is not there or closed to us, a name that is a
/// folder. Touches nothing.
void check_writable(const std::filesystem::path& path);

}  // namespace duhdr
