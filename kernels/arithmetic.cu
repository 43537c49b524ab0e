// SPDX-License-Identifier: Apache-2.0
#include "kernels/arithmetic.h"

#include "kernels/nhwc.h"
#include "tensor/launch.cuh"

namespace duhdr {
namespace {

/// Repetitions up to which one functor call sums them all; above, blocks of them are summed in parallel.
constexpr std::int64_t one_pass_rows = 256;

/// Where element (n, y, x, c) of the result lies in an operand whose extents of 1 are repeated.
struct Repeated {
  std::int64_t n, h, w, c;
  explicit Repeated(const Shape& s)
      : n(s.n() > 1 ? s.h() * s.w() * s.c() : 0),
        h(s.h() > 1 ? s.w() * s.c() : 0),
        w(s.w() > 1 ? s.c() : 0),
        c(s.c() > 1 ? 1 : 0) {}
  DUHDR_HD std::int64_t at(std::int64_t image, std::int64_t y, std::int64_t x, std::int64_t channel) const {
    return image * n + y * h + x * w + channel * c;
  }
};

template <class Op, class T>
struct EqualForward {
  Op op;
  const T* a;
  const T* b;
  T* y;
  DUHDR_HD void operator()(std::int64_t i) const {
    y[i] = T(op(static_cast<Compute<T>>(a[i]), static_cast<Compute<T>>(b[i])));
  }
};

template <class Op, class T>
struct RepeatedForward {
  Op op;
  const T* a;
  const T* b;
  T* y;
  Repeated at_a, at_b;
  Nhwc at_y;
  DUHDR_HD void operator()(std::int64_t n, std::int64_t row, std::int64_t x, std::int64_t c) const {
    y[at_y.at(n, row, x, c)] =
        T(op(static_cast<Compute<T>>(a[at_a.at(n, row, x, c)]), static_cast<Compute<T>>(b[at_b.at(n, row, x, c)])));
  }
};

/// dy times the slope towards the first or the second operand. The operands are null where the slope is constant.
template <class Op, class T, bool first>
struct Term {
  Op op;
  const T* a;
  const T* b;
  const T* dy;
  DUHDR_HD Compute<T> at(std::int64_t in_a, std::int64_t in_b, std::int64_t in_y) const {
    Compute<T> u{}, v{};
    if constexpr (Op::reads_operands) {
      u = static_cast<Compute<T>>(a[in_a]);
      v = static_cast<Compute<T>>(b[in_b]);
    }
    return static_cast<Compute<T>>(dy[in_y]) * (first ? op.first(u, v) : op.second(u, v));
  }
};

template <class Term, class T>
struct EqualGradient {
  Term term;
  T* dx;
  DUHDR_HD void operator()(std::int64_t i) const { dx[i] = T(term.at(i, i, i)); }
};

/// The terms of an operand element: `group` and `c` count its elements, `row` their repetitions in the result.
template <class Term>
struct Repetitions {
  Term term;
  Repeated at_a, at_b;
  Nhwc at_y;
  Nhwc kept, repeats;  // extents of the operand, and how often each is repeated

