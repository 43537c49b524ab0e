// SPDX-License-Identifier: Apache-2.0
// Every kernel handles a run of consecutive elements of one row: one element on a GPU, enough for the vector units on a
// CPU. Windows are added up tap by tap, in the same order wherever the pixel lies.
#include "kernels/camera/truncation.h"

#include "kernels/reach.h"
#include "kernels/reflect.h"
#include "tensor/launch.cuh"

namespace duhdr {
namespace {

struct Windows {
  std::int64_t h, w, c;
  int radius;
  DUHDR_HD std::int64_t row() const { return w * c; }
  template <class C>
  DUHDR_HD C share() const {
    return C(1) / (C(2 * radius + 1) * C(2 * radius + 1));
  }
};

/// Run elements from `first` of row y of image n: where they lie, and the windows around them.
template <int Run>
struct Elements {
  Windows win;
  std::int64_t image, y, first;

  DUHDR_HD std::int64_t count() const { return first + Run < win.row() ? Run : win.row() - first; }
  DUHDR_HD std::int64_t offset() const { return (image * win.h + y) * win.row() + first; }

  /// visit(k, source) for every tap of the window of each element k; `source` indexes the tensor.
  template <class Visit>
  DUHDR_HD void gather(const Visit& visit) const {
    const std::int64_t r = win.radius, c = win.c;
    const bool inside = first >= r * c && first + Run + r * c <= win.row();
    for (std::int64_t dy = -r; dy <= r; ++dy) {
      const std::int64_t row = (image * win.h + fold(y + dy, win.h)) * win.row();
      for (std::int64_t dx = -r; dx <= r; ++dx) {
        if (inside) {
          for (int k = 0; k < Run; ++k) visit(k, row + first + k + dx * c);
        } else {
          for (int k = 0; k < count(); ++k) visit(k, row + fold((first + k) / c + dx, win.w) * c + (first + k) % c);
        }
      }
    }
  }

  /// The adjoint: visit(k, source) for every time that element k is a tap of the window around `source`.
  template <class Visit>
  DUHDR_HD void scatter(const Visit& visit) const {
    const std::int64_t r = win.radius, h = win.h;
    for (std::int64_t p = next_preimage(-r, y, h); p < h + r; p = next_preimage(p + 1, y, h))
      for (std::int64_t dy = -r; dy <= r; ++dy)
        if (p - dy >= 0 && p - dy < h) scatter_row((image * h + p - dy) * win.row(), visit);
  }

