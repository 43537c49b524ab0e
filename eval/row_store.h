// SPDX-License-Identifier: Apache-2.0
// Finished rows of an evaluation on disk, so that one that was interrupted goes on where it was.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "eval/evaluation.h"

namespace duhdr {

/// One method on one pair, with its small pictures (those that are undefined are left out).
struct Row {
  PairResult result;
  Tensor photograph, reference, estimate, error, visibility;
};

/// A safetensors file a row, named after what decides the row. A file that cannot be read or is not a row is computed
/// again.
class RowStore {
 public:
  /// Makes the folder. Empty: keeps and finds nothing. Throws io.
  explicit RowStore(std::filesystem::path folder);

  std::optional<Row> find(const std::string& key) const;
  void keep(const std::string& key, const Row& row) const;  // throws io

 private:
  std::filesystem::path file_of(const std::string& key) const;
  std::filesystem::path folder_;
};

}  // namespace duhdr