  DUHDR_HD Terms<1> operator()(std::int64_t group, std::int64_t row, std::int64_t channel) const {
    const std::int64_t c = channel + row % repeats.c;
    const std::int64_t x = group % kept.w + row / repeats.c % repeats.w;
    const std::int64_t y = group / kept.w % kept.h + row / (repeats.c * repeats.w) % repeats.h;
    const std::int64_t n = group / (kept.w * kept.h) + row / (repeats.c * repeats.w * repeats.h);
    return {{static_cast<double>(term.at(at_a.at(n, y, x, c), at_b.at(n, y, x, c), at_y.at(n, y, x, c)))}};
  }
};

template <class Term, class T>
struct OnePassGradient {
  Repetitions<Term> all;
  std::int64_t images;  // how often the operand's images are repeated
  T* dx;
  DUHDR_HD void operator()(std::int64_t n, std::int64_t y, std::int64_t x, std::int64_t c) const {
    double sum = 0;
    for (std::int64_t i = n; i < n + images; ++i)
      for (std::int64_t j = y; j < y + all.repeats.h; ++j)
        for (std::int64_t k = x; k < x + all.repeats.w; ++k)
          for (std::int64_t l = c; l < c + all.repeats.c; ++l)
            sum += static_cast<double>(
                all.term.at(all.at_a.at(i, j, k, l), all.at_b.at(i, j, k, l), all.at_y.at(i, j, k, l)));
    dx[all.kept.at(n, y, x, c)] = T(static_cast<Compute<T>>(sum));
  }
};

Shape result_shape(const Variable& a, const Variable& b) {
  DUHDR_CHECK(a.dtype() == b.dtype() && a.device() == b.device(), "operands in ", name_of(a.dtype()), " on ",
              a.device().text(), " and ", name_of(b.dtype()), " on ", b.device().text());
  if (a.shape() == b.shape()) return a.shape();
  DUHDR_CHECK(a.shape().rank() == 4 && b.shape().rank() == 4, "operands of shapes ", a.shape(), " and ", b.shape());
  Shape out = a.shape();
  for (int axis = 0; axis < 4; ++axis) {
    const std::int64_t in_a = a.shape()[axis], in_b = b.shape()[axis];
    DUHDR_CHECK(in_a == in_b || in_a == 1 || in_b == 1, "operands of shapes ", a.shape(), " and ", b.shape());
    out = out.with(axis, in_a == 1 ? in_b : in_a);
  }
  return out;
}

/// What backward knows of the operands; the tensors are undefined where the slopes do not read them.
struct Operands {
  Tensor a, b;
  Shape shape_a, shape_b;
};

template <class T, class Term>
Tensor repeated_gradient(const Term& term, const Operands& operands, const Shape& operand, const Tensor& dy) {
  Nhwc repeats;
  repeats.h = operand.h() == 1 ? dy.shape().h() : 1;
  repeats.w = operand.w() == 1 ? dy.shape().w() : 1;
  repeats.c = operand.c() == 1 ? dy.shape().c() : 1;
  const Repetitions<Term> repetitions{
      term, Repeated(operands.shape_a), Repeated(operands.shape_b), Nhwc(dy.shape()), Nhwc(operand), repeats};
  const std::int64_t images = operand.n() == 1 ? dy.shape().n() : 1;
  const std::int64_t rows = images * repeats.h * repeats.w * repeats.c, channels = operand.c();
  if (rows > one_pass_rows)
    return reduce_rows<1>(dy.device(), operand.numel() / channels, rows, channels, repetitions)
        .to(dy.dtype())
        .reshape(operand);
  Tensor dx(operand, dy.dtype(), dy.device());
  for_each_element(dy.device(), operand, OnePassGradient<Term, T>{repetitions, images, dx.mutable_data<T>()});
  return dx;
}

template <class Op, bool first>
Tensor gradient(Op op, const Operands& operands, const Tensor& dy) {
  const Shape operand = first ? operands.shape_a : operands.shape_b;
  const bool equal = operands.shape_a == operands.shape_b;
  if (!Op::reads_operands && operand == dy.shape() && (first ? op.first(0., 0.) : op.second(0., 0.)) == 1) return dy;
  return with_float_type(dy.dtype(), [&](auto type) {
    using T = decltype(type);
    const Term<Op, T, first> term{op, operands.a.defined() ? operands.a.template data<T>() : nullptr,
                                  operands.b.defined() ? operands.b.template data<T>() : nullptr,
                                  dy.template data<T>()};
    if (!equal) return repeated_gradient<T>(term, operands, operand, dy);
    Tensor dx(operand, dy.dtype(), dy.device());
    for_each(dy.device(), dx.numel(), EqualGradient<Term<Op, T, first>, T>{term, dx.template mutable_data<T>()});
    return dx;
  });
}

template <class Op>
Variable arithmetic(const Variable& a, const Variable& b, Op op) {
  Tensor y(result_shape(a, b), a.dtype(), a.device());
  with_float_type(y.dtype(), [&](auto type) {
    using T = decltype(type);
    const T* in_a = a.value().template data<T>();
    const T* in_b = b.value().template data<T>();
    if (a.shape() == b.shape())
      for_each(y.device(), y.numel(), EqualForward<Op, T>{op, in_a, in_b, y.template mutable_data<T>()});
    else
      for_each_element(y.device(), y.shape(),
                       RepeatedForward<Op, T>{op, in_a, in_b, y.template mutable_data<T>(), Repeated(a.shape()),
                                              Repeated(b.shape()), Nhwc(y.shape())});
  });
  Operands operands{{}, {}, a.shape(), b.shape()};
  if (Op::reads_operands) {
    operands.a = a.value();
    operands.b = b.value();
  }
  return Variable::of_op(y, {a, b}, [op, operands](const Tensor& dy, const std::vector<bool>& wants) {
    return std::vector<Tensor>{wants[0] ? gradient<Op, true>(op, operands, dy) : Tensor(),
                               wants[1] ? gradient<Op, false>(op, operands, dy) : Tensor()};
  });
}

}  // namespace

Variable add(const Variable& a, const Variable& b) { return arithmetic(a, b, Add{}); }
Variable sub(const Variable& a, const Variable& b) { return arithmetic(a, b, Subtract{}); }
Variable mul(const Variable& a, const Variable& b) { return arithmetic(a, b, Multiply{}); }
Variable div(const Variable& a, const Variable& b) { return arithmetic(a, b, Divide{}); }
Variable gain(const Variable& a, const Variable& b) { return arithmetic(a, b, Gain{}); }
Variable maximum(const Variable& a, const Variable& b) { return arithmetic(a, b, Maximum{}); }
Variable minimum(const Variable& a, const Variable& b) { return arithmetic(a, b, Minimum{}); }

}  // namespace duhdr
