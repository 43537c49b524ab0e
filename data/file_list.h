// SPDX-License-Identifier: Apache-2.0
// Which files of a folder a data set is made of. Order and split depend on names alone.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/dataset.h"

namespace duhdr {

/// By extension, in any case: what image/formats.cpp reads as light, or as a display's codes.
enum class FileKind { hdr, photograph };

/// Files of the kind below `folder`, relative, sorted. Hidden entries are left out, folders behind links are not
/// entered. Throws io when the folder or one below it cannot be listed.
std::vector<std::filesystem::path> list_files(const std::filesystem::path& folder, FileKind kind);

/// The part of `items` that belongs to the split: every n-th item, from the first on, is validation, n = round(1/share)
/// but at least 2. All of them when share is 0 or there is only one.
template <class Item>
std::vector<Item> part_of(const std::vector<Item>& items, Split split, double validation_share);

/// One photograph with its HDR image; paths relative to the folder.
struct FilePair {
  std::filesystem::path ldr, hdr;
  double clip_level = 0;                         // HDR value at which the photograph clips; 0 = unknown
  std::string ldr_sha256 = {}, hdr_sha256 = {};  // of the files, as stated; empty = not stated
  std::string name = {};  // in two folders: what both paths have in common; in a manifest: ldr up to the extension
};

inline constexpr const char* manifest_name = "manifest.tsv";  // of a folder of pairs

struct PairList {
  std::vector<FilePair> pairs;               // sorted
  std::vector<std::filesystem::path> alone;  // files without a partner, sorted, relative to the folder
};

/// Whether the folder is laid out for pairs: a manifest.tsv, or folders LDR_in and HDR_gt, or ldr and hdr.
bool is_paired_folder(const std::filesystem::path& folder);

/// The pairs of such a folder. manifest.tsv: a header line naming columns, `ldr` and `hdr` (paths relative to the
/// folder that stay in it), perhaps `clip_level`, `ldr_sha256` and `hdr_sha256`; others are ignored. Two folders: files
/// of equal names up to the extension. Throws bad_image with the line number for a faulty manifest, and for a folder
/// that has neither or no pairs.
PairList list_pairs(const std::filesystem::path& folder);

/// Two folders whose files belong together when their paths below them are equal up to the extension, and up to a
/// suffix of the folder's files ("C01_LDR.png", "C01_HDR.exr") where a name ends in it.
struct FolderPair {
  std::string ldr, hdr, ldr_suffix = {}, hdr_suffix = {};
};
PairList match_pairs(const std::filesystem::path& folder, const FolderPair& folders);

/// The path that `text` is when it names something inside the folder it is relative to; none when it is empty,
/// absolute, climbs out by "..", or names a folder.
std::optional<std::filesystem::path> path_inside(std::string_view text);

template <class Item>
std::vector<Item> part_of(const std::vector<Item>& items, Split split, double validation_share) {
  if (validation_share <= 0 || items.size() < 2) return items;
  const double nearest = 1.0 / validation_share + 0.5;
  const std::size_t n = nearest < 2 ? 2 : nearest > 1e9 ? 1'000'000'000 : static_cast<std::size_t>(nearest);
  std::vector<Item> out;
  for (std::size_t i = 0; i < items.size(); ++i)
    if ((i % n == 0) == (split == Split::validation)) out.push_back(items[i]);
  return out;
}

}  // namespace duhdr
