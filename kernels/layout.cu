// SPDX-License-Identifier: Apache-2.0
#include "kernels/layout.h"

#include "kernels/nhwc.h"
#include "kernels/reach.h"
#include "kernels/reflect.h"
#include "tensor/launch.cuh"

namespace duhdr {
namespace {

/// Where a smaller image lies in a larger one.
struct Corner {
  std::int64_t y = 0, x = 0, c = 0;
};

/// small = the part of `large` at the corner; run over `small`.
template <class T>
struct Take {
  const T* large;
  Nhwc at_large;
  T* small;
  Nhwc at_small;
  Corner corner;
  DUHDR_HD void operator()(std::int64_t n, std::int64_t y, std::int64_t x, std::int64_t c) const {
    small[at_small.at(n, y, x, c)] = large[at_large.at(n, y + corner.y, x + corner.x, c + corner.c)];
  }
};

/// That part of `large` = small; run over `small`.
template <class T>
struct Put {
  const T* small;
  Nhwc at_small;
  T* large;
  Nhwc at_large;
  Corner corner;
  DUHDR_HD void operator()(std::int64_t n, std::int64_t y, std::int64_t x, std::int64_t c) const {
    large[at_large.at(n, y + corner.y, x + corner.x, c + corner.c)] = small[at_small.at(n, y, x, c)];
  }
};

/// large = small at the corner, 0 elsewhere; run over `large`.
template <class T>
struct Embed {
  const T* small;
  Nhwc at_small;
  T* large;
  Nhwc at_large;
  Corner corner;
  DUHDR_HD void operator()(std::int64_t n, std::int64_t y, std::int64_t x, std::int64_t c) const {
    const std::int64_t row = y - corner.y, column = x - corner.x, channel = c - corner.c;
    const bool inside =
        row >= 0 && row < at_small.h && column >= 0 && column < at_small.w && channel >= 0 && channel < at_small.c;
    large[at_large.at(n, y, x, c)] = inside ? small[at_small.at(n, row, column, channel)] : T(0);
  }
};

template <class T>
struct Reflect {
  const T* x;
  Nhwc at_x;
  T* y;
  Nhwc at_y;
  std::int64_t top, left;
  DUHDR_HD void operator()(std::int64_t n, std::int64_t row, std::int64_t column, std::int64_t c) const {
    y[at_y.at(n, row, column, c)] = x[at_x.at(n, fold(row - top, at_x.h), fold(column - left, at_x.w), c)];
  }
};

template <class T>
struct ReflectGradient {
  const T* dy;
  Nhwc at_y;
  T* dx;
  Nhwc at_x;
  std::int64_t top, left;
  DUHDR_HD void operator()(std::int64_t n, std::int64_t y, std::int64_t x, std::int64_t c) const {
    const std::int64_t first_column = next_preimage(-left, x, at_x.w);
    Compute<T> sum = 0;
    for (std::int64_t i = next_preimage(-top, y, at_x.h); i < at_y.h - top; i = next_preimage(i + 1, y, at_x.h))
      for (std::int64_t j = first_column; j < at_y.w - left; j = next_preimage(j + 1, x, at_x.w))
        sum += static_cast<Compute<T>>(dy[at_y.at(n, i + top, j + left, c)]);
    dx[at_x.at(n, y, x, c)] = T(sum);
  }
};

/// Runs one of the functors above over every element of `over`.
template <template <class> class Functor, class... Extra>
void move_elements(const Tensor& from, Tensor& to, const Shape& over, Extra... extra) {
  with_float_type(from.dtype(), [&](auto type) {
    using T = decltype(type);
    for_each_element(from.device(), over,
                     Functor<T>{from.data<T>(), Nhwc(from.shape()), to.mutable_data<T>(), Nhwc(to.shape()), extra...});
  });
}

Variable part_of(const Variable& x, const Shape& part, const Corner& corner) {
  const Shape whole = x.shape();
  Tensor y(part, x.dtype(), x.device());
  move_elements<Take>(x.value(), y, part, corner);
  if (part.h() != whole.h() || part.w() != whole.w()) reads({.whole = true});  // pixels change their place
  return Variable::of_op(y, {x}, [whole, corner](const Tensor& dy, const std::vector<bool>&) {
    Tensor dx(whole, dy.dtype(), dy.device());
    move_elements<Embed>(dy, dx, whole, corner);
    return std::vector<Tensor>{dx};
  });
}

}  // namespace

Variable concat_channels(const std::vector<Variable>& sources) {
  DUHDR_CHECK(!sources.empty(), "concatenation of nothing");
  const Variable& first = sources.front();
  std::vector<Shape> shapes;
  std::int64_t channels = 0;
  for (const Variable& source : sources) {
    DUHDR_CHECK(source.dtype() == first.dtype() && source.device() == first.device() &&
                    source.shape().with(3, 1) == first.shape().with(3, 1),
                "concatenation of ", first.shape(), " in ", name_of(first.dtype()), " and ", source.shape(), " in ",
                name_of(source.dtype()));
    shapes.push_back(source.shape());
    channels += source.shape().c();
  }
  Tensor y(first.shape().with(3, channels), first.dtype(), first.device());
  Corner corner;
  for (const Variable& source : sources) {
    move_elements<Put>(source.value(), y, source.shape(), corner);
    corner.c += source.shape().c();
  }
  return Variable::of_op(y, sources, [shapes](const Tensor& dy, const std::vector<bool>& wants) {
    std::vector<Tensor> gradients(shapes.size());
    Corner from;
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      if (wants[i]) {
        gradients[i] = Tensor(shapes[i], dy.dtype(), dy.device());
        move_elements<Take>(dy, gradients[i], shapes[i], from);
      }
      from.c += shapes[i].c();
    }
    return gradients;
  });
}

