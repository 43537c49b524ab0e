// SPDX-License-Identifier: Apache-2.0
// Bands: an image that is made from top to bottom, in bands of rows, and let go in the same order.
#pragma once

#include <deque>
#include <map>
#include <string>

#include "infer/tiles.h"
#include "tensor/tensor.h"

namespace duhdr {

class Bands {
 public:
  /// rows: [1, h, W, C], from row `top` on; those above are there or not needed. Or the whole of a value that is no
  /// image.
  void append(std::int64_t top, Tensor rows);
  /// The pixels of a rectangle whose rows are there. Whole rows of one band are not copied.
  Tensor part(const Rect& rect) const;
  /// All of a value, if none of it has been dropped.
  Tensor whole() const;
  /// Lets go of the bands that end at `row` or above.
  void drop_above(std::int64_t row);

  std::size_t bytes() const;
  Bands on_meta() const;  // the same without contents

 private:
  struct Band {
    std::int64_t top;
    Tensor rows;
    std::int64_t bottom() const { return top + rows.shape().h(); }
  };
  std::deque<Band> bands_;
};

/// The values of a chain by name.
using BandedValues = std::map<std::string, Bands, std::less<>>;

/// Rows [top, top + height) and columns [left, left + width) of [1, H, W, C]; shares memory when they are whole rows.
Tensor cut(const Tensor& image, const Rect& rect);

}  // namespace duhdr
