// SPDX-License-Identifier: Apache-2.0
#include "data/file_list.h"

#include <algorithm>
#include <system_error>

#include "base/file.h"
#include "image/formats.h"

namespace duhdr {
namespace {

namespace fs = std::filesystem;

Image::Referred referred(FileKind kind) {
  return kind == FileKind::hdr ? Image::Referred::scene : Image::Referred::display;
}

}  // namespace

std::vector<fs::path> list_files(const fs::path& folder, FileKind kind) {
  std::vector<fs::path> out;
  std::error_code error;
  const auto check = [&] {
    if (error) throw Error(ExitCode::io, message(shown(folder), ": cannot be listed (", error.message(), ")"));
  };
  fs::recursive_directory_iterator entry(folder, error);
  check();
  for (; entry != fs::recursive_directory_iterator(); entry.increment(error), check()) {
    if (entry->path().filename().native().starts_with('.')) {
      entry.disable_recursion_pending();
      continue;
    }
    std::error_code gone;  // a file that vanishes now is not listed
    if (entry->is_regular_file(gone) && names_picture(entry->path(), referred(kind)))
      out.push_back(entry->path().lexically_relative(folder));
  }
  check();
  std::sort(out.begin(), out.end(),
            [](const fs::path& a, const fs::path& b) { return a.generic_string() < b.generic_string(); });
  return out;
}

}  // namespace duhdr
