// SPDX-License-Identifier: Apache-2.0
// Files that are too large to be in memory whole.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

namespace duhdr {

/// A file that is written piece by piece, and takes the place of one at `path` when it is whole: as write_file(), but
/// refusing (io) what is no regular file. Without commit() nothing is left of it.
class FileWriter {
 public:
  explicit FileWriter(const std::filesystem::path& path);
  ~FileWriter();
  void write(std::string_view text);
  void commit();  // nothing may be written after it

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace duhdr
