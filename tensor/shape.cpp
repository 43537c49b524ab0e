// SPDX-License-Identifier: Apache-2.0
#include "tensor/shape.h"

#include <ostream>

#include "base/error.h"

namespace duhdr {

Shape::Shape(std::initializer_list<std::int64_t> extents) {
  DUHDR_CHECK(extents.size() <= max_rank, "a shape has at most ", max_rank, " axes, got ", extents.size());
  for (const std::int64_t extent : extents) extents_[static_cast<std::size_t>(rank_++)] = extent;
  update_numel();
}

void Shape::update_numel() {
  numel_ = 1;
  for (int i = 0; i < rank_; ++i) {
    DUHDR_CHECK((*this)[i] >= 0, "negative extent in ", text());
    DUHDR_CHECK(!__builtin_mul_overflow(numel_, (*this)[i], &numel_), "too many elements in ", text());
  }
}

std::int64_t Shape::axis(int index) const {
  DUHDR_CHECK(rank_ == 4, "expected an [N, H, W, C] shape, got ", text());
  return (*this)[index];
}

Shape Shape::with(int axis, std::int64_t extent) const {
  DUHDR_CHECK(axis >= 0 && axis < rank_, "no axis ", axis, " in ", text());
  Shape out = *this;
  out.extents_[static_cast<std::size_t>(axis)] = extent;
  out.update_numel();
  return out;
}

std::string Shape::text() const {
  std::string out = "[";
  for (int i = 0; i < rank_; ++i) out += (i ? ", " : "") + std::to_string((*this)[i]);
  return out + "]";
}

std::ostream& operator<<(std::ostream& out, const Shape& shape) { return out << shape.text(); }

}  // namespace duhdr
