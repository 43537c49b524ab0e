// SPDX-License-Identifier: Apache-2.0
#include "infer/plan.h"

#include <algorithm>
#include <map>

#include "base/error.h"

namespace duhdr {
namespace {

constexpr std::int64_t cell_side = 64;  // pixels, where the alignment of the pass allows it

double pixels(const Rect& rect, std::int64_t halo) {
  return static_cast<double>(rect.height + 2 * halo) * static_cast<double>(rect.width + 2 * halo);
}

double pixels(const std::vector<Rect>& rects, std::int64_t halo) {
  double sum = 0;
  for (const Rect& rect : rects) sum += pixels(rect, halo);
  return sum;
}

}  // namespace

Cells::Cells(std::int64_t height, std::int64_t width, std::int64_t side)
    : height_(height),
      width_(width),
      side_(side),
      rows_((height + side - 1) / side),
      columns_((width + side - 1) / side),
      needed_(static_cast<std::size_t>(rows_ * columns_)) {}

Rect Cells::rect_of(std::int64_t row, std::int64_t column) const {
  const std::int64_t top = row * side_, left = column * side_;
  return {top, left, std::min(side_, height_ - top), std::min(side_, width_ - left)};
}

void Cells::need(const Rect& rect) {
  for (std::int64_t row = rect.top / side_; row * side_ < rect.bottom(); ++row)
    for (std::int64_t column = rect.left / side_; column * side_ < rect.right(); ++column)
      needed_[static_cast<std::size_t>(row * columns_ + column)] = true;
}

void Cells::restrict_to(const std::function<bool(const Rect& cell)>& keep) {
  for (std::int64_t i = 0; i < total(); ++i) {
    const auto cell = needed_[static_cast<std::size_t>(i)];
    if (cell && !keep(rect_of(i / columns_, i % columns_))) needed_[static_cast<std::size_t>(i)] = false;
  }
}

std::int64_t Cells::needed() const { return std::count(needed_.begin(), needed_.end(), true); }

Rect Cells::around_needed(const Rect& rect) const {
  std::int64_t top = rect.bottom(), left = rect.right(), bottom = rect.top, right = rect.left;
  for (std::int64_t row = rect.top / side_; row * side_ < rect.bottom(); ++row)
    for (std::int64_t column = rect.left / side_; column * side_ < rect.right(); ++column) {
      if (!needed_[static_cast<std::size_t>(row * columns_ + column)]) continue;
      const Rect cell = rect_of(row, column);
      top = std::min(top, cell.top);
      left = std::min(left, cell.left);
      bottom = std::max(bottom, cell.bottom());
      right = std::max(right, cell.right());
    }
  if (top >= bottom) return {};
  top = std::max(top, rect.top);
  left = std::max(left, rect.left);
  return {top, left, std::min(bottom, rect.bottom()) - top, std::min(right, rect.right()) - left};
}

std::vector<Rect> cover(const Cells& cells, const Rect& rect, std::int64_t halo) {
  const Rect box = cells.around_needed(rect);
  if (box.height == 0) return {};
  const bool by_rows = box.height >= box.width;
  const std::int64_t begin = by_rows ? box.top : box.left, length = by_rows ? box.height : box.width;
  const std::int64_t middle = (begin + length / 2 + cells.side() - 1) / cells.side() * cells.side();
  if (middle <= begin || middle >= begin + length) return {box};
  const std::int64_t first = middle - begin;
  std::vector<Rect> halves = by_rows ? cover(cells, {box.top, box.left, first, box.width}, halo)
                                     : cover(cells, {box.top, box.left, box.height, first}, halo);
  const std::vector<Rect> rest = by_rows ? cover(cells, {middle, box.left, box.height - first, box.width}, halo)
                                         : cover(cells, {box.top, middle, box.height, box.width - first}, halo);
  halves.insert(halves.end(), rest.begin(), rest.end());
  return pixels(halves, halo) < pixels(box, halo) ? halves : std::vector<Rect>{box};
}

bool reads_value(const Pass& pass, const std::string& name) {
  return pass.otherwise == name || std::any_of(pass.inputs.begin(), pass.inputs.end(),
                                               [&](const Pass::Input& input) { return input.name == name; });
}

namespace {

/// Where the stages of each pass end.
std::vector<std::vector<std::int64_t>> stage_ends(const PlanInput& input, std::int64_t stage) {
  const std::int64_t step = stage == 0 ? input.height : stage;
  const auto count = static_cast<std::size_t>((input.height + step - 1) / step);
  std::vector<std::vector<std::int64_t>> ends(input.passes.size(), std::vector<std::int64_t>(count));
  for (std::size_t p = input.passes.size(); p-- > 0;)
    for (std::size_t k = 0; k < count; ++k) {
      std::int64_t end = 0;
      for (std::size_t reader = p + 1; reader < input.passes.size(); ++reader)
        for (const std::string& output : input.passes[p].outputs)
          if (reads_value(input.passes[reader], output))
            end = std::max(end, ends[reader][k] + input.footprints[reader].halo());
      if (end == 0) end = static_cast<std::int64_t>(k + 1) * step;
      ends[p][k] = k + 1 == count ? input.height : std::min(input.height, rounded_up(end, input.footprints[p].align));
    }
  return ends;
}

}  // namespace

GroupPlan make_plan(const PlanInput& input, std::int64_t stage, const std::vector<std::int64_t>& cores) {
  const Rect image{0, 0, input.height, input.width};
  const std::vector<std::vector<std::int64_t>> ends = stage_ends(input, stage);
  GroupPlan plan;
  plan.passes.resize(input.passes.size());
  std::map<std::string, std::vector<Rect>> read;  // of each value, by the passes after
  for (std::size_t p = input.passes.size(); p-- > 0;) {
    const Pass& pass = input.passes[p];
    const Footprint& footprint = input.footprints[p];
    Cells cells(input.height, input.width, rounded_up(cell_side, footprint.align));
    for (const std::string& output : pass.outputs) {
      if (input.read_later.contains(output)) cells.need(image);
      for (const Rect& rect : read[output]) cells.need(rect);
    }
    if (!pass.only_where.empty()) {
      cells.restrict_to(input.is_masked);
      plan.cells += cells.total();
      plan.computed += cells.needed();
    }
    std::int64_t top = 0;
    for (const std::int64_t end : ends[p]) {
      StagePlan& bands = plan.passes[p].emplace_back();
      if (top == end) continue;
      const Rect rows{top, 0, end - top, input.width};
      for (const Tile& tile : make_tiles(rows, image, cores[p], footprint.halo(), footprint.align)) {
        if (bands.empty() || bands.back().top != tile.core.top)
          bands.push_back({tile.core.top, tile.core.bottom(), {}});
        for (const Rect& core : cover(cells, tile.core, footprint.halo())) {
          const Rect seen = grown(core, footprint.halo(), image);
          bands.back().cores.push_back(core);
          plan.work += input.work[p] * pixels(seen, 0) / pixels(image, 0);
          for (const Pass::Input& in : pass.inputs) read[in.name].push_back(seen);
        }
      }
      top = end;
    }
    if (!pass.otherwise.empty()) read[pass.otherwise].push_back(image);  // where nothing is computed
  }
  return plan;
}

}  // namespace duhdr
