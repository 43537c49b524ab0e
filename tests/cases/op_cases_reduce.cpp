// SPDX-License-Identifier: Apache-2.0
#include "kernels/reduce.h"
#include "tests/cases/op_cases.h"

namespace duhdr::test {

std::vector<OpCase> reduce_cases() {
  using V = std::vector<Variable>;
  const Shape s{2, 5, 3, 4}, large{2, 19, 17, 3}, one{1, 1, 1, 1};  // large: more rows than one block adds
  const std::vector<Shape> big{Shape{1, 1024, 1024, 16}};
  const auto total = [](const V& v) { return sum(v[0]); };
  const auto average = [](const V& v) { return mean(v[0]); };
  const auto image_sum = [](const V& v) { return sum_per_image(v[0]); };
  const auto image_mean = [](const V& v) { return mean_per_image(v[0]); };
  const auto image_max = [](const V& v) { return max_per_image(v[0]); };
  const auto largest = [](const V& v) { return channel_max(v[0]); };
  return {
      OpCase{"sum", "basic", {{s}}, total}.benched(big),
      {"sum", "vector", {{Shape{65}}}, total},
      {"sum", "one", {{one}}, total},
      {"sum", "rank3", {{Shape{3, 5, 9}}}, total},
      {"mean", "basic", {{s}}, average},
      {"mean", "vector", {{Shape{7}}}, average},
      {"mean", "one", {{Shape{1}}}, average},
      {"sum_per_image", "basic", {{s}}, image_sum},
      {"sum_per_image", "large", {{large}}, image_sum},
      {"sum_per_image", "one", {{Shape{3, 1, 1, 1}}}, image_sum},
      {"mean_per_image", "basic", {{s}}, image_mean},
      {"mean_per_image", "row", {{Shape{2, 1, 65, 1}}}, image_mean},
      OpCase{"max_per_image", "basic", {{s}}, image_max}.benched(big),
      {"max_per_image", "large", {{large}}, image_max},
      {"max_per_image", "one", {{Shape{3, 1, 1, 1}}}, image_max},
      OpCase{"channel_max", "rgb", {{Shape{2, 5, 3, 3}}}, largest}.benched({Shape{1, 1024, 1024, 3}}),
      {"channel_max", "c1", {{Shape{1, 3, 1, 1}}}, largest},
      {"channel_max", "c5", {{Shape{2, 1, 4, 5}}}, largest},
      {"channel_max", "c17", {{Shape{2, 2, 3, 17}}}, largest},
  };
}

}  // namespace duhdr::test
