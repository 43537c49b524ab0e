// SPDX-License-Identifier: Apache-2.0
// Element-wise functions of two arguments. A struct holds the formula f(a, b) and, beside it, df/da and df/db.
#pragma once

#include <cmath>
#include <numbers>

#include "autograd/variable.h"
#include "base/hd.h"

namespace duhdr {

struct Add {
  static constexpr bool reads_operands = false;  // in df/da and df/db
  template <class T>
  DUHDR_HD T operator()(T a, T b) const {
    return a + b;
  }
  template <class T>
  DUHDR_HD T first(T, T) const {
    return T(1);
  }
  template <class T>
  DUHDR_HD T second(T, T) const {
    return T(1);
  }
};

struct Subtract {
  static constexpr bool reads_operands = false;
  template <class T>
  DUHDR_HD T operator()(T a, T b) const {
    return a - b;
  }
  template <class T>
  DUHDR_HD T first(T, T) const {
    return T(1);
  }
  template <class T>
  DUHDR_HD T second(T, T) const {
    return T(-1);
  }
};

struct Multiply {
  static constexpr bool reads_operands = true;
  template <class T>
  DUHDR_HD T operator()(T a, T b) const {
    return a * b;
  }
  template <class T>
  DUHDR_HD T first(T, T b) const {
    return b;
  }
  template <class T>
  DUHDR_HD T second(T a, T) const {
    return a;
  }
};

struct Divide {
  static constexpr bool reads_operands = true;
  template <class T>
  DUHDR_HD T operator()(T a, T b) const {
    return a / b;
  }
  template <class T>
  DUHDR_HD T first(T, T b) const {
    return T(1) / b;
  }
  template <class T>
  DUHDR_HD T second(T a, T b) const {
    return -a / (b * b);
  }
};

/// a * 10^b: b in decades
struct Gain {
  static constexpr bool reads_operands = true;
  template <class T>
  DUHDR_HD T operator()(T a, T b) const {
    return a * first(a, b);
  }
  template <class T>
  DUHDR_HD T first(T, T b) const {
    using std::exp;
    return exp(T(std::numbers::ln10) * b);
  }
  template <class T>
  DUHDR_HD T second(T a, T b) const {
    return T(std::numbers::ln10) * (*this)(a, b);
  }
};

struct Maximum {  // a tie sends its gradient to a
  static constexpr bool reads_operands = true;
  template <class T>
  DUHDR_HD T operator()(T a, T b) const {
    return a < b ? b : a;
  }
  template <class T>
  DUHDR_HD T first(T a, T b) const {
    return a < b ? T(0) : T(1);
  }
  template <class T>
  DUHDR_HD T second(T a, T b) const {
    return a < b ? T(1) : T(0);
  }
};

struct Minimum {  // a tie sends its gradient to a
  static constexpr bool reads_operands = true;
  template <class T>
  DUHDR_HD T operator()(T a, T b) const {
    return b < a ? b : a;
  }
  template <class T>
  DUHDR_HD T first(T a, T b) const {
    return b < a ? T(0) : T(1);
  }
  template <class T>
  DUHDR_HD T second(T a, T b) const {
    return b < a ? T(1) : T(0);
  }
};

// Operands of one shape, or both [N, H, W, C] where an extent of 1 on one side is repeated to the other's: [N, H, W, 1]
// with [N, H, W, C], [1, 1, 1, C], [N, 1, 1, C], both sides at once if need be. Same element type and device. The
// gradient of a repeated operand is summed over its repetitions in a fixed order. Throws (internal) on other shapes.
Variable add(const Variable& a, const Variable& b);
Variable sub(const Variable& a, const Variable& b);
Variable mul(const Variable& a, const Variable& b);
Variable div(const Variable& a, const Variable& b);
Variable gain(const Variable& a, const Variable& b);
Variable maximum(const Variable& a, const Variable& b);
Variable minimum(const Variable& a, const Variable& b);

}  // namespace duhdr
