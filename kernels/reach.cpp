// SPDX-License-Identifier: Apache-2.0
#include "kernels/reach.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace duhdr {
namespace {

thread_local Window next_window;

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

struct Range {
  std::int64_t first, last;
  void join(const Range& other) { *this = {std::min(first, other.first), std::max(last, other.last)}; }
};

Range read_for(const Range& result, const Window& w) {
  const std::int64_t first = floor_div(result.first, w.block) * w.block;
  const std::int64_t last = (floor_div(result.last, w.block) + 1) * w.block - 1;
  return {floor_div(w.stride * first - w.before, w.enlarge), floor_div(w.stride * last + w.after, w.enlarge)};
}

bool is_image(const Variable& value) { return value.shape().rank() == 4; }

/// One value for a whole row, column or image of pixels.
bool is_broadcast(const Variable& input, const Variable& output) {
  const Shape &from = input.shape(), &to = output.shape();
  return (from.h() == 1 && to.h() > 1) || (from.w() == 1 && to.w() > 1);
}

}  // namespace

void reads(const Window& window) { next_window = window; }

/// What was said while nobody listened is of no operation to come.
ReachTrace::ReachTrace() { next_window = {}; }

void ReachTrace::watch(const Variable& source, std::int64_t scale) {
  places_[source.id()] = {false, scale, 1, true};
  kept_.push_back(source);
  coarsest_pixel_ = std::lcm(coarsest_pixel_, scale);
  coarsest_ = std::lcm(coarsest_, scale);
}

void ReachTrace::on_op(const Variable& output, const std::vector<Variable>& inputs) {
  const Window window = std::exchange(next_window, {});
  Step step{output.id(), {}, window};
  Place place{window.whole || !is_image(output), 0, 1};
  for (const Variable& input : inputs) {
    const auto found = places_.find(input.id());
    if (found == places_.end()) continue;  // a parameter
    step.inputs.push_back(input.id());
    const Place& from = found->second;
    place.global |= from.global;
    if (from.numerator == 0) continue;
    if (!is_image(output) || is_broadcast(input, output) || window.whole) {
      place.global = true;
      continue;
    }
    const std::int64_t up = from.numerator * window.stride, down = from.denominator * window.enlarge;
    const std::int64_t common = std::gcd(up, down);
    DUHDR_CHECK(place.numerator == 0 || place.numerator * down == place.denominator * up,
                "an operation joins images of different resolution, ", place.numerator, '/', place.denominator, " and ",
                up, '/', down);
    place.numerator = up / common;
    place.denominator = down / common;
  }
  if (step.inputs.empty()) return;
  if (place.numerator > 0) {
    const std::int64_t block = place.numerator * window.block;
    coarsest_pixel_ = std::lcm(coarsest_pixel_, place.numerator);
    coarsest_ = std::lcm(std::lcm(coarsest_, place.numerator), block / std::gcd(block, place.denominator));
  }
  places_[output.id()] = place;
  steps_.push_back(std::move(step));
  kept_.push_back(output);
}

Sight ReachTrace::of(const Variable& result) const {
  const auto found = places_.find(result.id());
  DUHDR_CHECK(found != places_.end(), "a result of shape ", result.shape(), " comes from nothing that is watched");
  const Place& place = found->second;
  DUHDR_CHECK(place.denominator == 1, "a result of ", place.denominator, " times the image's resolution");
  Sight sight{place.global, place.numerator, 0};
  if (sight.global) return sight;

  // From a cell of the grid back to the sources, step by step.
  const std::int64_t begin = coarsest_ << 20, end = begin + coarsest_;  // far from the edge
  std::unordered_map<const void*, Range> needed{{result.id(), {begin / sight.scale, end / sight.scale - 1}}};
  for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
    const auto wanted = needed.find(step->output);
    if (wanted == needed.end()) continue;
    const Range range = read_for(wanted->second, step->window);
    for (const void* input : step->inputs) {
      const auto [entry, is_new] = needed.emplace(input, range);
      if (!is_new) entry->second.join(range);
    }
  }
  for (const auto& [id, range] : needed) {
    const Place& at = places_.at(id);
    if (!at.is_source) continue;
    sight.reach = std::max({sight.reach, begin - range.first * at.numerator, (range.last + 1) * at.numerator - end});
  }
  return sight;
}

}  // namespace duhdr
