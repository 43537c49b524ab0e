// SPDX-License-Identifier: Apache-2.0
#include "apps/pair_folder.h"

#include <system_error>

#include "base/file.h"
#include "data/evaluation_manifest.h"
#include "data/file_list.h"

namespace duhdr {
namespace {

namespace fs = std::filesystem;

/// Throws usage when pairs may not be written there. True: there is a manifest, which has to go first.
bool check_folder(const fs::path& folder, const std::string& manifest, bool overwrite) {
  std::error_code error;
  const fs::file_status status = fs::status(folder, error);
  if (fs::exists(status) && !fs::is_directory(status))
    throw Error(ExitCode::usage, shown(folder) + ": exists and is not a folder");
  for (const std::string other : {manifest_name, evaluation_manifest_name})
    if (other != manifest && fs::exists(folder / other, error))
      throw Error(ExitCode::usage, message(shown(folder), ": holds pairs of another kind (", other, "); name another"));
  const bool old = fs::exists(folder / manifest, error);
  bool used = old;
  for (const char* name : {"ldr", "hdr"})
    used = used || (fs::is_directory(folder / name, error) && !fs::is_empty(folder / name, error));
  if (used && !overwrite)
    throw Error(ExitCode::usage, shown(folder) +
                                     ": holds pairs already (allowed: an empty folder, or --if-exists "
                                     "overwrite, which removes those of its manifest)");
  return old;
}

}  // namespace

void prepare_pair_folder(const fs::path& folder, const std::string& manifest, bool overwrite, bool dry_run,
                         const std::function<std::vector<fs::path>()>& old_files) {
  const bool old = check_folder(folder, manifest, overwrite);
  if (dry_run) return;
  std::error_code error;
  if (old) {
    const std::vector<fs::path> files = old_files();
    fs::remove(folder / manifest, error);
    if (error) throw Error(ExitCode::io, message(shown(folder / manifest), ": ", error.message()));
    for (const fs::path& file : files) fs::remove(folder / file, error);
  }
  for (const char* name : {"ldr", "hdr"}) {
    fs::create_directories(folder / name, error);
    if (error) throw Error(ExitCode::io, message(shown(folder / name), ": cannot be made (", error.message(), ")"));
  }
}

}  // namespace duhdr
