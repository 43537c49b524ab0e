// SPDX-License-Identifier: Apache-2.0
// Distances of two images as training losses use them: value and gradient each in one pass over the images.
#pragma once

#include "kernels/pointwise.h"

namespace duhdr {

/// (a - b)^2
struct SquaredError {
  template <class T>
  DUHDR_HD T operator()(T a, T b) const {
    return Square{}(a - b);
  }
  template <class T>
  DUHDR_HD T first(T a, T b) const {  // d/da
    return Square{}.derivative(a - b);
  }
  template <class T>
  DUHDR_HD T second(T a, T b) const {  // d/db
    return -Square{}.derivative(a - b);
  }
};

/// (log(a + shift) - log(b + shift))^2; the caller keeps a + shift > 0 and b + shift > 0
struct SquaredLogError {
  double shift;
  template <class T>
  DUHDR_HD T operator()(T a, T b) const {
    return Square{}(difference(a, b));
  }
  template <class T>
  DUHDR_HD T first(T a, T b) const {
    return Square{}.derivative(difference(a, b)) * Log{shift}.derivative(a);
  }
  template <class T>
  DUHDR_HD T second(T a, T b) const {
    return -Square{}.derivative(difference(a, b)) * Log{shift}.derivative(b);
  }

 private:
  template <class T>
  DUHDR_HD T difference(T a, T b) const {
    return Log{shift}(a)-Log{shift}(b);
  }
};

/// |mu_law(a) - mu_law(b)|, a, b >= 0; derivative 0 where they are equal
struct MuLawError {
  double mu;
  template <class T>
  DUHDR_HD T operator()(T a, T b) const {
    return Abs{}(difference(a, b));
  }
  template <class T>
  DUHDR_HD T first(T a, T b) const {
    return Abs{}.derivative(difference(a, b)) * MuLaw{mu}.derivative(a);
  }
  template <class T>
  DUHDR_HD T second(T a, T b) const {
    return -Abs{}.derivative(difference(a, b)) * MuLaw{mu}.derivative(b);
  }

 private:
  template <class T>
  DUHDR_HD T difference(T a, T b) const {
    return MuLaw{mu}(a)-MuLaw{mu}(b);
  }
};

/// Constant weights of a loss. Undefined = 1 everywhere.
struct LossWeights {
  Tensor image = {};  // [N, 1, 1, 1] f32, >= 0: an image of weight 0 does not count
  Tensor pixel = {};  // [N, H, W, 1], of the images' type: a factor of each pixel's distance
};

// a, b [N, H, W, C] of one type and device -> [1], f32 for bf16:
//   sum_n image_n * mean over h, w, c of (pixel * distance(a, b))  /  sum_n image_n
// and 0 when all images have weight 0. Gradients to a and b. Sums run in double, in a fixed order.
Variable squared_error(const Variable& a, const Variable& b, const LossWeights& weights = {});
Variable squared_log_error(const Variable& a, const Variable& b, double shift, const LossWeights& weights = {});
Variable mu_law_error(const Variable& a, const Variable& b, double mu, const LossWeights& weights = {});

}  // namespace duhdr
