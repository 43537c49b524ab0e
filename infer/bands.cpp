// SPDX-License-Identifier: Apache-2.0
#include "infer/bands.h"

#include <algorithm>

#include "autograd/variable.h"
#include "kernels/layout.h"

namespace duhdr {

Tensor cut(const Tensor& image, const Rect& rect) {
  const Shape& s = image.shape();
  if (rect.width != s.w()) return crop(Variable(image), rect.top, rect.left, rect.height, rect.width).value();
  if (rect.height == s.h()) return image;
  return image.range(rect.top * s.w() * s.c(), Shape{1, rect.height, s.w(), s.c()});
}

void Bands::append(std::int64_t top, Tensor rows) { bands_.push_back({top, std::move(rows)}); }

Tensor Bands::part(const Rect& rect) const {
  const std::int64_t end = rect.top + rect.height;
  Tensor joined;
  std::int64_t found = 0;
  for (const Band& band : bands_) {
    const std::int64_t first = std::max(rect.top, band.top), last = std::min(end, band.bottom());
    if (first >= last) continue;
    const Tensor piece = cut(band.rows, {first - band.top, rect.left, last - first, rect.width});
    if (last - first == rect.height) return piece;
    if (!joined.defined())
      joined = Tensor(Shape{1, rect.height, rect.width, piece.shape().c()}, piece.dtype(), piece.device());
    paste(joined, first - rect.top, 0, piece);
    found += last - first;
  }
  DUHDR_CHECK(found == rect.height, found, " of the rows ", rect.top, " to ", end, " are there");
  return joined;
}

Tensor Bands::whole() const {
  DUHDR_CHECK(!bands_.empty(), "a value that is not there");
  if (bands_.size() == 1) return bands_.front().rows;
  return part({0, 0, bands_.back().bottom(), bands_.back().rows.shape().w()});
}

void Bands::drop_above(std::int64_t row) {
  while (!bands_.empty() && bands_.front().bottom() <= row) bands_.pop_front();
}

std::size_t Bands::bytes() const {
  std::size_t sum = 0;
  for (const Band& band : bands_) sum += band.rows.bytes();
  return sum;
}

Bands Bands::on_meta() const {
  Bands twin;
  for (const Band& band : bands_) twin.append(band.top, Tensor(band.rows.shape(), band.rows.dtype(), Device::meta()));
  return twin;
}

}  // namespace duhdr
