// SPDX-License-Identifier: Apache-2.0
#include "kernels/adam.h"

#include <cmath>
#include <limits>

#include "tensor/launch.cuh"

namespace duhdr {
namespace {

template <class T>
struct SquareOf {
  const T* x;
  DUHDR_HD double operator()(std::int64_t i) const { return static_cast<double>(x[i]) * static_cast<double>(x[i]); }
};

/// Everything about the step that is the same for all elements.
template <class T>
struct Prepare {
  AdamDesc desc;
  const T* loss;
  const double* learning_rate;
  const double* square_sum;
  double largest;  // norm whose square the moments can hold
  double* control;
  DUHDR_HD void operator()(std::int64_t) const {
    using std::pow;
    using std::sqrt;
    const double norm = sqrt(*square_sum);
    const double limit = desc.clip_norm / (norm + 1e-6);
    const double scale = desc.clip_norm > 0 && limit < 1 ? limit : 1;
    const T nothing = *loss - *loss;                             // NaN for a loss of infinity, too
    const bool usable = nothing == 0 && norm * scale < largest;  // false for NaN, too
    control[AdamControl::norm] = norm;
    control[AdamControl::skipped] = usable ? 0 : 1;
    if (!usable) return;
    const double steps = control[AdamControl::steps] += 1;
    control[AdamControl::scale] = scale;
    control[AdamControl::step_size] = *learning_rate / (1 - pow(desc.beta1, steps));
    control[AdamControl::correction2] = sqrt(1 - pow(desc.beta2, steps));
  }
};

template <class T>
struct Update {
  AdamDesc desc;
  const double* control;
  const T* gradient;
  T* weights;
  T* first;
  T* second;
  T* average;  // or null
  DUHDR_HD void operator()(std::int64_t i) const {
    using std::sqrt;
    if (control[AdamControl::skipped] != 0) return;
    const T g = gradient[i] * T(control[AdamControl::scale]);
    const T m = first[i] + (g - first[i]) * T(1 - desc.beta1);
    const T v = second[i] * T(desc.beta2) + T(1 - desc.beta2) * g * g;
    first[i] = m;
    second[i] = v;
    const T root = sqrt(v) / T(control[AdamControl::correction2]) + T(desc.eps);
    const T w = weights[i] - T(control[AdamControl::step_size]) * (m / root);
    weights[i] = w;
    if (average != nullptr) average[i] += (w - average[i]) * T(1 - desc.ema_decay);
  }
};

template <class T>
struct Undo {
  const double* control;
  const T* before;
  T* values;
  DUHDR_HD void operator()(std::int64_t i) const {
    if (control[AdamControl::skipped] != 0) values[i] = before[i];
  }
};

template <class T>
void step(AdamState& state, const AdamDesc& desc, const Tensor& loss) {
  const Device device = state.weights.device();
  const std::int64_t n = state.weights.numel();
  const T* gradient = state.gradient.data<T>();
  const Tensor square_sum = reduce_all(device, n, SquareOf<T>{gradient});
  double* control = state.control.mutable_data<double>();
  const double largest = std::sqrt(static_cast<double>(std::numeric_limits<T>::max()));
  for_each(device, 1,
           Prepare<T>{desc, loss.data<T>(), state.learning_rate.data<double>(), square_sum.data<double>(), largest,
                      control});
  T* average = state.average.defined() ? state.average.mutable_data<T>() : nullptr;
  for_each(device, n,
           Update<T>{desc, control, gradient, state.weights.mutable_data<T>(), state.first_moment.mutable_data<T>(),
                     state.second_moment.mutable_data<T>(), average});
}

}  // namespace

AdamState AdamState::start(Tensor weights, bool with_average) {
  const auto like_weights = [&] { return Tensor::zeros(weights.shape(), weights.dtype(), weights.device()); };
  const auto numbers = [&](std::int64_t n) { return Tensor::zeros(Shape{n}, DType::f64, weights.device()); };
  AdamState state;
  state.gradient = like_weights();
  state.first_moment = like_weights();
  state.second_moment = like_weights();
  if (with_average) state.average = weights.clone();
  state.learning_rate = numbers(1);
  state.control = numbers(AdamControl::count);
  state.weights = std::move(weights);
  return state;
}

void adam_step(AdamState& state, const AdamDesc& desc, const Tensor& loss) {
  const auto fits = [&](const Tensor& t) {
    return t.shape() == state.weights.shape() && t.dtype() == state.weights.dtype() &&
           t.device() == state.weights.device();
  };
  DUHDR_CHECK(fits(state.gradient) && fits(state.first_moment) && fits(state.second_moment) &&
                  (!state.average.defined() || fits(state.average)),
              "the buffers of Adam differ in size, type or device");
  DUHDR_CHECK(loss.numel() == 1, "a loss of shape ", loss.shape());
  if (state.weights.dtype() == DType::f64)
    step<double>(state, desc, loss);
  else
    step<float>(state, desc, loss);
}

void undo_if_skipped(const AdamState& state, Tensor& values, const Tensor& before) {
  DUHDR_CHECK(values.shape() == before.shape() && values.dtype() == before.dtype(), "values of ", values.shape(),
              " and ", before.shape(), " to put back");
  with_float_type(values.dtype(), [&](auto type) {
    using T = decltype(type);
    for_each(values.device(), values.numel(),
             Undo<T>{state.control.data<double>(), before.data<T>(), values.mutable_data<T>()});
  });
}

}  // namespace duhdr
