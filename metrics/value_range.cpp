// SPDX-License-Identifier: Apache-2.0
#include "metrics/value_range.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <functional>
#include <mutex>
#include <span>
#include <vector>

#include "base/error.h"
#include "tensor/parallel.h"

namespace duhdr {
namespace {

constexpr std::int64_t least_range = 1 << 18;  // values for a thread, which clears and adds a whole histogram
constexpr std::size_t bins = 1 << 16;
using Histogram = std::vector<std::int64_t>;

/// The bits of a float in an order that is the floats' own; -0 is 0.
std::uint32_t key_of(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value + 0.0f);
  return bits >> 31 ? ~bits : bits | 0x80000000u;
}

float value_of(std::uint32_t key) { return std::bit_cast<float>(key >> 31 ? key & 0x7FFFFFFFu : ~key); }

/// How many of the values fall into each bin; bin_of(key) is a bin, or `bins` for none.
template <class BinOf>
Histogram histogram(std::span<const float> values, const BinOf& bin_of) {
  Histogram total(bins + 1);
  std::mutex mutex;
  parallel_range(std::ssize(values), least_range, [&](std::int64_t begin, std::int64_t end) {
    Histogram own(bins + 1);
    for (std::int64_t i = begin; i < end; ++i) ++own[bin_of(key_of(values[static_cast<std::size_t>(i)]))];
    const std::lock_guard lock(mutex);
    std::transform(own.begin(), own.end(), total.begin(), total.begin(), std::plus());
  });
  return total;
}

/// The bin of the value at `place` of the sorted ones; afterwards `place` counts from the bin's first.
std::uint32_t find(const Histogram& counts, std::int64_t& place) {
  std::uint32_t bin = 0;
  for (; counts[bin] <= place; ++bin) place -= counts[bin];
  return bin;
}

}  // namespace

/// Values are not sorted: their upper 16 bits are counted, then the lower ones of those that share the upper.
ValueRange value_range(const Tensor& picture) {
  const Tensor host = picture.to(Device::cpu());
  const std::span values(host.data<float>(), static_cast<std::size_t>(host.numel()));
  DUHDR_CHECK(!values.empty(), "the range of no values");
  const Histogram uppers = histogram(values, [](std::uint32_t key) { return key >> 16; });
  const auto at = [&](double share) {
    auto place = static_cast<std::int64_t>(share * static_cast<double>(values.size() - 1));  // as base/quantile.h
    const std::uint32_t upper = find(uppers, place);
    const Histogram lowers = histogram(values, [upper](std::uint32_t key) {
      return key >> 16 == upper ? key & 0xFFFFu : static_cast<std::uint32_t>(bins);
    });
    return static_cast<double>(value_of(upper << 16 | find(lowers, place)));
  };
  return {at(0.5), at(0.99), at(1)};
}

}  // namespace duhdr
