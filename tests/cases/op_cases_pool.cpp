// SPDX-License-Identifier: Apache-2.0
#include "kernels/pool.h"
#include "tests/cases/op_cases.h"

namespace duhdr::test {

std::vector<OpCase> pool_cases() {
  using V = std::vector<Variable>;
  const auto average = [](const V& v) { return avg_pool2d(v[0]); };
  const auto halves = [](const V& v) { return max_pool2d(v[0]); };
  const auto trunk = [](const V& v) { return max_pool2d(v[0], {.kernel = 3, .stride = 2, .padding = 1}); };
  const auto overlapping = [](const V& v) { return max_pool2d(v[0], {.kernel = 3, .stride = 1, .padding = 1}); };
  const auto gaps = [](const V& v) { return max_pool2d(v[0], {.kernel = 1, .stride = 3, .padding = 0}); };
  const auto whole = [](const V& v) { return global_avg_pool(v[0]); };
  const std::vector<Shape> big{Shape{1, 512, 512, 64}};
  return {
      OpCase{"avg_pool2d", "even", {{Shape{2, 4, 6, 5}}}, average}.benched({Shape{1, 512, 512, 16}}),
      {"avg_pool2d", "odd", {{Shape{1, 5, 7, 3}}}, average},
      {"avg_pool2d", "smallest", {{Shape{2, 2, 2, 17}}}, average},
      {"avg_pool2d", "c1", {{Shape{1, 2, 3, 1}}}, average},
      OpCase{"max_pool2d", "2x2_even", {{Shape{2, 4, 6, 5}}}, halves}.benched(big),
      {"max_pool2d", "2x2_odd", {{Shape{1, 5, 7, 3}}}, halves},
      {"max_pool2d", "2x2_smallest", {{Shape{1, 2, 2, 1}}}, halves},
      OpCase{"max_pool2d", "3x3s2_even", {{Shape{2, 4, 6, 5}}}, trunk}.benched(big),
      {"max_pool2d", "3x3s2_odd", {{Shape{1, 5, 7, 3}}}, trunk},
      {"max_pool2d", "3x3s2_row", {{Shape{2, 1, 6, 17}}}, trunk},
      {"max_pool2d", "3x3s2_pixel", {{Shape{1, 1, 1, 3}}}, trunk},
      {"max_pool2d", "3x3s1", {{Shape{2, 4, 5, 3}}}, overlapping},
      {"max_pool2d", "1x1s3", {{Shape{2, 5, 7, 1}}}, gaps},
      OpCase{"global_avg_pool", "basic", {{Shape{2, 5, 3, 17}}}, whole}.benched({Shape{1, 32, 32, 512}}),
      {"global_avg_pool", "pixel", {{Shape{1, 1, 1, 3}}}, whole},
      {"global_avg_pool", "blocks", {{Shape{2, 17, 19, 1}}}, whole},
  };
}

}  // namespace duhdr::test
