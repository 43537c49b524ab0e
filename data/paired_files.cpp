// SPDX-License-Identifier: Apache-2.0
// The two layouts of paired folders.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <string_view>
#include <system_error>

#include "base/file.h"
#include "data/file_list.h"

namespace duhdr {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t manifest_limit = std::uint64_t{64} << 20;  // bytes

const std::array folder_pairs{FolderPair{"LDR_in", "HDR_gt"}, FolderPair{"ldr", "hdr"}};

std::optional<FolderPair> folders_of(const fs::path& folder) {
  for (const FolderPair& pair : folder_pairs) {
    std::error_code error;
    if (fs::is_directory(folder / pair.ldr, error) && fs::is_directory(folder / pair.hdr, error)) return pair;
  }
  return std::nullopt;
}

bool has_manifest(const fs::path& folder) {
  std::error_code error;
  return fs::exists(folder / manifest_name, error);
}

std::vector<std::string_view> split_at(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0;;) {
    const std::size_t end = text.find(separator, begin);
    parts.push_back(text.substr(begin, end - begin));
    if (end == std::string_view::npos) return parts;
    begin = end + 1;
  }
}

class Manifest {
 public:
  explicit Manifest(const fs::path& path) : shown_(shown(path)) {
    const Bytes bytes = read_file(path, manifest_limit, ExitCode::bad_image);
    for (std::string_view line : split_at({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, '\n')) {
      ++line_;
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (line.empty()) continue;
      const std::vector<std::string_view> cells = split_at(line, '\t');
      if (columns_ == 0)
        read_header(cells);
      else
        pairs.push_back(row(cells));
    }
    if (columns_ == 0) refuse("no header line");
  }

  std::vector<FilePair> pairs;

 private:
  void read_header(const std::vector<std::string_view>& cells) {
    columns_ = cells.size();
    for (std::size_t i = 0; i < cells.size(); ++i)
      if (!column_.emplace(cells[i], i).second) refuse(message("column ", escaped(cells[i], 40), " appears twice"));
    for (const char* name : {"ldr", "hdr"})
      if (!column_.contains(name))
        refuse(message("no column ", name, " in the header line (columns ldr and hdr needed)"));
  }

  FilePair row(const std::vector<std::string_view>& cells) const {
    if (cells.size() != columns_) refuse(message(cells.size(), " columns, the header line has ", columns_));
    FilePair pair{inside(cells[column_.at("ldr")]), inside(cells[column_.at("hdr")]), 0};
    if (const auto level = cell(cells, "clip_level")) pair.clip_level = positive(*level);
    pair.name = fs::path(pair.ldr).replace_extension().generic_string();
    pair.ldr_sha256 = cell(cells, "ldr_sha256").value_or("");
    pair.hdr_sha256 = cell(cells, "hdr_sha256").value_or("");
    return pair;
  }

  std::optional<std::string_view> cell(const std::vector<std::string_view>& cells, std::string_view column) const {
    const auto found = column_.find(column);
    return found == column_.end() ? std::nullopt : std::optional(cells[found->second]);
  }

  /// A path that stays in the folder.
  fs::path inside(std::string_view text) const {
    const auto path = path_inside(text);
    if (!path) refuse(message("path '", escaped(text), "' is not one of a file inside the folder"));
    return *path;
  }

  double positive(std::string_view text) const {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || !(value > 0) || !std::isfinite(value))
      refuse(message("clip_level '", escaped(text, 40), "' is not a positive number"));
    return value;
  }

  [[noreturn]] void refuse(const std::string& reason) const {
    throw Error(ExitCode::bad_image, message(shown_, ": line ", line_, ": ", reason));
  }

  std::string shown_;
  int line_ = 0;
  std::size_t columns_ = 0;
  std::map<std::string, std::size_t, std::less<>> column_;
};

/// Files by their path without extension and suffix.
std::map<std::string, fs::path> by_stem(const fs::path& folder, FileKind kind, const std::string& suffix) {
  const auto stem = [&](const fs::path& file) {
    std::string path = fs::path(file).replace_extension().generic_string();
    if (path.ends_with(suffix)) path.resize(path.size() - suffix.size());
    return path;
  };
  std::map<std::string, fs::path> out;
  for (const fs::path& file : list_files(folder, kind))
    if (!out.emplace(stem(file), file).second)
      throw Error(ExitCode::bad_image,
                  message(shown(folder / file), ": another file here has this name up to the extension"));
  return out;
}

}  // namespace

std::optional<fs::path> path_inside(std::string_view text) {
  const fs::path path(text);
  const bool climbs = std::any_of(path.begin(), path.end(), [](const fs::path& part) { return part == ".."; });
  if (text.empty() || text.find('\0') != text.npos || path.is_absolute() || climbs || !path.has_filename()) return {};
  return path;
}

PairList match_pairs(const fs::path& folder, const FolderPair& folders) {
  const auto ldr = by_stem(folder / folders.ldr, FileKind::photograph, folders.ldr_suffix);
  const auto hdr = by_stem(folder / folders.hdr, FileKind::hdr, folders.hdr_suffix);
  PairList list;
  for (const auto& [stem, file] : ldr) {
    const auto partner = hdr.find(stem);
    if (partner == hdr.end())
      list.alone.push_back(folders.ldr / file);
    else
      list.pairs.push_back(
          {.ldr = folders.ldr / file, .hdr = folders.hdr / partner->second, .clip_level = 0, .name = stem});
  }
  for (const auto& [stem, file] : hdr)
    if (!ldr.contains(stem)) list.alone.push_back(folders.hdr / file);
  std::sort(list.alone.begin(), list.alone.end());
  return list;
}

bool is_paired_folder(const fs::path& folder) { return has_manifest(folder) || folders_of(folder).has_value(); }

PairList list_pairs(const fs::path& folder) {
  PairList list;
  if (has_manifest(folder)) {
    list.pairs = Manifest(folder / manifest_name).pairs;
  } else if (const auto folders = folders_of(folder)) {
    list = match_pairs(folder, *folders);
  } else {
    throw Error(ExitCode::bad_image, message(shown(folder), ": no paired data (allowed: a ", manifest_name,
                                             ", folders LDR_in and HDR_gt, or folders ldr and hdr)"));
  }
  if (list.pairs.empty())
    throw Error(ExitCode::bad_image, message(shown(folder), ": no pairs of a photograph and an HDR image"));
  std::sort(list.pairs.begin(), list.pairs.end(), [](const FilePair& a, const FilePair& b) {
    return std::pair(a.ldr.generic_string(), a.hdr.generic_string()) <
           std::pair(b.ldr.generic_string(), b.hdr.generic_string());
  });
  return list;
}

}  // namespace duhdr
