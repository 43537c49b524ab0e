// SPDX-License-Identifier: Apache-2.0
// The plain convolution: seven loops, any element type, any device. Slow, and the oracle of the libraries.
#include "kernels/conv/backend.h"
#include "tensor/launch.cuh"

namespace duhdr {
namespace {

/// Where weight (o, i, ky, kx) lies, i counting the channels of x.
struct WeightIndex {
  std::int64_t wi, first, kh, kw;
  DUHDR_HD std::int64_t operator()(std::int64_t o, std::int64_t i, std::int64_t ky, std::int64_t kx) const {
    return ((o * wi + first + i) * kh + ky) * kw + kx;
  }
};

template <class T>
struct Forward {
  ConvProblem p;
  WeightIndex at;
  const T* x;
  const T* weight;
  const Compute<T>* bias;  // or null
  bool accumulate;
  Activation activation;
  T* y;

  DUHDR_HD void operator()(std::int64_t n, std::int64_t oy, std::int64_t ox, std::int64_t o) const {
    double sum = 0;
    for (std::int64_t ky = 0; ky < p.kh; ++ky)
      for (std::int64_t kx = 0; kx < p.kw; ++kx) {
        const std::int64_t yy = oy * p.stride + ky * p.dilation - p.pad_top;
        const std::int64_t xx = ox * p.stride + kx * p.dilation - p.pad_left;
        if (yy < 0 || yy >= p.h || xx < 0 || xx >= p.w) continue;
        const T* pixel = x + ((n * p.h + yy) * p.w + xx) * p.ci;
        if (p.depthwise)
          sum += static_cast<double>(pixel[o]) * static_cast<double>(weight[at(o, 0, ky, kx)]);
        else
          for (std::int64_t i = 0; i < p.ci; ++i)
            sum += static_cast<double>(pixel[i]) * static_cast<double>(weight[at(o, i, ky, kx)]);
      }
    T& out = y[((n * p.oh + oy) * p.ow + ox) * p.co + o];
    if (bias) sum += static_cast<double>(bias[o]);
    if (accumulate) sum += static_cast<double>(out);
    out = T(activate(activation, static_cast<Compute<T>>(sum)));
  }
};

/// Every (output row, kernel row) pair that reads input row y, and the same for columns.
template <class T>
struct BackwardInput {
  ConvProblem p;
  WeightIndex at;
  const T* dy;
  const T* weight;
  const Compute<T>* bias;  // or null
  Activation activation;
  T* dx;

  DUHDR_HD void operator()(std::int64_t n, std::int64_t y, std::int64_t x, std::int64_t i) const {
    double sum = 0;
    for (std::int64_t ky = 0; ky < p.kh; ++ky)
      for (std::int64_t kx = 0; kx < p.kw; ++kx) {
        const std::int64_t sy = y + p.pad_top - ky * p.dilation, sx = x + p.pad_left - kx * p.dilation;
        if (sy < 0 || sx < 0 || sy % p.stride != 0 || sx % p.stride != 0) continue;
        const std::int64_t oy = sy / p.stride, ox = sx / p.stride;
        if (oy >= p.oh || ox >= p.ow) continue;
        const T* pixel = dy + ((n * p.oh + oy) * p.ow + ox) * p.co;
        if (p.depthwise)
          sum += static_cast<double>(pixel[i]) * static_cast<double>(weight[at(i, 0, ky, kx)]);
        else
          for (std::int64_t o = 0; o < p.co; ++o)
            sum += static_cast<double>(pixel[o]) * static_cast<double>(weight[at(o, i, ky, kx)]);
      }
    if (bias) sum += static_cast<double>(bias[i]);
    dx[((n * p.h + y) * p.w + x) * p.ci + i] = T(activate(activation, static_cast<Compute<T>>(sum)));
  }
};

template <class T>
struct BackwardWeight {
  ConvProblem p;
  WeightIndex at;
  const T* x;
  const T* dy;
  T* dw;

  DUHDR_HD void operator()(std::int64_t index) const {
    const std::int64_t inputs = p.depthwise ? 1 : p.ci;
    const std::int64_t kx = index % p.kw, ky = index / p.kw % p.kh;
    const std::int64_t i = index / (p.kw * p.kh) % inputs, o = index / (p.kw * p.kh * inputs);
    double sum = 0;
    for (std::int64_t n = 0; n < p.n; ++n)
      for (std::int64_t oy = 0; oy < p.oh; ++oy)
        for (std::int64_t ox = 0; ox < p.ow; ++ox) {
          const std::int64_t yy = oy * p.stride + ky * p.dilation - p.pad_top;
          const std::int64_t xx = ox * p.stride + kx * p.dilation - p.pad_left;
          if (yy < 0 || yy >= p.h || xx < 0 || xx >= p.w) continue;
          sum += static_cast<double>(x[((n * p.h + yy) * p.w + xx) * p.ci + (p.depthwise ? o : i)]) *
                 static_cast<double>(dy[((n * p.oh + oy) * p.ow + ox) * p.co + o]);
        }
    dw[at(o, i, ky, kx)] = T(static_cast<Compute<T>>(sum));
  }
};

WeightIndex index_of(const ConvProblem& p) { return {p.wi, p.first, p.kh, p.kw}; }

bool supports(const ConvProblem& p, ConvDirection) { return p.is_plain(); }

template <class T>
const Compute<T>* bias_of(const ConvEpilogue& epilogue) {
  return epilogue.bias.defined() ? epilogue.bias.data<Compute<T>>() : nullptr;
}

void forward(const ConvProblem& p, const Tensor& x, const Tensor&, const Tensor& weight, const ConvEpilogue& epilogue,
             Tensor& y) {
  const bool accumulate = starts_from_residual(y, epilogue);
  with_float_type(p.dtype, [&](auto type) {
    using T = decltype(type);
    for_each_element(y.device(), y.shape(),
                     Forward<T>{p, index_of(p), x.data<T>(), weight.data<T>(), bias_of<T>(epilogue), accumulate,
                                epilogue.activation, y.mutable_data<T>()});
  });
}

void backward_input(const ConvProblem& p, const Tensor& dy, const Tensor& weight, const ConvEpilogue& epilogue,
                    Tensor& dx) {
  with_float_type(p.dtype, [&](auto type) {
    using T = decltype(type);
    for_each_element(dx.device(), dx.shape(),
                     BackwardInput<T>{p, index_of(p), dy.data<T>(), weight.data<T>(), bias_of<T>(epilogue),
                                      epilogue.activation, dx.mutable_data<T>()});
  });
}

void backward_weight(const ConvProblem& p, const Tensor& x, const Tensor& dy, Tensor& weight_gradient) {
  with_float_type(p.dtype, [&](auto type) {
    using T = decltype(type);
    for_each(dy.device(), p.co * (p.depthwise ? 1 : p.ci) * p.kh * p.kw,
             BackwardWeight<T>{p, index_of(p), x.data<T>(), dy.data<T>(), weight_gradient.mutable_data<T>()});
  });
}

}  // namespace

const ConvBackend conv_reference{"reference", supports, forward, backward_input, backward_weight};

}  // namespace duhdr
