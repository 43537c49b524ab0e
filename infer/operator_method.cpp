// SPDX-License-Identifier: Apache-2.0
#include "infer/operator_method.h"

#include <utility>

#include "metrics/clipped_share.h"
#include "tensor/allocator.h"

namespace duhdr {

OperatorMethod::OperatorMethod(const InverseOperator& row, Tensor inverse_response, std::size_t max_memory)
    : Method({.method = std::string(row.name)}),
      row_(row),
      inverse_response_(std::move(inverse_response)),
      max_memory_(max_memory) {
  DUHDR_CHECK(inverse_response_.defined() || !row.needs_response, row.name, " needs a response");
}

Method::Result OperatorMethod::ldr_to_hdr(Tensor image, const Progress& progress) {
  constexpr double clipped_code = 249.0 / 255 - 1e-6;  // a code as a float may be a little less
  if (progress) progress(std::string(row_.name), 0);
  CachingAllocator& allocator = allocator_of(Device::cpu());
  const MemoryLimit limit(allocator, max_memory_);
  allocator.reset_peak();
  Result result;
  result.clipped = clipped_share(image, clipped_code);
  result.pixels = row_.run({std::move(image), inverse_response_});
  result.peak_memory = allocator.stats().peak;
  return result;
}

Method::Result OperatorMethod::hdr_to_ldr(Tensor /*hdr*/, const Progress& /*progress*/) {
  throw Error(ExitCode::usage, message("the method ", row_.name, " has no way from HDR to LDR"));
}

}  // namespace duhdr
