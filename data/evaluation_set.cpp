// SPDX-License-Identifier: Apache-2.0
#include "data/evaluation_set.h"

#include <algorithm>
#include <array>
#include <map>
#include <system_error>

#include "base/file.h"
#include "base/sha256.h"
#include "data/curve_basis.h"
#include "data/evaluation_manifest.h"
#include "data/file_list.h"
#include "image/formats.h"
#include "image/image.h"
#include "tensor/safetensors.h"

namespace duhdr {
namespace {

namespace fs = std::filesystem;

/// A pair as a layout has it. Paths are relative to the folder until open_evaluation_set() has found the files.
struct Stated {
  EvaluationPair pair;
  std::string ldr_sha256 = {}, hdr_sha256 = {};  // empty = not stated
};

struct Listing {
  std::vector<Stated> pairs;
  std::vector<std::string> unpaired, warnings;
  std::string sha256 = {};  // of a manifest that states the SHA-256 of every file; empty = of names and files
};

struct Layout {
  std::string name;
  std::string looks;  // how it is recognised, for messages
  bool (*recognises)(const fs::path& folder);
  Listing (*list)(const fs::path& folder);
};

bool is_folder(const fs::path& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

bool is_there(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error);
}

// --------------------------------------------------------------------------------------------------------- our own

/// The inverse response `name`, [1024], increasing from 0 to 1.
std::vector<double> curve_of(const TensorFile& file, const std::string& name, const std::string& shown_name) {
  const auto found = file.tensors.find(name);
  if (found == file.tensors.end() || found->second.shape() != Shape{curve_samples} ||
      found->second.dtype() != DType::f32)
    throw Error(ExitCode::bad_image, message(shown_name, ": no curve '", name, "' of ", curve_samples, " F32"));
  const std::vector<float> values = found->second.to_vector<float>();
  if (values.front() != 0 || values.back() != 1 || !std::is_sorted(values.begin(), values.end()))
    throw Error(ExitCode::bad_image, message(shown_name, ": curve '", name, "' does not increase from 0 to 1"));
  return {values.begin(), values.end()};
}

Listing list_own(const fs::path& folder) {
  const fs::path path = folder / evaluation_manifest_name;
  const EvaluationManifest manifest = read_evaluation_manifest(path);
  const std::string curves_name = shown(folder / manifest.curves.path);
  const Bytes bytes = read_file(folder / manifest.curves.path, ReadLimits{}.file_bytes, ExitCode::bad_image);
  if (sha256(bytes) != manifest.curves.sha256)
    throw Error(ExitCode::bad_image, curves_name + ": is not the file of the manifest (its SHA-256 differs)");
  const TensorFile curves = parse_safetensors(bytes, curves_name);
  Listing list;
  list.sha256 = sha256(read_file(path, ReadLimits{}.file_bytes, ExitCode::bad_image));
  for (const EvaluationManifest::Pair& pair : manifest.pairs)
    list.pairs.push_back({{.name = pair.name,
                           .scene = pair.scene,
                           .ldr = pair.ldr.path,
                           .hdr = pair.hdr.path,
                           .clip_level = pair.clip_level,
                           .inverse_curve = curve_of(curves, pair.curve, curves_name)},
                          pair.ldr.sha256,
                          pair.hdr.sha256});
  return list;
}

// ---------------------------------------------------------------------------------------------------- other layouts

/// `list` with `prefix` before the pairs' names; their scenes are the names without it.
void append(Listing& out, const PairList& list, const std::string& prefix = {}) {
  for (const FilePair& pair : list.pairs)
    out.pairs.push_back({{.name = escaped(prefix + pair.name),
                          .scene = escaped(pair.name),
                          .ldr = pair.ldr,
                          .hdr = pair.hdr,
                          .clip_level = pair.clip_level,
                          .inverse_curve = {}},
                         pair.ldr_sha256,
                         pair.hdr_sha256});
  for (const fs::path& file : list.alone) out.unpaired.push_back(prefix + shown(file) + ": has no partner");
}

Listing list_matched(const fs::path& folder, const FolderPair& folders) {
  Listing out;
  append(out, match_pairs(folder, folders));
  return out;
}

constexpr std::array si_hdr_versions{"clip_95", "clip_97"};  // share of the pixels that is not clipped

/// The folder that holds clip_95 and clip_97, relative: "input" as published, or the data set's own.
fs::path si_hdr_input(const fs::path& folder) { return is_folder(folder / "input") ? "input" : ""; }

bool is_si_hdr(const fs::path& folder) {
  const fs::path input = folder / si_hdr_input(folder);
  return is_folder(folder / "reference") && std::any_of(si_hdr_versions.begin(), si_hdr_versions.end(),
                                                        [&](const char* name) { return is_folder(input / name); });
}

Listing list_si_hdr(const fs::path& folder) {
  Listing out;
  for (const std::string version : si_hdr_versions) {
    const fs::path input = si_hdr_input(folder) / version;
    if (!is_folder(folder / input)) {
      out.warnings.push_back(shown(folder / input) + ": not there; its pairs are no part of the set");
      continue;
    }
    append(out, match_pairs(folder, {input.generic_string(), "reference"}), version + "/");
  }
  return out;
}

/// The folder that holds LDR and HDR, relative: "images" as published, or the data set's own.
fs::path hdr_eye_images(const fs::path& folder) { return is_folder(folder / "images") ? "images" : ""; }

bool is_hdr_eye(const fs::path& folder) {
  const fs::path images = folder / hdr_eye_images(folder);
  if (!is_folder(images / "LDR") || !is_folder(images / "HDR")) return false;
  const auto files = list_files(images / "HDR", FileKind::hdr);
  return std::any_of(files.begin(), files.end(), [](const fs::path& file) {
    const std::string stem = file.stem().string();
    return stem.starts_with('C') && stem.ends_with("_HDR");
  });
}

Listing list_hdr_eye(const fs::path& folder) {
  const fs::path images = hdr_eye_images(folder);
  Listing out =
      list_matched(folder, {(images / "LDR").generic_string(), (images / "HDR").generic_string(), "_LDR", "_HDR"});
  std::error_code error;
  std::size_t tiff = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder / images / "LDR", error)) {
    const std::string extension = extension_of(entry.path());
    tiff += extension == "tif" || extension == "tiff" ? 1 : 0;
  }
  if (tiff > 0 && format_of("tif")->decode == nullptr)
    out.warnings.push_back(message(shown(folder / images / "LDR"), ": ", tiff,
                                   " TIFF files, which this build does not read; ", "convert them to PNG beside them"));
  return out;
}

