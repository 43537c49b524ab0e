// SPDX-License-Identifier: Apache-2.0
// One trainer a folder.
#pragma once

#include <filesystem>

namespace duhdr {

/// Makes the folder if need be and holds an advisory lock on it until destroyed; the system drops it when the process
/// dies. Throws io when another process holds it.
class FolderLock {
 public:
  explicit FolderLock(const std::filesystem::path& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int descriptor_;
};

}  // namespace duhdr
