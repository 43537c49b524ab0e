// SPDX-License-Identifier: Apache-2.0
// Activations that other ops carry in their epilogue. The derivative is taken from the output, so that the
// input need not be kept.
#pragma once

#include <type_traits>

#include "kernels/pointwise.h"

namespace duhdr {

enum class Activation : unsigned char { none, relu, leaky_relu, tanh, sigmoid };

template <class T>
DUHDR_HD T activate(Activation activation, T x) {
  switch (activation) {
    case Activation::relu:
      return Relu{}(x);
    case Activation::leaky_relu:
      return LeakyRelu{}(x);
    case Activation::tanh:
      return Tanh{}(x);
    case Activation::sigmoid:
      return Sigmoid{}(x);
    case Activation::none:
      break;
  }
  return x;
}

/// d activate(x) / dx, given y = activate(x)
template <class T>
DUHDR_HD T activation_slope(Activation activation, T y) {
  switch (activation) {
    case Activation::relu:
      return T(y > T(0));
    case Activation::leaky_relu:
      return y > T(0) ? T(1) : T(0.1);
    case Activation::tanh:
      return T(1) - y * y;
    case Activation::sigmoid:
      return y * (T(1) - y);
    case Activation::none:
      break;
  }
  return T(1);
}

/// Calls f with the activation as a type, std::integral_constant<Activation, ...>: loops over elements then have no
/// switch inside.
template <class F>
decltype(auto) with_activation(Activation activation, F&& f) {
  switch (activation) {
    case Activation::relu:
      return f(std::integral_constant<Activation, Activation::relu>{});
    case Activation::leaky_relu:
      return f(std::integral_constant<Activation, Activation::leaky_relu>{});
    case Activation::tanh:
      return f(std::integral_constant<Activation, Activation::tanh>{});
    case Activation::sigmoid:
      return f(std::integral_constant<Activation, Activation::sigmoid>{});
    case Activation::none:
      break;
  }
  return f(std::integral_constant<Activation, Activation::none>{});
}

}  // namespace duhdr