bool has_manifest(const fs::path& folder) { return is_there(folder / manifest_name); }

Listing list_manifest(const fs::path& folder) {
  Listing out;
  append(out, list_pairs(folder));
  return out;
}

// -------------------------------------------------------------------------------------------------------- the table

const std::vector<Layout>& layouts() {
  static const std::vector<Layout> rows{
      {"duhdr", "evaluation.json", [](const fs::path& folder) { return is_there(folder / evaluation_manifest_name); },
       list_own},
      {"manifest", "manifest.tsv", has_manifest, list_manifest},
      {"si-hdr", "folders reference and input/clip_95 or input/clip_97", is_si_hdr, list_si_hdr},
      {"hdr-eye", "folders HDR with C01_HDR.hdr, ... and LDR", is_hdr_eye, list_hdr_eye},
      {"hdr-real", "folders LDR_in and HDR_gt",
       [](const fs::path& folder) { return is_folder(folder / "LDR_in") && is_folder(folder / "HDR_gt"); },
       [](const fs::path& folder) {
         return list_matched(folder, {"LDR_in", "HDR_gt"});
       }},
      {"raise", "folders ldr and hdr",
       [](const fs::path& folder) { return is_folder(folder / "ldr") && is_folder(folder / "hdr"); },
       [](const fs::path& folder) {
         return list_matched(folder, {"ldr", "hdr"});
       }},
  };
  return rows;
}

