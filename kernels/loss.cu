// SPDX-License-Identifier: Apache-2.0
#include "kernels/loss.h"
#include "kernels/reach.h"

#include "tensor/launch.cuh"

namespace duhdr {
namespace {

/// share[n] = image_n / (sum of image * elements of an image): the factor of each distance in the loss.
struct Shares {
  const float* image;  // or null
  std::int64_t count, elements;
  double* share;
  DUHDR_HD void operator()(std::int64_t) const {
    double total = 0;
    for (std::int64_t n = 0; n < count; ++n) total += weight(n);
    for (std::int64_t n = 0; n < count; ++n)
      share[n] = total > 0 ? weight(n) / (total * static_cast<double>(elements)) : 0;
  }

 private:
  DUHDR_HD double weight(std::int64_t n) const { return image == nullptr ? 1.0 : static_cast<double>(image[n]); }
};

template <class T, class Distance>
struct WeightedTerms {
  Distance distance;
  const T* a;
  const T* b;
  const T* pixel;  // or null
  std::int64_t rows, channels;
  DUHDR_HD Terms<1> operator()(std::int64_t image, std::int64_t row, std::int64_t c) const {
    using C = Compute<T>;
    const std::int64_t p = image * rows + row, i = p * channels + c;
    const C d = distance(static_cast<C>(a[i]), static_cast<C>(b[i]));
    return {{static_cast<double>(pixel == nullptr ? d : static_cast<C>(pixel[p]) * d)}};
  }
};

template <class C>
struct Total {
  const double* sums;   // [N, C]
  const double* share;  // [N]
  std::int64_t count, channels;
  C* out;
  DUHDR_HD void operator()(std::int64_t) const {
    double total = 0;
    for (std::int64_t n = 0; n < count; ++n)
      for (std::int64_t c = 0; c < channels; ++c) total += share[n] * sums[n * channels + c];
    *out = static_cast<C>(total);
  }
};

template <class T, class Distance>
struct Gradient {
  Distance distance;
  const T* a;
  const T* b;
  const T* pixel;  // or null
  const double* share;
  const Compute<T>* dy;
  std::int64_t rows, channels;
  T* da;  // or null
  T* db;  // or null
  DUHDR_HD void operator()(std::int64_t i) const {
    using C = Compute<T>;
    const std::int64_t p = i / channels, image = p / rows;
    const C u = static_cast<C>(a[i]), v = static_cast<C>(b[i]);
    C factor = static_cast<C>(share[image]) * *dy;
    if (pixel != nullptr) factor *= static_cast<C>(pixel[p]);
    // An image that does not count has no gradient, whatever its values are.
    if (da != nullptr) da[i] = factor == C(0) ? T(C(0)) : T(factor * distance.first(u, v));
    if (db != nullptr) db[i] = factor == C(0) ? T(C(0)) : T(factor * distance.second(u, v));
  }
};

template <class T>
const T* data_or_null(const Tensor& tensor) {
  return tensor.defined() ? tensor.data<T>() : nullptr;
}

void check(const Tensor& a, const Tensor& b, const LossWeights& weights) {
  DUHDR_CHECK(a.shape().rank() == 4 && a.shape() == b.shape() && a.dtype() == b.dtype() && a.device() == b.device() &&
                  a.numel() > 0,
              "the distance of ", a.shape(), " in ", name_of(a.dtype()), " and ", b.shape(), " in ",
              name_of(b.dtype()));
  DUHDR_CHECK(!weights.image.defined() || weights.image.shape() == (Shape{a.shape().n(), 1, 1, 1}),
              "image weights of shape ", weights.image.shape(), " for ", a.shape());
  DUHDR_CHECK(!weights.pixel.defined() || (weights.pixel.shape() == a.shape().with(3, 1) &&
                                           weights.pixel.dtype() == a.dtype() && weights.pixel.device() == a.device()),
              "pixel weights of shape ", weights.pixel.shape(), " for ", a.shape());
}

template <class Distance>
Variable weighted_mean(const Variable& first, const Variable& second, const LossWeights& weights, Distance distance) {
  const Tensor a = first.value(), b = second.value(), pixel = weights.pixel;
  check(a, b, weights);
  const Device device = a.device();
  const std::int64_t count = a.shape().n(), channels = a.shape().c(), rows = a.shape().h() * a.shape().w();
  Tensor share(Shape{count}, DType::f64, device);
  const Tensor image = weights.image.defined() ? weights.image.to(device) : Tensor();
  for_each(device, 1, Shares{data_or_null<float>(image), count, rows * channels, share.mutable_data<double>()});
  Tensor y = with_float_type(a.dtype(), [&](auto type) {
    using T = decltype(type);
    const Tensor sums = reduce_rows<1>(
        device, count, rows, channels,
        WeightedTerms<T, Distance>{distance, a.data<T>(), b.data<T>(), data_or_null<T>(pixel), rows, channels});
    Tensor out(Shape{1}, dtype_of<Compute<T>>(), device);
    for_each(device, 1,
             Total<Compute<T>>{sums.data<double>(), share.data<double>(), count, channels,
                               out.template mutable_data<Compute<T>>()});
    return out;
  });
  reads({.whole = true});
  return Variable::of_op(y, {first, second}, [=](const Tensor& dy, const std::vector<bool>& wants) {
    std::vector<Tensor> gradients(2);
    for (std::size_t k = 0; k < 2; ++k)
      if (wants[k]) gradients[k] = Tensor(a.shape(), a.dtype(), device);
    with_float_type(a.dtype(), [&](auto type) {
      using T = decltype(type);
      const auto out = [&](std::size_t k) { return wants[k] ? gradients[k].mutable_data<T>() : nullptr; };
      for_each(device, a.numel(),
               Gradient<T, Distance>{distance, a.data<T>(), b.data<T>(), data_or_null<T>(pixel), share.data<double>(),
                                     dy.data<Compute<T>>(), rows, channels, out(0), out(1)});
    });
    return gradients;
  });
}

}  // namespace

Variable squared_error(const Variable& a, const Variable& b, const LossWeights& weights) {
  return weighted_mean(a, b, weights, SquaredError{});
}

Variable squared_log_error(const Variable& a, const Variable& b, double shift, const LossWeights& weights) {
  return weighted_mean(a, b, weights, SquaredLogError{shift});
}

Variable mu_law_error(const Variable& a, const Variable& b, double mu, const LossWeights& weights) {
  return weighted_mean(a, b, weights, MuLawError{mu});
}

}  // namespace duhdr
