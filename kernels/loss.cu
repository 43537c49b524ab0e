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

template <class T>
struct CosineTerms {
  const T* a;
  const T* b;
  const T* pixel;  // or null
  std::int64_t rows, channels;
  DUHDR_HD Terms<1> operator()(std::int64_t image, std::int64_t row, std::int64_t) const {
    const std::int64_t p = image * rows + row;
    const double d = CosineError(a + p * channels, b + p * channels, channels).distance();
    return {{pixel == nullptr ? d : static_cast<double>(pixel[p]) * d}};
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
struct CosineGradient {
  const T* a;
  const T* b;
  const T* pixel;  // or null
  const double* share;
  const Compute<T>* dy;
  std::int64_t rows, channels;
  T* da;  // or null
  T* db;  // or null
  DUHDR_HD void operator()(std::int64_t p) const {
    const CosineError error(a + p * channels, b + p * channels, channels);
    double factor = share[p / rows] * static_cast<double>(*dy);
    if (pixel != nullptr) factor *= static_cast<double>(pixel[p]);
    for (std::int64_t i = p * channels; i < (p + 1) * channels; ++i) {
      const auto u = static_cast<double>(a[i]), v = static_cast<double>(b[i]);
      if (da != nullptr) da[i] = T(static_cast<Compute<T>>(factor == 0 ? 0 : factor * error.first(u, v)));
      if (db != nullptr) db[i] = T(static_cast<Compute<T>>(factor == 0 ? 0 : factor * error.second(u, v)));
    }
  }
};

/// Which functors a loss runs: one distance an element...
template <class Distance>
struct PerElement {
  Distance distance;
  static std::int64_t distances(std::int64_t channels) { return channels; }  // of a pixel
  template <class T, class... Fields>
  auto terms(Fields... fields) const {
    return WeightedTerms<T, Distance>{distance, fields...};
  }
  template <class T, class... Fields>
  auto gradient(Fields... fields) const {
    return Gradient<T, Distance>{distance, fields...};
  }
};

/// ... or one a pixel.
struct PerPixel {
  static std::int64_t distances(std::int64_t) { return 1; }
  template <class T, class... Fields>
  auto terms(Fields... fields) const {
    return CosineTerms<T>{fields...};
  }
  template <class T, class... Fields>
  auto gradient(Fields... fields) const {
    return CosineGradient<T>{fields...};
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

template <class Loss>
Variable weighted_mean(const Variable& first, const Variable& second, const LossWeights& weights, Loss loss) {
  const Tensor a = first.value(), b = second.value(), pixel = weights.pixel;
  check(a, b, weights);
  const Device device = a.device();
  const std::int64_t count = a.shape().n(), channels = a.shape().c(), rows = a.shape().h() * a.shape().w();
  const std::int64_t distances = loss.distances(channels);
  Tensor share(Shape{count}, DType::f64, device);
  const Tensor image = weights.image.defined() ? weights.image.to(device) : Tensor();
  for_each(device, 1, Shares{data_or_null<float>(image), count, rows * distances, share.mutable_data<double>()});
  Tensor y = with_float_type(a.dtype(), [&](auto type) {
    using T = decltype(type);
    const Tensor sums =
        reduce_rows<1>(device, count, rows, distances,
                       loss.template terms<T>(a.data<T>(), b.data<T>(), data_or_null<T>(pixel), rows, channels));
    Tensor out(Shape{1}, dtype_of<Compute<T>>(), device);
    for_each(device, 1,
             Total<Compute<T>>{sums.data<double>(), share.data<double>(), count, distances,
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
      for_each(device, count * rows * distances,
               loss.template gradient<T>(a.data<T>(), b.data<T>(), data_or_null<T>(pixel), share.data<double>(),
                                         dy.data<Compute<T>>(), rows, channels, out(0), out(1)));
    });
    return gradients;
  });
}

}  // namespace

Variable squared_error(const Variable& a, const Variable& b, const LossWeights& weights) {
  return weighted_mean(a, b, weights, PerElement<SquaredError>{});
}

Variable absolute_error(const Variable& a, const Variable& b, const LossWeights& weights) {
  return weighted_mean(a, b, weights, PerElement<AbsoluteError>{});
}

Variable squared_log_error(const Variable& a, const Variable& b, double shift, const LossWeights& weights) {
  return weighted_mean(a, b, weights, PerElement<SquaredLogError>{{shift}});
}

Variable mu_law_error(const Variable& a, const Variable& b, double mu, const LossWeights& weights) {
  return weighted_mean(a, b, weights, PerElement<MuLawError>{{mu}});
}

Variable cosine_error(const Variable& a, const Variable& b, const LossWeights& weights) {
  return weighted_mean(a, b, weights, PerPixel{});
}

}  // namespace duhdr