 private:
  template <class Visit>
  DUHDR_HD void scatter_row(std::int64_t row, const Visit& visit) const {
    const std::int64_t r = win.radius, c = win.c, w = win.w;
    if (first >= (r + 1) * c && first + Run + (r + 1) * c <= win.row()) {  // no pixel of the run has a mirror image
      for (std::int64_t dx = -r; dx <= r; ++dx)
        for (int k = 0; k < Run; ++k) visit(k, row + first + k - dx * c);
      return;
    }
    for (int k = 0; k < count(); ++k) {
      const std::int64_t x = (first + k) / c, channel = (first + k) % c;
      for (std::int64_t p = next_preimage(-r, x, w); p < w + r; p = next_preimage(p + 1, x, w))
        for (std::int64_t dx = -r; dx <= r; ++dx)
          if (p - dx >= 0 && p - dx < w) visit(k, row + (p - dx) * c + channel);
    }
  }
};

/// Stage 1: mean and flatness of every window.
template <class T, int Run>
struct Statistics {
  Windows win;
  Flatness flatness;
  const T* hdr;
  Compute<T>* mean;
  Compute<T>* flat;
  DUHDR_HD void operator()(std::int64_t image, std::int64_t y, std::int64_t run) const {
    using C = Compute<T>;
    const Elements<Run> own{win, image, y, run * Run};
    const C share = win.share<C>();
    C sum[Run] = {}, squares[Run] = {};
    own.gather([&](int k, std::int64_t at) { sum[k] += static_cast<C>(hdr[at]); });
    for (int k = 0; k < Run; ++k) sum[k] *= share;
    own.gather([&](int k, std::int64_t at) {
      const C difference = static_cast<C>(hdr[at]) - sum[k];
      squares[k] += difference * difference;
    });
    for (int k = 0; k < own.count(); ++k) {
      mean[own.offset() + k] = sum[k];
      flat[own.offset() + k] = flatness(squares[k] * share);
    }
  }
};

/// Stage 2: base and result.
template <class T, int Run>
struct Cut {
  Windows win;
  const T* hdr;
  const Compute<T>* mean;
  const Compute<T>* flat;
  T* out;
  DUHDR_HD void operator()(std::int64_t image, std::int64_t y, std::int64_t run) const {
    using C = Compute<T>;
    const Elements<Run> own{win, image, y, run * Run};
    C value[Run] = {}, sum[Run] = {};
    for (int k = 0; k < own.count(); ++k) value[k] = static_cast<C>(hdr[own.offset() + k]);
    own.gather([&](int k, std::int64_t at) { sum[k] += flat[at] * (mean[at] - value[k]); });
    for (int k = 0; k < own.count(); ++k)
      out[own.offset() + k] = T(CutBase{}(value[k], value[k] + sum[k] * win.share<C>()));
  }
};

/// Backward 1: gradient of the base, and the part of hdr's gradient that does not pass through the windows.
template <class T, int Run>
struct BaseGradient {
  Windows win;
  const T* hdr;
  const Compute<T>* mean;
  const Compute<T>* flat;
  const T* dy;
  Compute<T>* dbase;
  Compute<T>* direct;
  DUHDR_HD void operator()(std::int64_t image, std::int64_t y, std::int64_t run) const {
    using C = Compute<T>;
    const Elements<Run> own{win, image, y, run * Run};
    C value[Run] = {}, sum[Run] = {}, flats[Run] = {};
    for (int k = 0; k < own.count(); ++k) value[k] = static_cast<C>(hdr[own.offset() + k]);
    own.gather([&](int k, std::int64_t at) {
      sum[k] += flat[at] * (mean[at] - value[k]);
      flats[k] += flat[at];
    });
    for (int k = 0; k < own.count(); ++k) {
      const C base = value[k] + sum[k] * win.share<C>(), gradient = static_cast<C>(dy[own.offset() + k]);
      const C by_base = gradient * CutBase{}.by_base(value[k], base);
      dbase[own.offset() + k] = by_base;
      direct[own.offset() + k] =
          gradient * CutBase{}.by_value(value[k], base) + by_base * (C(1) - flats[k] * win.share<C>());
    }
  }
};

/// Backward 2: gradients of every window's mean and, times 2, of its variance.
template <class T, int Run>
struct StatisticsGradient {
  Windows win;
  Flatness flatness;
  const T* hdr;
  const Compute<T>* mean;
  const Compute<T>* flat;
  const Compute<T>* dbase;
  Compute<T>* dmean;
  Compute<T>* dvariance2;
  DUHDR_HD void operator()(std::int64_t image, std::int64_t y, std::int64_t run) const {
    using C = Compute<T>;
    const Elements<Run> own{win, image, y, run * Run};
    C center[Run] = {}, sum[Run] = {}, flats[Run] = {};
    for (int k = 0; k < own.count(); ++k) center[k] = mean[own.offset() + k];
    own.scatter([&](int k, std::int64_t at) {
      sum[k] += dbase[at];
      flats[k] += dbase[at] * (center[k] - static_cast<C>(hdr[at]));
    });
    for (int k = 0; k < own.count(); ++k) {
      const C f = flat[own.offset() + k];
      dmean[own.offset() + k] = sum[k] * win.share<C>() * f;
      dvariance2[own.offset() + k] = C(2) * flats[k] * win.share<C>() * flatness.derivative(f);
    }
  }
};

/// Backward 3: hdr's gradient.
template <class T, int Run>
struct InputGradient {
  Windows win;
  const T* hdr;
  const Compute<T>* mean;
  const Compute<T>* direct;
  const Compute<T>* dmean;
  const Compute<T>* dvariance2;
  T* dx;
  DUHDR_HD void operator()(std::int64_t image, std::int64_t y, std::int64_t run) const {
    using C = Compute<T>;
    const Elements<Run> own{win, image, y, run * Run};
    C value[Run] = {}, sum[Run] = {};
    for (int k = 0; k < own.count(); ++k) value[k] = static_cast<C>(hdr[own.offset() + k]);
    own.scatter([&](int k, std::int64_t at) { sum[k] += dmean[at] + dvariance2[at] * (value[k] - mean[at]); });
    for (int k = 0; k < own.count(); ++k) dx[own.offset() + k] = T(direct[own.offset() + k] + sum[k] * win.share<C>());
  }
};

constexpr int cpu_run = 64;

/// Runs Kernel<T, run> over every row of the images; the other arguments are the kernel's fields.
template <template <class, int> class Kernel, class T, class... Fields>
void launch(const Tensor& image, const Windows& win, const Fields&... fields) {
  const std::int64_t n = image.shape().n();
  if (image.device().is_cuda()) {
    for_each_pixel(image.device(), n, win.h, win.row(), Kernel<T, 1>{win, fields...});
  } else {
    const std::int64_t runs = (win.row() + cpu_run - 1) / cpu_run;
    for_each_pixel(image.device(), n, win.h, runs, Kernel<T, cpu_run>{win, fields...});
  }
}

/// Gradient of hdr; mean and flat are those of the forward pass.
template <class T>
Tensor gradient_of(const Tensor& hdr, const Tensor& mean, const Tensor& flat, const Windows& win, Flatness flatness,
                   const Tensor& dy) {
  using C = Compute<T>;
  Tensor dbase(mean.shape(), mean.dtype(), mean.device()), direct(mean.shape(), mean.dtype(), mean.device());
  Tensor dmean(mean.shape(), mean.dtype(), mean.device()), dvariance2(mean.shape(), mean.dtype(), mean.device());
  Tensor dx(hdr.shape(), hdr.dtype(), hdr.device());
  launch<BaseGradient, T>(hdr, win, hdr.data<T>(), mean.data<C>(), flat.data<C>(), dy.data<T>(),
                          dbase.mutable_data<C>(), direct.mutable_data<C>());
  launch<StatisticsGradient, T>(hdr, win, flatness, hdr.data<T>(), mean.data<C>(), flat.data<C>(), dbase.data<C>(),
                                dmean.mutable_data<C>(), dvariance2.mutable_data<C>());
  launch<InputGradient, T>(hdr, win, hdr.data<T>(), mean.data<C>(), direct.data<C>(), dmean.data<C>(),
                           dvariance2.data<C>(), dx.mutable_data<T>());
  return dx;
}

}  // namespace

Variable truncation(const Variable& input, const TruncationDesc& desc) {
  const Tensor hdr = input.value();
  const Shape shape = hdr.shape();
  DUHDR_CHECK(shape.rank() == 4, "truncation of ", shape, ", wanted [N, H, W, C]");
  DUHDR_CHECK(desc.radius >= 0 && desc.eps > 0, "truncation with radius ", desc.radius, " and eps ", desc.eps);
  const Windows win{shape.h(), shape.w(), shape.c(), desc.radius};
  const Flatness flatness{desc.eps};
  const DType arithmetic = hdr.dtype() == DType::f64 ? DType::f64 : DType::f32;
  Tensor out(shape, hdr.dtype(), hdr.device());
  Tensor mean(shape, arithmetic, hdr.device()), flat(shape, arithmetic, hdr.device());
  with_float_type(hdr.dtype(), [&](auto type) {
    using T = decltype(type);
    using C = Compute<T>;
    launch<Statistics, T>(hdr, win, flatness, hdr.data<T>(), mean.mutable_data<C>(), flat.mutable_data<C>());
    launch<Cut, T>(hdr, win, hdr.data<T>(), mean.data<C>(), flat.data<C>(), out.mutable_data<T>());
  });
  reads({.before = 2 * desc.radius, .after = 2 * desc.radius});  // a window of windows
  return Variable::of_op(out, {input}, [=](const Tensor& dy, const std::vector<bool>&) {
    return with_float_type(hdr.dtype(), [&](auto type) {
      return std::vector<Tensor>{gradient_of<decltype(type)>(hdr, mean, flat, win, flatness, dy)};
    });
  });
}

}  // namespace duhdr
