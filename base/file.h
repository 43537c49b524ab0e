// SPDX-License-Identifier: Apache-2.0
// The one small layer through which files are read and written, so that every fault has one place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace duhdr {

using Bytes = std::vector<std::byte>;

/// The whole file by read(2) (never mmap: a file that shrinks must not kill us). Only regular files; anything
/// else (a loop of symbolic links, too), and a file above `limit` bytes, throws `bad_content`; a missing or unreadable
/// file throws io.
Bytes read_file(const std::filesystem::path& path, std::uint64_t limit, ExitCode bad_content);

/// Writes to a temporary name in the same folder, fsyncs, renames, fsyncs the folder. On any failure the old
/// file is intact, the temporary one is gone, and io is thrown. A symbolic link stays and its target is replaced; the
/// new file has the permissions of the old one, and its owner where that is allowed. What is no regular file (a pipe, a
/// device) is not replaced but written into.
void write_file(const std::filesystem::path& path, std::span<const std::byte> bytes);

/// As write_file(), but throws io when the name exists, even if it came to be while we wrote: of two writers one wins.
void write_new_file(const std::filesystem::path& path, std::span<const std::byte> bytes);

/// A path for an error line: escaped.
inline std::string shown(const std::filesystem::path& path) { return escaped(path.native()); }

}  // namespace duhdr
