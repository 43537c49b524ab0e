// SPDX-License-Identifier: Apache-2.0
#include "tensor/parallel.h"

namespace duhdr {

void parallel_for(std::int64_t count, const std::function<void(std::int64_t)>& job) {
#pragma omp parallel for schedule(dynamic, 1)
  for (std::int64_t i = 0; i < count; ++i) job(i);
}

}  // namespace duhdr
