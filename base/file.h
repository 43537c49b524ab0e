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

/// A regular file, read once from its beginning to its end by read(2) (never mmap: a file that shrinks must not kill
/// us). Anything else (a loop of symbolic links, too), a file above `limit` bytes, and one that changes its size
/// meanwhile, throws `bad_content`; a missing or unreadable file throws io.
class FileReader {
 public:
  FileReader(std::filesystem::path path, std::uint64_t limit, ExitCode bad_content);
  ~FileReader();
  FileReader(const FileReader&) = delete;
  FileReader& operator=(const FileReader&) = delete;

  std::uint64_t size() const { return size_; }  // bytes, when it was opened
  void read(std::span<std::byte> to);           // the next ones, as many as `to` has
  void finish();                                // after the last one: there must be no more

 private:
  [[noreturn]] void changed(const std::string& at_the_end) const;

  std::filesystem::path path_;
  ExitCode bad_content_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0, done_ = 0;
};

/// The whole file, as FileReader has it.
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
