// SPDX-License-Identifier: Apache-2.0
#include "kernels/conv/epilogue_cuda.h"

#include "tensor/launch.cuh"

namespace duhdr::cudnn {
namespace {

template <class T>
struct Epilogue {
  const T* z;
  const float* bias;  // or null
  T* y;
  Window window;
  std::int64_t oh, ow, channels;
  bool accumulate;
  Activation activation;

  DUHDR_HD void operator()(std::int64_t n, std::int64_t oy, std::int64_t ox, std::int64_t c) const {
    T& out = y[((n * oh + oy) * ow + ox) * channels + c];
    float sum = z[((n * window.h + oy + window.top) * window.w + ox + window.left) * channels + c];
    if (bias) sum += bias[c];
    if (accumulate) sum += static_cast<float>(out);
    out = T(activate(activation, sum));
  }
};

/// In place, without a window: the index arithmetic of one remainder.
template <class T>
struct EpilogueInPlace {
  const float* bias;  // or null
  T* y;
  std::int64_t channels;
  Activation activation;

  DUHDR_HD void operator()(std::int64_t i) const {
    float sum = y[i];
    if (bias) sum += bias[i % channels];
    y[i] = T(activate(activation, sum));
  }
};

template <class T>
struct Frame {
  const T* dy;
  T* framed;
  Window window;
  std::int64_t oh, ow, channels;

  DUHDR_HD void operator()(std::int64_t n, std::int64_t y, std::int64_t x, std::int64_t c) const {
    const std::int64_t oy = y - window.top, ox = x - window.left;
    const bool inside = oy >= 0 && oy < oh && ox >= 0 && ox < ow;
    framed[((n * window.h + y) * window.w + x) * channels + c] =
        inside ? dy[((n * oh + oy) * ow + ox) * channels + c] : T(0.f);
  }
};

/// Element i of [co, kh, kw, ci] and where it lies in [co, wi, kh, kw].
struct WeightPlace {
  std::int64_t ci, wi, first, area;  // area: kh * kw
  DUHDR_HD std::int64_t operator()(std::int64_t i) const {
    return (i / (ci * area) * wi + first + i % ci) * area + i / ci % area;
  }
};

template <class T>
struct Pack {
  const T* weight;
  T* packed;
  WeightPlace place;
  DUHDR_HD void operator()(std::int64_t i) const { packed[i] = weight[place(i)]; }
};

template <class T>
struct Unpack {
  const T* packed;
  T* gradient;
  WeightPlace place;
  DUHDR_HD void operator()(std::int64_t i) const { gradient[place(i)] = packed[i]; }
};

WeightPlace place_of(const ConvProblem& p) { return {p.ci, p.wi, p.first, p.kh * p.kw}; }

/// cuDNN's element types: calls f(T{}) for f32 and bf16.
template <class F>
void with_type(DType dtype, F&& f) {
  if (dtype == DType::bf16) return f(bf16{});
  DUHDR_CHECK(dtype == DType::f32, "no cuDNN convolution in ", name_of(dtype));
  f(float{});
}

}  // namespace

void apply_epilogue(const Tensor& z, const Window& window, const ConvEpilogue& epilogue, Tensor& y) {
  const float* bias = epilogue.bias.defined() ? epilogue.bias.data<float>() : nullptr;
  const Shape& s = y.shape();
  with_type(y.dtype(), [&](auto type) {
    using T = decltype(type);
    T* out = y.mutable_data<T>();
    if (z.raw() == y.raw())
      for_each(y.device(), s.numel(), EpilogueInPlace<T>{bias, out, s.c(), epilogue.activation});
    else
      for_each_element(y.device(), s,
                       Epilogue<T>{z.data<T>(), bias, out, window, s.h(), s.w(), s.c(), epilogue.residual.defined(),
                                   epilogue.activation});
  });
}

Tensor framed(const Tensor& dy, const Window& window) {
  const Shape& s = dy.shape();
  Tensor large(Shape{s.n(), window.h, window.w, s.c()}, dy.dtype(), dy.device());
  with_type(dy.dtype(), [&](auto type) {
    using T = decltype(type);
    for_each_element(dy.device(), large.shape(),
                     Frame<T>{dy.data<T>(), large.mutable_data<T>(), window, s.h(), s.w(), s.c()});
  });
  return large;
}

bool is_packed(const ConvProblem& p) { return p.depthwise || (p.kh * p.kw == 1 && p.ci == p.wi); }

Tensor packed_weight(const ConvProblem& p, const Tensor& weight) {
  if (is_packed(p)) return weight;
  return *weight.derived<Tensor>("cudnn " + std::to_string(p.first) + ' ' + std::to_string(p.ci), [&] {
    auto packed = std::make_shared<Tensor>(Shape{p.co, p.kh, p.kw, p.ci}, weight.dtype(), weight.device());
    with_type(weight.dtype(), [&](auto type) {
      using T = decltype(type);
      for_each(weight.device(), packed->numel(),
               Pack<T>{weight.data<T>(), packed->template mutable_data<T>(), place_of(p)});
    });
    return packed;
  });
}

void unpack_gradient(const ConvProblem& p, const Tensor& packed, Tensor& weight_gradient) {
  with_type(packed.dtype(), [&](auto type) {
    using T = decltype(type);
    for_each(packed.device(), packed.numel(),
             Unpack<T>{packed.data<T>(), weight_gradient.mutable_data<T>(), place_of(p)});
  });
}

}  // namespace duhdr::cudnn
