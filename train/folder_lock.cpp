// SPDX-License-Identifier: Apache-2.0
#include "train/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/file.h"

namespace duhdr {

FolderLock::FolderLock(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw Error(ExitCode::io, message(shown(folder), ": cannot make the folder (", error.message(), ")"));
  descriptor_ = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor_ < 0)
    throw Error(ExitCode::io, message(shown(folder), ": cannot open (", std::generic_category().message(errno), ")"));
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return;  // some file systems have no locks
  ::close(descriptor_);
  throw Error(ExitCode::io, shown(folder) + ": another duhdr-train is working in this folder");
}

FolderLock::~FolderLock() { ::close(descriptor_); }

}  // namespace duhdr
