// SPDX-License-Identifier: Apache-2.0
// Which parts of an image the passes of a group compute, and in which pieces: what the results need, followed back
// through the passes.
#pragma once

#include <functional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "infer/tiles.h"
#include "models/chain.h"

namespace duhdr {

/// Squares of an image, each needed or not.
class Cells {
 public:
  Cells(std::int64_t height, std::int64_t width, std::int64_t side);
  void need(const Rect& rect);  // every cell that it touches
  /// Of the cells that `keep` is true for, the needed ones stay.
  void restrict_to(const std::function<bool(const Rect& cell)>& keep);
  std::int64_t total() const { return rows_ * columns_; }
  std::int64_t needed() const;
  std::int64_t side() const { return side_; }
  /// The smallest rectangle around the needed cells within `rect`; of height 0 when there is none.
  Rect around_needed(const Rect& rect) const;

 private:
  Rect rect_of(std::int64_t row, std::int64_t column) const;

  std::int64_t height_, width_, side_, rows_, columns_;
  std::vector<bool> needed_;
};

/// Rectangles that cover the needed cells within `rect`, cut so that they and a halo around each have few pixels. The
/// borders inside `rect` are those of cells.
std::vector<Rect> cover(const Cells& cells, const Rect& rect, std::int64_t halo);

/// A band of rows and what a pass computes of it; pixels of full resolution.
struct BandPlan {
  std::int64_t top, bottom;
  std::vector<Rect> cores;
};
using StagePlan = std::vector<BandPlan>;  // from top to bottom

/// The passes go through the image together, in stages: the last pass' are of equal height, and every other pass is
/// ahead of those that read what it makes by just what they need of it. So they hand on windows of a stage and its
/// halos.
struct GroupPlan {
  std::vector<std::vector<StagePlan>> passes;  // for each pass its stages; the bands of all cover the image
  std::int64_t cells = 0, computed = 0;        // of passes with `only_where`: squares of the image, and the needed ones
  double work = 0;                             // FLOP, halos included
};

struct PlanInput {
  std::span<const Pass> passes;
  std::vector<Footprint> footprints;                // of each pass
  std::vector<double> work;                         // FLOP of each pass on the whole image
  std::int64_t height, width;                       // of the padded picture
  std::set<std::string> read_later;                 // values that passes outside the group read
  std::function<bool(const Rect& rect)> is_masked;  // whether a pixel of the mask is above zero there
};

/// `stage`: height of the last pass' stages; `cores`: for each pass the side of its tiles within one. 0: the whole.
GroupPlan make_plan(const PlanInput& input, std::int64_t stage, const std::vector<std::int64_t>& cores);

/// Whether a pass reads a value, be it only where it computes nothing.
bool reads_value(const Pass& pass, const std::string& name);

}  // namespace duhdr
