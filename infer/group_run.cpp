// SPDX-License-Identifier: Apache-2.0
#include "infer/group_run.h"

#include <algorithm>

#include "kernels/layout.h"
#include "tensor/allocator.h"

namespace duhdr {
namespace {

constexpr std::int64_t smallest_core = 64;  // of a tile, pixels a side

Rect scaled(const Rect& rect, std::int64_t divisor) {
  return {rect.top / divisor, rect.left / divisor, rect.height / divisor, rect.width / divisor};
}

/// Two halves with a border on the alignment; the second is empty when `core` is not to be cut any further.
std::pair<Rect, Rect> halves(const Rect& core, std::int64_t align) {
  const bool by_rows = core.height >= core.width;
  const std::int64_t length = by_rows ? core.height : core.width, first = rounded_up(length / 2, align);
  if (length <= smallest_core || first >= length) return {core, {}};
  if (by_rows)
    return {{core.top, core.left, first, core.width}, {core.top + first, core.left, length - first, core.width}};
  return {{core.top, core.left, core.height, first}, {core.top, core.left + first, core.height, length - first}};
}

}  // namespace

GroupRun::GroupRun(const PlanInput& input, const GroupPlan& plan, const Layout& layout, BandedValues& values,
                   Options options)
    : input_(input),
      plan_(plan),
      layout_(layout),
      values_(values),
      options_(std::move(options)),
      made_(input.passes.size()) {}

void GroupRun::run() {
  for (std::size_t stage = 0; stage < plan_.passes.front().size(); ++stage)
    for (std::size_t pass = 0; pass < input_.passes.size(); ++pass)
      for (const BandPlan& band : plan_.passes[pass][stage]) {
        make_band(pass, band);
        made_[pass] = band.bottom;
        drop_inputs(pass);
      }
}

void GroupRun::make_band(std::size_t p, const BandPlan& band) {
  const Pass& pass = input_.passes[p];
  if (options_.told) options_.told(p, static_cast<double>(band.top) / static_cast<double>(layout_.height));
  std::vector<Tensor> rows(pass.outputs.size());
  for (const Rect& core : band.cores) compute(p, band, core, rows);
  // A copy: a part of the other value would keep all of its memory.
  if (band.cores.empty() && !pass.otherwise.empty()) allocate(p, band, rows);
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (rows[i].defined()) values_[pass.outputs[i]].append(band.top / input_.footprints[p].scales[i], rows[i]);
}

/// The rows of a band, for results to be put in: all of them or, without memory, none.
void GroupRun::allocate(std::size_t p, const BandPlan& band, std::vector<Tensor>& rows) const {
  const Pass& pass = input_.passes[p];
  std::vector<Tensor> made;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Blank& blank = layout_.blanks.at(pass.outputs[i]);
    const std::int64_t scale = input_.footprints[p].scales[i];
    made.emplace_back(Shape{1, (band.bottom - band.top) / scale, blank.shape.w(), blank.shape.c()}, blank.dtype,
                      options_.device);
  }
  if (!pass.otherwise.empty())
    paste(made[0], 0, 0, values_.at(pass.otherwise).part({band.top, 0, band.bottom - band.top, layout_.width}));
  rows = std::move(made);
}

std::vector<Variable> GroupRun::results_of(std::size_t p, const Rect& rect) const {
  std::vector<Variable> inputs;
  for (const Pass::Input& input : input_.passes[p].inputs) {
    const std::int64_t scale = layout_.scales.at(input.name);
    const Bands& value = values_.at(input.name);
    inputs.emplace_back(scale > 0 ? value.part(scaled(rect, scale)) : value.whole());
  }
  return input_.passes[p].run(inputs);
}

void GroupRun::compute(std::size_t p, const BandPlan& band, const Rect& core, std::vector<Tensor>& rows) {
  const Footprint& footprint = input_.footprints[p];
  try {
    const Rect seen = grown(core, footprint.halo(), {0, 0, layout_.height, layout_.width});
    const std::vector<Variable> results = results_of(p, seen);
    const bool is_band = core == Rect{band.top, 0, band.bottom - band.top, layout_.width};
    const bool can_stay = is_band && seen.height - core.height <= core.height / 32;  // with the rows of the halo
    if (!can_stay && !rows[0].defined()) allocate(p, band, rows);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const Rect to = scaled(core, footprint.scales[i]), from = scaled(seen, footprint.scales[i]);
      const Tensor part = cut(results[i].value(), {to.top - from.top, to.left - from.left, to.height, to.width});
      if (rows[i].defined())
        paste(rows[i], to.top - band.top / footprint.scales[i], to.left, part);
      else
        rows[i] = part;
    }
    return;
  } catch (const Error& error) {
    if (error.code() != ExitCode::out_of_memory || !options_.splits) throw;
    if (halves(core, footprint.align).second.height == 0) throw;
  }
  allocator_of(options_.device).trim();
  if (!rows[0].defined()) allocate(p, band, rows);
  const auto [first, second] = halves(core, footprint.align);
  compute(p, band, first, rows);
  compute(p, band, second, rows);
}

/// Lets go of what all passes of the group have read of this one's inputs, unless somebody reads it later.
void GroupRun::drop_inputs(std::size_t pass) {
  for (const Pass::Input& input : input_.passes[pass].inputs) {
    const std::int64_t scale = layout_.scales.at(input.name);
    const auto value = values_.find(input.name);
    if (scale == 0 || value == values_.end() || input_.read_later.contains(input.name)) continue;
    std::int64_t row = layout_.height;
    for (std::size_t p = 0; p < input_.passes.size(); ++p)
      if (reads_value(input_.passes[p], input.name) && made_[p] < layout_.height)
        row = std::min(row, made_[p] - input_.footprints[p].halo());
    value->second.drop_above(row / scale);
  }
}

}  // namespace duhdr
