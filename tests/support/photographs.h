// SPDX-License-Identifier: Apache-2.0
// Real photographs that lie beside the checkout, in ../shared or where DUHDR_SHARED says; nothing of them is committed.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <vector>

namespace duhdr {

/// The JPEGs of data/ldr and data/ldr/extra, by name; none where there is no such folder.
inline std::vector<std::filesystem::path> photographs() {
  namespace fs = std::filesystem;
  const char* told = std::getenv("DUHDR_SHARED");
  const fs::path folder = fs::path(told ? told : DUHDR_SOURCE_DIR "/../shared") / "data/ldr";
  std::vector<fs::path> found;
  for (const fs::path& place : {folder, folder / "extra"})
    if (fs::is_directory(place))
      for (const auto& entry : fs::directory_iterator(place))
        if (entry.path().extension() == ".jpg") found.push_back(entry.path());
  std::ranges::sort(found);
  return found;
}

}  // namespace duhdr
