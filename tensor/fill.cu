// SPDX-License-Identifier: Apache-2.0
// Whole-tensor moves: fill, copy (across element types and devices), accumulate.
#include <cstring>

#include "tensor/cuda_backend.h"
#include "tensor/launch.cuh"

namespace duhdr {
namespace {

template <class T>
DUHDR_HD T narrowed(double value) {
  if constexpr (std::is_same_v<T, bf16> || std::is_same_v<T, f16>)
    return T(static_cast<float>(value));
  else
    return static_cast<T>(value);
}

template <class T>
struct Fill {
  T* to;
  T value;
  DUHDR_HD void operator()(std::int64_t i) const { to[i] = value; }
};

template <class To, class From>
struct Cast {
  To* to;
  const From* from;
  DUHDR_HD void operator()(std::int64_t i) const {
    to[i] = narrowed<To>(static_cast<double>(static_cast<Compute<From>>(from[i])));
  }
};

template <class T>
struct Accumulate {
  T* sum;
  const T* addend;
  DUHDR_HD void operator()(std::int64_t i) const {
    sum[i] = T(static_cast<Compute<T>>(sum[i]) + static_cast<Compute<T>>(addend[i]));
  }
};

}  // namespace

void fill(Tensor& tensor, double value) {
  with_any_type(tensor.dtype(), [&](auto type) {
    using T = decltype(type);
    for_each(tensor.device(), tensor.numel(), Fill<T>{tensor.mutable_data<T>(), narrowed<T>(value)});
  });
}

void copy(Tensor& to, const Tensor& from) {
  DUHDR_CHECK(to.numel() == from.numel(), "copy of ", from.shape(), " to ", to.shape());
  if (to.device().is_meta() || from.device().is_meta()) return;
  if (to.dtype() != from.dtype()) {
    const Tensor source = from.to(to.device());  // convert where the result lives
    with_any_type(to.dtype(), [&](auto to_type) {
      with_any_type(from.dtype(), [&](auto from_type) {
        using To = decltype(to_type);
        using From = decltype(from_type);
        for_each(to.device(), to.numel(), Cast<To, From>{to.mutable_data<To>(), source.data<From>()});
      });
    });
    return;
  }
  if (to.device().is_cuda() || from.device().is_cuda())
    return cuda::copy_bytes(to.device(), to.mutable_raw(), from.device(), from.raw(), to.bytes());
  if (to.bytes() > 0) std::memcpy(to.mutable_raw(), from.raw(), to.bytes());
}

void accumulate(Tensor& sum, const Tensor& addend) {
  DUHDR_CHECK(sum.shape() == addend.shape() && sum.dtype() == addend.dtype(), "sum of ", sum.shape(), " and ",
              addend.shape());
  with_float_type(sum.dtype(), [&](auto type) {
    using T = decltype(type);
    for_each(sum.device(), sum.numel(), Accumulate<T>{sum.mutable_data<T>(), addend.data<T>()});
  });
}

}  // namespace duhdr
