// SPDX-License-Identifier: Apache-2.0
#include "image/pq_picture.h"

#include <algorithm>
#include <cmath>

#include "image/encode.h"
#include "image/pq.h"
#include "tensor/parallel.h"

namespace duhdr {
namespace {

constexpr std::int64_t least_rows = 4;  // for a thread

/// Of one row: the largest R, G or B of all pixels, and the sum of each pixel's largest.
struct RowLight {
  double largest = 0, sum = 0;
};

}  // namespace

PqPicture make_pq_picture(const DisplayLight& light, double white, double peak, int depth) {
  check_light(light.pixels);
  DUHDR_CHECK(white > 0 && white <= peak && peak <= 10000, "white ", white, ", peak ", peak);
  DUHDR_CHECK(depth == 10 || depth == 12 || depth == 16, "depth ", depth);
  const Shape& shape = light.pixels.shape();
  PqPicture picture{.width = shape.w(),
                    .height = shape.h(),
                    .depth = depth,
                    .codes = std::vector<std::uint16_t>(static_cast<std::size_t>(shape.numel())),
                    .peak = peak};
  const Matrix3 to_2020 = rgb_to_rgb(rec709, rec2020);
  const double largest_code = std::exp2(depth) - 1;
  std::vector<RowLight> rows(static_cast<std::size_t>(shape.h()));
  parallel_range(shape.h(), least_rows, [&](std::int64_t begin, std::int64_t end) {
    const float* rgb = light.pixels.data<float>() + begin * shape.w() * 3;
    std::uint16_t* code = picture.codes.data() + begin * shape.w() * 3;
    for (std::int64_t y = begin; y < end; ++y) {
      RowLight& row = rows[static_cast<std::size_t>(y)];
      for (std::int64_t x = 0; x < shape.w(); ++x, rgb += 3) {
        const Vector3 wide =
            to_2020 * Vector3{static_cast<double>(rgb[0]), static_cast<double>(rgb[1]), static_cast<double>(rgb[2])};
        double brightest = 0;
        for (const double value : wide) {
          const double shown = std::min(white * value, peak);
          brightest = std::max(brightest, shown);
          *code++ = static_cast<std::uint16_t>(std::lround(largest_code * pq(shown)));
        }
        row.largest = std::max(row.largest, brightest);
        row.sum += brightest;
      }
    }
  });
  for (const RowLight& row : rows) {
    picture.max_light = std::max(picture.max_light, row.largest);
    picture.mean_light += row.sum / static_cast<double>(shape.w() * shape.h());
  }
  return picture;
}

}  // namespace duhdr
