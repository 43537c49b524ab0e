// SPDX-License-Identifier: Apache-2.0
// Element-wise functions of one argument. A struct holds the formula and, beside it, its derivative; both work in
// double (f64 tensors) or float (every other type). Any shape; the result has the shape and type of the input.
// `slope(y)` is the derivative from the result y: a function that has it, and a name, can be a row of the table in
// activation.h.
#pragma once

#include <cmath>

#include "autograd/variable.h"
#include "base/hd.h"
#include "kernels/expm1.h"

namespace duhdr {

/// scale * x + shift
struct Affine {
  double scale, shift;
  template <class T>
  DUHDR_HD T operator()(T x) const {
    return T(scale) * x + T(shift);
  }
  template <class T>
  DUHDR_HD T derivative(T) const {
    return T(scale);
  }
};

struct Square {
  template <class T>
  DUHDR_HD T operator()(T x) const {
    return x * x;
  }
  template <class T>
  DUHDR_HD T derivative(T x) const {
    return T(2) * x;
  }
};

struct Sqrt {  // x >= 0; the derivative at 0 is infinite
  template <class T>
  DUHDR_HD T operator()(T x) const {
    using std::sqrt;
    return sqrt(x);
  }
  template <class T>
  DUHDR_HD T derivative(T x) const {
    using std::sqrt;
    return T(0.5) / sqrt(x);
  }
};

struct Abs {  // derivative 0 at 0
  template <class T>
  DUHDR_HD T operator()(T x) const {
    return x < T(0) ? -x : x;
  }
  template <class T>
  DUHDR_HD T derivative(T x) const {
    return T(x > T(0)) - T(x < T(0));
  }
};

struct Exp {
  template <class T>
  DUHDR_HD T operator()(T x) const {
    using std::exp;
    return exp(x);
  }
  template <class T>
  DUHDR_HD T derivative(T x) const {
    using std::exp;
    return exp(x);
  }
};

/// ln(x + shift); the caller keeps x + shift > 0
struct Log {
  double shift;
  template <class T>
  DUHDR_HD T operator()(T x) const {
    using std::log;
    return log(x + T(shift));
  }
  template <class T>
  DUHDR_HD T derivative(T x) const {
    return T(1) / (x + T(shift));
  }
};

/// ln((scale x)^2 + shift), shift > 0: features of code values for a decoder in the logarithmic domain
struct LogSquare {
  double scale, shift;
  template <class T>
  DUHDR_HD T operator()(T x) const {
    return Log{shift}(Square{}(T(scale) * x));
  }
  template <class T>
  DUHDR_HD T derivative(T x) const {
    const T scaled = T(scale) * x;
    return Log{shift}.derivative(Square{}(scaled)) * Square{}.derivative(scaled) * T(scale);
  }
};

/// log(1 + mu x) / log(1 + mu), x >= 0: compresses radiance to [0, 1]
struct MuLaw {
  double mu;
  template <class T>
  DUHDR_HD T operator()(T x) const {
    using std::log;
    return log(T(1) + T(mu) * x) / log(T(1 + mu));
  }
  template <class T>
  DUHDR_HD T derivative(T x) const {
    using std::log;
    return T(mu) / ((T(1) + T(mu) * x) * log(T(1 + mu)));
  }
};

/// min(max(x, lo), hi); the gradient passes on the bounds
struct Clamp {
  double lo, hi;
  template <class T>
  DUHDR_HD T operator()(T x) const {
    return x < T(lo) ? T(lo) : (x > T(hi) ? T(hi) : x);
  }
  template <class T>
  DUHDR_HD T derivative(T x) const {
    return T(x >= T(lo) && x <= T(hi));
  }
};

struct Relu {  // derivative 0 at 0
  static constexpr const char* name = "relu";
  template <class T>
  DUHDR_HD T operator()(T x) const {
    return x > T(0) ? x : T(0);
  }
  template <class T>
  DUHDR_HD T derivative(T x) const {
    return slope((*this)(x));
  }
  template <class T>
  DUHDR_HD T slope(T y) const {
    return T(y > T(0));
  }
};

struct LeakyRelu {  // slope 0.1 at and below 0
  static constexpr const char* name = "leaky_relu";
  template <class T>
  DUHDR_HD T operator()(T x) const {
    return x > T(0) ? x : T(0.1) * x;
  }
  template <class T>
  DUHDR_HD T derivative(T x) const {
    return slope((*this)(x));
  }
  template <class T>
  DUHDR_HD T slope(T y) const {
    return y > T(0) ? T(1) : T(0.1);
  }
};

/// s x above 0, s a (exp(x) - 1) at and below it: keeps activations near mean 0 and variance 1 (Klambauer et al. 2017).
struct Selu {
  static constexpr const char* name = "selu";
  static constexpr double s = 1.0507009873554804934193349852946, a = 1.6732632423543772848170429916717;
  template <class T>
  DUHDR_HD T operator()(T x) const {
    const bool above = x > T(0);
    return select(above, T(s) * x, T(s * a) * expm1_below_zero(select(above, T(0), x)));
  }
  template <class T>
  DUHDR_HD T derivative(T x) const {
    using std::exp;
    return x > T(0) ? T(s) : T(s * a) * exp(x);
  }
  template <class T>
  DUHDR_HD T slope(T y) const {
    return y > T(0) ? T(s) : y + T(s * a);
  }
};

struct Tanh {
  static constexpr const char* name = "tanh";
  template <class T>
  DUHDR_HD T operator()(T x) const {
    using std::copysign, std::abs, std::tanh;
#ifndef __CUDA_ARCH__
    if constexpr (std::is_same_v<T, float>) {  // the C library's is a call for every element
      const float e = expm1_below_zero(-2 * abs(x));
      return copysign(-e / (2 + e), x);
    }
#endif
    return tanh(x);
  }
  template <class T>
  DUHDR_HD T derivative(T x) const {
    return slope((*this)(x));
  }
  template <class T>
  DUHDR_HD T slope(T y) const {
    return T(1) - y * y;
  }
};

struct Sigmoid {
  static constexpr const char* name = "sigmoid";
  template <class T>
  DUHDR_HD T operator()(T x) const {
    using std::exp;
    return T(1) / (T(1) + exp(-x));
  }
  template <class T>
  DUHDR_HD T derivative(T x) const {
    return slope((*this)(x));
  }
  template <class T>
  DUHDR_HD T slope(T y) const {
    return y * (T(1) - y);
  }
};

/// Eq. 3 on [0, 1]: floor(255 x + 0.5) / 255 after clamping. Straight-through: derivative 1 in [0, 1], else 0.
struct Quantise {
  template <class T>
  DUHDR_HD T operator()(T x) const {
    using std::floor;
    return floor(T(255) * Clamp{0, 1}(x) + T(0.5)) / T(255);
  }
  template <class T>
  DUHDR_HD T derivative(T x) const {
    return Clamp{0, 1}.derivative(x);
  }
};

Variable affine(const Variable& x, double scale, double shift);
Variable square(const Variable& x);
Variable sqrt(const Variable& x);
Variable abs(const Variable& x);
Variable exp(const Variable& x);
Variable log(const Variable& x, double shift = 0);
Variable log_square(const Variable& x, double scale, double shift);
Variable mu_law(const Variable& x, double mu);
Variable clamp(const Variable& x, double lo, double hi);
Variable relu(const Variable& x);
Variable leaky_relu(const Variable& x);
Variable selu(const Variable& x);
Variable tanh(const Variable& x);
Variable sigmoid(const Variable& x);
Variable quantise(const Variable& x);

/// The same values in another element type; the gradient returns in the type of x.
Variable cast(const Variable& x, DType dtype);

}  // namespace duhdr
