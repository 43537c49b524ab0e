// SPDX-License-Identifier: Apache-2.0
// Shape: up to four extents. Images and activations are [N, H, W, C]; convolution weights [O, I, kh, kw].
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>

namespace duhdr {

class Shape {
 public:
  static constexpr int max_rank = 4;

  Shape() = default;                                   // rank 0: one element
  Shape(std::initializer_list<std::int64_t> extents);  // throws when an extent is negative or the product overflows

  int rank() const { return rank_; }
  std::int64_t operator[](int axis) const { return extents_[static_cast<std::size_t>(axis)]; }
  std::int64_t numel() const { return numel_; }

  // Names of the axes of an [N, H, W, C] shape; they throw on other ranks.
  std::int64_t n() const { return axis(0); }
  std::int64_t h() const { return axis(1); }
  std::int64_t w() const { return axis(2); }
  std::int64_t c() const { return axis(3); }

  Shape with(int axis, std::int64_t extent) const;  // the same shape with one extent replaced
  bool operator==(const Shape& other) const = default;
  std::string text() const;  // "[1, 64, 48, 3]"

 private:
  std::int64_t axis(int index) const;
  void update_numel();

  std::array<std::int64_t, max_rank> extents_{};
  int rank_ = 0;
  std::int64_t numel_ = 1;
};

std::ostream& operator<<(std::ostream& out, const Shape& shape);

}  // namespace duhdr
