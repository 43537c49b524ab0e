// SPDX-License-Identifier: Apache-2.0
// The folder that duhdr-data writes pairs into: ldr/, hdr/ and, last, a manifest.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace duhdr {

/// Makes the folders; with `dry_run` it only checks. What an earlier run left there is an error (usage) or, with
/// `overwrite`, goes: its manifest first, so that whatever happens next, none describes files that have changed.
/// `old_files` lists the files of that manifest, relative to the folder. Pairs with another manifest always are an
/// error.
void prepare_pair_folder(const std::filesystem::path& folder, const std::string& manifest, bool overwrite, bool dry_run,
                         const std::function<std::vector<std::filesystem::path>()>& old_files);

}  // namespace duhdr
