// SPDX-License-Identifier: Apache-2.0
#include "eval/folder_set.h"

#include <map>

#include "base/file.h"
#include "base/sha256.h"
#include "image/formats.h"

namespace duhdr {
namespace {

namespace fs = std::filesystem;

/// Pictures of a kind by their names without the extension.
std::map<std::string, fs::path> pictures_in(const fs::path& folder, Image::Referred referred) {
  std::error_code error;
  fs::directory_iterator files(folder, error);
  if (error) throw Error(ExitCode::io, message(shown(folder), ": cannot open (", error.message(), ")"));
  std::map<std::string, fs::path> found;
  for (const fs::directory_entry& entry : files) {
    if (!names_picture(entry.path(), referred)) continue;
    const auto [at, is_new] = found.emplace(entry.path().stem().string(), entry.path());
    if (!is_new)
      throw Error(ExitCode::usage, message(shown(folder), ": two pictures of one name (", shown(at->second.filename()),
                                           ", ", shown(entry.path().filename()), ")"));
  }
  return found;
}

}  // namespace

EvaluationSet folder_set(const fs::path& references, const fs::path& photographs, double clip_level) {
  EvaluationSet set;
  set.layout = "folders";
  set.name = shown(references.lexically_normal());
  auto ldr =
      photographs.empty() ? std::map<std::string, fs::path>{} : pictures_in(photographs, Image::Referred::display);
  std::string contents;
  for (const auto& [name, hdr] : pictures_in(references, Image::Referred::scene)) {
    EvaluationPair pair{.name = escaped(name),
                        .scene = escaped(name),
                        .ldr = {},
                        .hdr = hdr,
                        .clip_level = clip_level,
                        .inverse_curve = {}};
    if (!photographs.empty()) {
      const auto partner = ldr.extract(name);
      if (partner.empty()) {
        set.unpaired.push_back(shown(hdr) + ": has no partner");
        continue;
      }
      pair.ldr = partner.mapped();
    }
    for (const fs::path& file : {pair.hdr, pair.ldr})
      if (!file.empty())
        contents += file.filename().string() + '\n' +
                    sha256(read_file(file, ReadLimits{}.file_bytes, ExitCode::bad_image)) + '\n';
    set.pairs.push_back(std::move(pair));
  }
  for (const auto& [name, file] : ldr) set.unpaired.push_back(shown(file) + ": has no partner");
  if (set.pairs.empty()) throw Error(ExitCode::bad_image, shown(references) + ": no pairs");
  set.sha256 = sha256({reinterpret_cast<const std::byte*>(contents.data()), contents.size()});
  return set;
}

}  // namespace duhdr