std::string described() {
  std::string text;
  for (const Layout& layout : layouts()) text += (text.empty() ? "" : "; ") + layout.name + ": " + layout.looks;
  return text;
}

const Layout& layout_of(const fs::path& folder, const std::string& wanted) {
  if (!is_there(folder)) throw Error(ExitCode::io, shown(folder) + ": no such folder");
  if (!is_folder(folder)) throw Error(ExitCode::usage, shown(folder) + ": not a folder");
  bool known = wanted == "auto";
  for (const Layout& layout : layouts()) {
    if (wanted != "auto" && layout.name != wanted) continue;
    known = true;
    if (layout.recognises(folder)) return layout;
  }
  if (!known)
    throw Error(ExitCode::usage, message("unknown layout '", escaped(wanted), "' (allowed: auto; ", described(), ")"));
  throw Error(ExitCode::usage, message(shown(folder), ": not a set of pairs", wanted == "auto" ? "" : " of the layout ",
                                       wanted == "auto" ? "" : wanted, " (allowed: ", described(), ")"));
}

std::string folder_name(const fs::path& folder) {
  const fs::path path = fs::absolute(folder).lexically_normal();
  return escaped((path.has_filename() ? path : path.parent_path()).filename().string());
}

/// SHA-256 of a file, which has to be the stated one where one is stated.
std::string checked_sum(const fs::path& path, const std::string& stated) {
  const std::string sum = sha256(read_file(path, ReadLimits{}.file_bytes, ExitCode::bad_image));
  if (!stated.empty() && sum != stated)
    throw Error(ExitCode::bad_image, shown(path) + ": is not the file of the manifest (its SHA-256 differs)");
  return sum;
}

}  // namespace

std::vector<std::string> evaluation_layouts() {
  std::vector<std::string> names{"auto"};
  for (const Layout& layout : layouts()) names.push_back(layout.name);
  return names;
}

EvaluationSet open_evaluation_set(const fs::path& folder, const std::string& wanted) {
  const Layout& layout = layout_of(folder, wanted);
  Listing list = layout.list(folder);
  std::sort(list.pairs.begin(), list.pairs.end(),
            [](const Stated& a, const Stated& b) { return a.pair.name < b.pair.name; });
  EvaluationSet set{layout.name, folder_name(folder), {}, {}, std::move(list.unpaired), std::move(list.warnings)};
  const auto twice = std::adjacent_find(list.pairs.begin(), list.pairs.end(),
                                        [](const Stated& a, const Stated& b) { return a.pair.name == b.pair.name; });
  if (twice != list.pairs.end())
    throw Error(ExitCode::bad_image, message(shown(folder), ": two pairs are named '", twice->pair.name, "'"));
  std::string lines;
  for (Stated& stated : list.pairs) {
    EvaluationPair& pair = stated.pair;
    fs::path missing;
    for (fs::path* file : {&pair.ldr, &pair.hdr}) {
      *file = folder / *file;
      if (!is_there(*file)) missing = *file;
    }
    if (!missing.empty()) {
      set.unpaired.push_back(message(pair.name, ": ", shown(missing), " is missing"));
      continue;
    }
    lines += message(pair.name, '\t', checked_sum(pair.ldr, stated.ldr_sha256), '\t',
                     checked_sum(pair.hdr, stated.hdr_sha256), '\n');
    set.pairs.push_back(std::move(pair));
  }
  if (set.pairs.empty())
    throw Error(ExitCode::bad_image, message(shown(folder), ": no pair of a photograph and an HDR image",
                                             set.unpaired.empty() ? "" : "; " + set.unpaired.front(),
                                             set.warnings.empty() ? "" : "; " + set.warnings.front()));
  set.sha256 = list.sha256.empty() ? sha256(std::as_bytes(std::span(lines))) : list.sha256;
  return set;
}

}  // namespace duhdr
