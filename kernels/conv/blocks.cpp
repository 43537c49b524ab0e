// SPDX-License-Identifier: Apache-2.0
// Convolutions by blocks of one fixed size. For long sums oneDNN chooses the order of additions by the size of the
// image; asked for the same small block every time, it adds in the same order every time. So a pixel gets the same
// bits in an image of any size, and tiled inference equals untiled inference.
#include <algorithm>
#include <cstring>

#include "kernels/conv/backend.h"
#include "kernels/conv/onednn_faults.h"

namespace duhdr {
namespace {

constexpr std::int64_t block = 16;          // output pixels a side: a divisor of every level of a 512 x 512 image
constexpr std::int64_t longest_sum = 2047;  // products a pixel; up to here the order is fixed anyway (measured)

/// Copies rows of `count` floats between an image [h, w, c] at (top, left) and a patch [rows, columns, c], where both
/// exist; the rest of a patch that is read into stays as it is.
template <bool into_patch>
void move(float* patch, float* image, std::int64_t rows, std::int64_t columns, std::int64_t c, std::int64_t h,
          std::int64_t w, std::int64_t top, std::int64_t left) {
  const std::int64_t x0 = std::max<std::int64_t>(0, -left), x1 = std::min(columns, w - left);
  if (x0 >= x1) return;
  for (std::int64_t y = std::max<std::int64_t>(0, -top); y < std::min(rows, h - top); ++y) {
    float* small = patch + (y * columns + x0) * c;
    float* large = image + ((top + y) * w + left + x0) * c;
    std::memcpy(into_patch ? small : large, into_patch ? large : small,
                static_cast<std::size_t>((x1 - x0) * c) * sizeof(float));
  }
}

bool supports(const ConvProblem& p, ConvDirection direction) {
  return direction == ConvDirection::forward && p.size_independent && p.dtype == DType::f32 && p.stride == 1 &&
         !p.depthwise && (p.kh * p.kw * p.ci > longest_sum || depends_on_size(p));
}

void forward(const ConvProblem& p, const Tensor& x, const Tensor& weight, const ConvEpilogue& epilogue, Tensor& y) {
  ConvProblem one = p;
  one.size_independent = false;
  one.n = 1;
  one.oh = one.ow = block;
  one.h = block + (p.kh - 1) * p.dilation;
  one.w = block + (p.kw - 1) * p.dilation;
  one.pad_top = one.pad_left = 0;
  Tensor input(Shape{1, one.h, one.w, p.ci}, DType::f32), output(Shape{1, block, block, p.co}, DType::f32);
  for (std::int64_t n = 0; n < p.n; ++n)
    for (std::int64_t top = 0; top < p.oh; top += block)
      for (std::int64_t left = 0; left < p.ow; left += block) {
        float* patch = input.mutable_data<float>();
        float* image = const_cast<float*>(x.data<float>()) + n * p.h * p.w * p.ci;  // only read
        float* result = y.mutable_data<float>() + n * p.oh * p.ow * p.co;
        std::fill_n(patch, input.numel(), 0.f);
        move<true>(patch, image, one.h, one.w, p.ci, p.h, p.w, top - p.pad_top, left - p.pad_left);
        if (epilogue.accumulate)
          move<true>(output.mutable_data<float>(), result, block, block, p.co, p.oh, p.ow, top, left);
        conv_onednn.forward(one, input, weight, epilogue, output);
        move<false>(output.mutable_data<float>(), result, block, block, p.co, p.oh, p.ow, top, left);
      }
}

}  // namespace

const ConvBackend conv_blocks{"oneDNN by blocks", supports, forward, nullptr, nullptr};

}  // namespace duhdr
