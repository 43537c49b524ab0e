// SPDX-License-Identifier: Apache-2.0
// The files of golden values, and what golden_file.py keeps of large tensors.
#pragma once

#include <algorithm>
#include <filesystem>
#include <vector>

#include "tensor/tensor.h"

namespace duhdr::test {

/// Those of one folder of tests/golden/data, by name.
inline std::vector<std::filesystem::path> golden_files(const char* folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(DUHDR_TEST_DATA) / "golden" / "data" / folder))
    if (entry.path().extension() == ".safetensors") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

constexpr std::int64_t parameter_samples = 256;

/// At most `limit` elements, f64 [n]: all, or those at floor(j n / limit).
inline Tensor sampled(const Tensor& tensor, std::int64_t limit) {
  const std::vector<double> all = tensor.to(DType::f64).to_vector<double>();
  const auto n = static_cast<std::int64_t>(all.size());
  const std::int64_t count = std::min(n, limit);
  Tensor out(Shape{count}, DType::f64);
  for (std::int64_t j = 0; j < count; ++j)
    out.mutable_data<double>()[j] = all[static_cast<std::size_t>(n <= limit ? j : j * n / limit)];
  return out;
}

}  // namespace duhdr::test
