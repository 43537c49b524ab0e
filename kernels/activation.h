// SPDX-License-Identifier: Apache-2.0
// Activations that other ops carry in their epilogue: one table. A new one is its name in the enumeration and a row
// here; its name as text, its formula, and its slope from the output (so that no op has to keep the input), are a
// struct in pointwise.h. The CPU's convolutions carry some of them (Fused in kernels/conv/cpu/kernels.h).
#pragma once

#include <string>

#include "kernels/pointwise.h"

namespace duhdr {

enum class Activation : unsigned char { none, relu, leaky_relu, tanh, sigmoid, selu };

struct Identity {
  static constexpr const char* name = "none";
  template <class T>
  DUHDR_HD T operator()(T x) const {
    return x;
  }
  template <class T>
  DUHDR_HD T slope(T) const {
    return T(1);
  }
};

/// A row of the table. It stands for its activation at compile time: loops over elements then have no choice inside.
template <Activation activation, class F>
struct ActivationRow {
  static constexpr Activation value = activation;
  using Function = F;
};

template <class... Rows>
struct ActivationTable {
  template <class T>
  DUHDR_HD static T apply(Activation activation, T x) {
    T y = x;
    (void)((activation == Rows::value && (y = typename Rows::Function{}(x), true)) || ...);
    return y;
  }
  template <class T>
  DUHDR_HD static T slope(Activation activation, T y) {
    T derivative = T(1);
    (void)((activation == Rows::value && (derivative = typename Rows::Function{}.slope(y), true)) || ...);
    return derivative;
  }
};

using Activations = ActivationTable<                   //
    ActivationRow<Activation::none, Identity>,         //
    ActivationRow<Activation::relu, Relu>,             //
    ActivationRow<Activation::leaky_relu, LeakyRelu>,  //
    ActivationRow<Activation::tanh, Tanh>,             //
    ActivationRow<Activation::sigmoid, Sigmoid>,       //
    ActivationRow<Activation::selu, Selu>>;

template <class T>
DUHDR_HD T activate(Activation activation, T x) {
  return Activations::apply(activation, x);
}

/// d activate(x) / dx, given y = activate(x)
template <class T>
DUHDR_HD T activation_slope(Activation activation, T y) {
  return Activations::slope(activation, y);
}

template <class F, class First, class... Rest>
decltype(auto) with_row(Activation activation, F&& f, ActivationTable<First, Rest...>) {
  if constexpr (sizeof...(Rest) == 0) {
    return f(First{});
  } else {
    if (activation == First::value) return f(First{});
    return with_row(activation, f, ActivationTable<Rest...>{});
  }
}

/// Calls f with the activation's row.
template <class F>
decltype(auto) with_activation(Activation activation, F&& f) {
  return with_row(activation, f, Activations{});
}

inline const char* name_of(Activation activation) {
  return with_activation(activation, [](auto row) { return decltype(row)::Function::name; });
}

/// The activation as an op of its own.
Variable activated(const Variable& x, Activation activation);

}  // namespace duhdr
