// SPDX-License-Identifier: Apache-2.0
#include "metrics/value_range.h"

#include <vector>

#include "base/quantile.h"

namespace duhdr {

ValueRange value_range(const Tensor& picture) {
  std::vector<float> values = picture.to_vector<float>();
  const auto at = [&](double share) { return static_cast<double>(quantile(std::span(values), share)); };
  return {at(0.5), at(0.99), at(1)};
}

}  // namespace duhdr