Variable slice_channels(const Variable& x, std::int64_t first, std::int64_t count) {
  DUHDR_CHECK(first >= 0 && count >= 1 && first <= x.shape().c() && count <= x.shape().c() - first, "channels ", first,
              " to ", first + count, " of ", x.shape());
  return part_of(x, x.shape().with(3, count), Corner{0, 0, first});
}

Variable crop(const Variable& x, std::int64_t top, std::int64_t left, std::int64_t height, std::int64_t width) {
  const Shape shape = x.shape();
  DUHDR_CHECK(top >= 0 && left >= 0 && height >= 1 && width >= 1 && top <= shape.h() && left <= shape.w() &&
                  height <= shape.h() - top && width <= shape.w() - left,
              height, " x ", width, " pixels at row ", top, ", column ", left, " of ", shape);
  if (height == shape.h() && width == shape.w()) return x;
  return part_of(x, Shape{shape.n(), height, width, shape.c()}, Corner{top, left, 0});
}

Variable reflect_pad(const Variable& x, std::int64_t bottom, std::int64_t right, std::int64_t top, std::int64_t left) {
  const Shape shape = x.shape();
  DUHDR_CHECK(bottom >= 0 && right >= 0 && top >= 0 && left >= 0 && shape.h() >= 1 && shape.w() >= 1, "padding of ",
              shape, " by ", bottom, ", ", right, ", ", top, ", ", left);
  if (bottom == 0 && right == 0 && top == 0 && left == 0) return x;
  Tensor y(Shape{shape.n(), top + shape.h() + bottom, left + shape.w() + right, shape.c()}, x.dtype(), x.device());
  move_elements<Reflect>(x.value(), y, y.shape(), top, left);
  reads({.whole = true});  // pixels change their place
  return Variable::of_op(y, {x}, [shape, top, left](const Tensor& dy, const std::vector<bool>&) {
    Tensor dx(shape, dy.dtype(), dy.device());
    move_elements<ReflectGradient>(dy, dx, shape, top, left);
    return std::vector<Tensor>{dx};
  });
}

Variable reshape(const Variable& x, const Shape& shape) {
  const Shape before = x.shape();
  return Variable::of_op(x.value().reshape(shape), {x}, [before](const Tensor& dy, const std::vector<bool>&) {
    return std::vector<Tensor>{dy.reshape(before)};
  });
}

void paste(Tensor& image, std::int64_t top, std::int64_t left, const Tensor& part) {
  const Shape &to = image.shape(), &from = part.shape();
  DUHDR_CHECK(to.n() == from.n() && to.c() == from.c() && top >= 0 && left >= 0 && top + from.h() <= to.h() &&
                  left + from.w() <= to.w() && image.dtype() == part.dtype() && image.device() == part.device(),
              "paste of ", from, " into ", to, " at ", top, ", ", left);
  move_elements<Put>(part, image, from, Corner{top, left, 0});
}

}  // namespace duhdr
