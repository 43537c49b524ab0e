// SPDX-License-Identifier: Apache-2.0
#include "data/dataset.h"

#include <array>
#include <charconv>
#include <optional>
#include <system_error>

#include "base/file.h"
#include "data/file_dataset.h"
#include "data/file_list.h"

namespace duhdr {
namespace {

namespace fs = std::filesystem;

struct KindName {
  DataSource::Kind kind;
  const char* prefix;
};
constexpr std::array kind_names{KindName{DataSource::Kind::hdr, "hdr:"}, KindName{DataSource::Kind::paired, "paired:"},
                                KindName{DataSource::Kind::ldr, "ldr:"}, KindName{DataSource::Kind::pseudo, "pseudo:"}};
constexpr const char* allowed = "allowed: hdr:DIR, paired:DIR, ldr:DIR, pseudo:DIR, scenes, or a folder";

void check_folder(const fs::path& folder) {
  std::error_code error;
  const fs::file_status status = fs::status(folder, error);
  if (!fs::exists(status)) throw Error(ExitCode::io, message(shown(folder), ": no such folder; ", allowed));
  if (!fs::is_directory(status)) throw Error(ExitCode::usage, message(shown(folder), ": not a folder; ", allowed));
}

/// The kind of a folder by what is in it.
DataSource::Kind kind_of(const fs::path& folder) {
  if (is_paired_folder(folder)) return DataSource::Kind::paired;
  const std::size_t hdr = list_files(folder, FileKind::hdr).size();
  const std::size_t photographs = list_files(folder, FileKind::photograph).size();
  if (hdr > 0 && photographs > 0)
    throw Error(ExitCode::usage, message(shown(folder), ": holds HDR images and photographs (", hdr, " and ",
                                         photographs, "); say which with hdr: or ldr: before the folder"));
  if (hdr + photographs == 0)
    throw Error(ExitCode::bad_image,
                message(shown(folder), ": no images in this folder (.exr, .hdr, .pfm, .jpg, .jpeg or .png)"));
  return hdr > 0 ? DataSource::Kind::hdr : DataSource::Kind::ldr;
}

void check_not_empty(const DataSource& source) {
  if (source.kind == DataSource::Kind::paired) {
    list_pairs(source.folder);
    return;
  }
  const bool hdr = source.kind == DataSource::Kind::hdr;
  if (list_files(source.folder, hdr ? FileKind::hdr : FileKind::photograph).empty())
    throw Error(
        ExitCode::bad_image,
        message(shown(source.folder), ": no ",
                hdr ? "HDR images (.exr, .hdr or .pfm)" : "photographs (.jpg, .jpeg or .png)", " in this folder"));
}

/// "0.5@hdr:DIR": the number and the rest. No number before the first @: it belongs to the name of a folder.
std::pair<std::optional<double>, std::string_view> split_share(std::string_view text) {
  const std::size_t at = text.find('@');
  double share = 0;
  if (at == text.npos) return {{}, text};
  const auto [end, error] = std::from_chars(text.data(), text.data() + at, share);
  if (at == 0 || error != std::errc() || end != text.data() + at) return {{}, text};
  if (!(share > 0 && share < 1e9))
    throw Error(ExitCode::usage, message("data source '", escaped(text), "': share ", share,
                                         " is not a positive number (SHARE@SOURCE, for example 0.5@scenes)"));
  return {share, text.substr(at + 1)};
}

}  // namespace

DataSource DataSource::parse(const std::string& text) {
  DataSource source;
  if (const auto [share, rest] = split_share(text); share) {
    source = parse(std::string(rest));
    source.share = *share;
    return source;
  }
  if (text == "scenes") return source;
  if (text.empty()) throw Error(ExitCode::usage, message("empty data source; ", allowed));
  for (const KindName& name : kind_names) {
    if (!text.starts_with(name.prefix)) continue;
    source.kind = name.kind;
    source.folder = text.substr(std::string(name.prefix).size());
    if (source.folder.empty())
      throw Error(ExitCode::usage, message("data source '", escaped(text), "' names no folder; ", allowed));
    check_folder(source.folder);
    check_not_empty(source);
    return source;
  }
  source.folder = text;
  std::error_code error;
  if (!fs::exists(source.folder, error) && text.find(':') < text.find('/'))
    throw Error(ExitCode::usage, message("unknown data source '", escaped(text), "'; ", allowed));
  check_folder(source.folder);
  source.kind = kind_of(source.folder);
  check_not_empty(source);
  return source;
}

std::string DataSource::text() const {
  for (const KindName& name : kind_names)
    if (name.kind == kind) return name.prefix + shown(folder);
  return "scenes";
}

Pairing DataSource::pairing() const {
  if (kind == Kind::paired) return Pairing::paired;
  return kind == Kind::ldr ? Pairing::unpaired : Pairing::synthesised;
}

std::unique_ptr<Dataset> open_dataset(const DataSource& source, const DataOptions& options) {
  DUHDR_CHECK(options.patch >= 1, "patch ", options.patch);
  DUHDR_CHECK(options.validation_share >= 0 && options.validation_share <= 1, "share ", options.validation_share);
  if (source.kind != DataSource::Kind::scenes) check_folder(source.folder);
  switch (source.kind) {
    case DataSource::Kind::hdr:
      return open_hdr(source, options);
    case DataSource::Kind::paired:
      return open_paired(source, options);
    case DataSource::Kind::ldr:
      return open_ldr(source, options);
    case DataSource::Kind::pseudo:
      return open_pseudo(source, options);
    case DataSource::Kind::scenes:
      break;
  }
  return open_scenes(source, options);
}

}  // namespace duhdr
