// SPDX-License-Identifier: Apache-2.0
// Which pixels of its source a result depends on, told by the operations themselves while a network runs: halos of
// tiles and alignments follow from the layers.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "autograd/variable.h"

namespace duhdr {

/// What an operation reads of its inputs in either direction: for the pixels a ... b of its result those from
/// floor((stride a - before) / enlarge) to floor((stride b + after) / enlarge). One that makes its result in blocks of
/// block x block pixels, counted from the image's corner, needs what the whole blocks around a ... b read.
struct Window {
  std::int64_t stride = 1, before = 0, after = 0, enlarge = 1, block = 1;
  bool whole = false;  // the whole image, whatever its size: the result has no place in it
};

/// An operation whose results do not just read the same pixel says so, right before it makes its result
/// (Variable::of_op).
void reads(const Window& window);

/// What a result sees of the image.
struct Sight {
  bool global = false;     // everything, whatever the image's size
  std::int64_t scale = 1;  // a result pixel stands for scale x scale pixels; 0: the result is no image
  std::int64_t reach = 0;  // otherwise: pixels around a cell of the coarsest grid that the cell depends on
};

/// While one lives on this thread, it follows what is computed from the watched variables.
class ReachTrace : public OpObserver {
 public:
  ReachTrace();

  /// A pixel of `source` stands for scale x scale pixels of the image.
  void watch(const Variable& source, std::int64_t scale = 1);
  /// Of something computed since. Throws (internal) when it does not depend on a watched variable.
  Sight of(const Variable& result) const;
  /// The coarsest pixel that was met: an image whose sides are its multiples can be pooled all the way.
  std::int64_t coarsest_pixel() const { return coarsest_pixel_; }
  /// The coarsest grid, of pixels or blocks of them: tiles whose borders lie on it keep the phase of every pooling and
  /// every block, and so the bits.
  std::int64_t coarsest() const { return coarsest_; }

  void on_op(const Variable& output, const std::vector<Variable>& inputs) override;

 private:
  /// Where a value stands: its scale is numerator / denominator; numerator 0: it is no image.
  struct Place {
    bool global = false;
    std::int64_t numerator = 1, denominator = 1;
    bool is_source = false;
  };
  struct Step {
    const void* output;
    std::vector<const void*> inputs;
    Window window;
  };

  std::unordered_map<const void*, Place> places_;
  std::vector<Step> steps_;
  std::vector<Variable> kept_;  // an address is not used again while its variable lives
  std::int64_t coarsest_pixel_ = 1, coarsest_ = 1;
};

}  // namespace duhdr
