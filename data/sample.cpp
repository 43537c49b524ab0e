// SPDX-License-Identifier: Apache-2.0
#include "data/sample.h"

#include <cstring>

namespace duhdr {
namespace {

/// One field of all samples, along the first axis; undefined when no sample has it. Serial: loader threads run it.
Tensor stacked(const std::vector<Sample>& samples, Tensor Sample::*field) {
  const Tensor& first = samples.front().*field;
  for (const Sample& sample : samples) {
    const Tensor& part = sample.*field;
    DUHDR_CHECK(part.defined() == first.defined(), "a field that only some samples have");
    DUHDR_CHECK(!part.defined() || (part.shape() == first.shape() && part.dtype() == first.dtype()), "samples of ",
                part.shape(), " and ", first.shape());
  }
  if (!first.defined()) return {};
  Tensor out(first.shape().with(0, static_cast<std::int64_t>(samples.size())), first.dtype());
  std::byte* to = out.mutable_raw();
  for (const Sample& sample : samples) {
    std::memcpy(to, (sample.*field).raw(), first.bytes());
    to += first.bytes();
  }
  return out;
}

}  // namespace

Batch stack(std::uint64_t first, Pairing pairing, const std::vector<Sample>& samples) {
  DUHDR_CHECK(!samples.empty(), "a batch of no samples");
  Batch batch;
  batch.first = first;
  batch.pairing = pairing;
  batch.ldr = stacked(samples, &Sample::ldr);
  batch.encoded = stacked(samples, &Sample::encoded);
  batch.clipped = stacked(samples, &Sample::clipped);
  batch.hdr = stacked(samples, &Sample::hdr);
  batch.inverse_curve = stacked(samples, &Sample::inverse_curve);
  batch.weight = Tensor({static_cast<std::int64_t>(samples.size()), 1, 1, 1}, DType::f32);
  float* weight = batch.weight.mutable_data<float>();
  for (const Sample& sample : samples) {
    DUHDR_CHECK(sample.pairing == pairing, "samples of different pairings in one batch");
    *weight++ = sample.weight;
    batch.kept += sample.weight != 0 ? 1 : 0;
  }
  return batch;
}

}  // namespace duhdr
