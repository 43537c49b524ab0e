// SPDX-License-Identifier: Apache-2.0
#include "base/writable.h"

#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/file.h"

namespace duhdr {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const fs::path& path, const std::string& reason) {
  throw Error(ExitCode::io, message(shown(path), ": cannot be written (", reason, ")"));
}

}  // namespace

void check_writable(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (fs::is_directory(status)) refuse(path, "a folder; name a file");
  if (error && status.type() != fs::file_type::not_found) refuse(path, error.message());
  const bool replaced = !fs::exists(status) || fs::is_regular_file(status);  // anything else is written into
  const fs::path whole = fs::absolute(path, error);
  if (error) refuse(path, error.message());
  const fs::path target = replaced ? fs::weakly_canonical(whole, error).parent_path() : path;
  if (error) refuse(path, error.message());
  if (replaced && !fs::is_directory(target, error)) refuse(path, "no folder " + shown(target));
  if (access(target.c_str(), replaced ? W_OK | X_OK : W_OK) != 0)
    refuse(path, shown(target) + ": " + std::generic_category().message(errno));
}

}  // namespace duhdr
