// SPDX-License-Identifier: Apache-2.0
#include "data/file_list.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <system_error>

#include "base/file.h"

namespace duhdr {
namespace {

namespace fs = std::filesystem;

bool is_of_kind(const fs::path& path, FileKind kind) {
  constexpr std::array<std::string_view, 3> hdr{".exr", ".hdr", ".pfm"}, photograph{".jpg", ".jpeg", ".png"};
  const auto& known = kind == FileKind::hdr ? hdr : photograph;
  std::string extension = path.extension().native();
  for (char& c : extension) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return std::find(known.begin(), known.end(), extension) != known.end();
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
    if (entry->is_regular_file(gone) && is_of_kind(entry->path(), kind))
      out.push_back(entry->path().lexically_relative(folder));
  }
  check();
  std::sort(out.begin(), out.end(),
            [](const fs::path& a, const fs::path& b) { return a.generic_string() < b.generic_string(); });
  return out;
}

}  // namespace duhdr
