// SPDX-License-Identifier: Apache-2.0
#include "metrics/hdr_vdp3.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <vector>

#include "metrics/vdp/csf.h"
#include "metrics/vdp/elementary.h"
#include "metrics/vdp/glare.h"
#include "metrics/vdp/masking.h"
#include "metrics/vdp/pyramid.h"
#include "metrics/vdp/receptors.h"
#include "metrics/vdp/resize.h"

namespace duhdr {
namespace {

using vdp::map;
using vdp::Plane;

template <class T>
using Channels = std::vector<Plane<T>>;

/// Step 1: the light of the display's own primaries.
template <class T>
Channels<T> channels(const Tensor& picture, VdpEncoding encoding) {
  constexpr std::array<std::array<double, 3>, 3> from_709{
      {{1.11061635, .00304895, .00103843}, {-.00664494, .97723337, -.00213034}, {.00332000, .01440337, .99032473}}};
  constexpr double darkest = 1e-6, brightest = 1e30;  // beyond, sums over a picture could overflow
  const std::int64_t height = picture.shape().h(), width = picture.shape().w(), count = picture.shape()[3];
  Channels<T> out;
  for (std::int64_t c = 0; c < count; ++c) out.emplace_back(height, width);
  const T* values = picture.data<T>();
  vdp::for_rows(height, [&](std::int64_t y) {
    for (std::int64_t x = 0; x < width; ++x) {
      const T* pixel = values + (y * width + x) * count;
      for (std::size_t c = 0; c < out.size(); ++c) {
        auto value = static_cast<double>(pixel[c]);
        if (encoding == VdpEncoding::rgb_bt709)
          value =
              std::max(from_709[c][0] * static_cast<double>(pixel[0]) + from_709[c][1] * static_cast<double>(pixel[1]) +
                           from_709[c][2] * static_cast<double>(pixel[2]),
                       darkest);
        out[c].row(y)[x] = static_cast<T>(std::clamp(value, -brightest, brightest));
      }
    }
  });
  return out;
}

/// Step 2, for both pictures at once.
template <class T>
void scatter(Channels<T>& test, Channels<T>& reference, double pixels_per_degree) {
  const std::int64_t height = test[0].height(), width = test[0].width();
  const vdp::Glare glare(height, width, pixels_per_degree);
  std::vector<std::complex<double>> both(static_cast<std::size_t>(height * width));
  const auto bounded = [](double value) { return static_cast<T>(std::clamp(value, 1e-5, 1e10)); };
  for (std::size_t c = 0; c < test.size(); ++c) {
    vdp::for_rows(height, [&](std::int64_t y) {
      for (std::int64_t x = 0; x < width; ++x)
        both[static_cast<std::size_t>(y * width + x)] = {static_cast<double>(test[c].row(y)[x]),
                                                         static_cast<double>(reference[c].row(y)[x])};
    });
    glare.apply(both.data());
    vdp::for_rows(height, [&](std::int64_t y) {
      for (std::int64_t x = 0; x < width; ++x) {
        const std::complex<double> value = both[static_cast<std::size_t>(y * width + x)];
        test[c].row(y)[x] = bounded(value.real());
        reference[c].row(y)[x] = bounded(value.imag());
      }
    });
  }
}

/// Step 10's mask: 1 where a channel differs by more than a thousandth.
template <class T>
Plane<T> different(const Channels<T>& test, const Channels<T>& reference) {
  const auto differs = [](T t, T r) { return std::abs(t - r) / r > static_cast<T>(0.001); };
  Plane<T> mask = map([&](T t, T r) { return differs(t, r) ? T(1) : T(0); }, test[0], reference[0]);
  for (std::size_t c = 1; c < test.size(); ++c)
    mask = map([&](T before, T t, T r) { return differs(t, r) ? T(1) : before; }, mask, test[c], reference[c]);
  return mask;
}

/// Both pictures as the nerves get them.
template <class T>
struct Seen {
  std::vector<Plane<T>> test, reference;  // bands
  Plane<T> log10_adaptation, different;
};

/// Steps 1 to 7.
template <class T>
Seen<T> seen(const Tensor& test, const Tensor& reference, const HdrVdp3Options& options) {
  const double pixels_per_degree = options.pixels_per_degree;
  Channels<T> t = channels<T>(test, options.encoding), r = channels<T>(reference, options.encoding);
  const Plane<T> mask = different(t, r);
  if (options.glare) scatter(t, r, pixels_per_degree);
  const vdp::Retina<T> of_t = vdp::retina(t, pixels_per_degree), of_r = vdp::retina(r, pixels_per_degree);
  t.clear();
  r.clear();
  const auto log10_mean = [](T a, T b) {
    return vdp::log10(std::clamp((a + b) / 2, static_cast<T>(1e-5), static_cast<T>(1e5)));
  };
  return {vdp::pyramid(of_t.response, pixels_per_degree), vdp::pyramid(of_r.response, pixels_per_degree),
          map(log10_mean, of_t.adaptation, of_r.adaptation), mask};
}

/// Step 8: of the band `k` of so many.
template <class T>
Plane<T> sensitivity(const Plane<T>& difference, const Plane<T>& log10_adaptation, std::size_t k, std::size_t bands,
                     const HdrVdp3Options& options) {
  const double frequency = options.pixels_per_degree / 2 / static_cast<double>(std::int64_t{1} << k);
  const Plane<T> adaptation = resized(log10_adaptation, difference.height(), difference.width());
  if (k + 1 < bands) {
    const vdp::CsfTable<T> table(frequency, options.glare);
    return map([&](T value) { return table.at(value); }, adaptation);
  }
  const double rho = vdp::dominant_frequency(difference, 4 * frequency);
  const double mean = vdp::mean_of(adaptation, [](T value) { return std::clamp(value, T(-5), T(5)); });
  const auto everywhere = static_cast<T>(vdp::neural_csf(rho, std::pow(10, mean), options.glare));
  return map([everywhere](T) { return everywhere; }, difference);
}

/// Steps 8 to 10: the pooled error of a band, given the mutual masking of all.
template <class T>
Plane<T> band_error(const Seen<T>& seen, const std::vector<Plane<T>>& masking, std::size_t k,
                    const HdrVdp3Options& options) {
  const std::size_t bands = masking.size();
  const Plane<T> difference = map([](T t, T r) { return t - r; }, seen.test[k], seen.reference[k]);
  const std::int64_t height = difference.height(), width = difference.width();
  Plane<T> neighbours = map([](T) { return T(0); }, difference);
  const auto add = [&](const Plane<T>& other) {
    neighbours =
        map([](T sum, T value) { return sum + std::max(value, T(0)); }, neighbours, resized(other, height, width));
  };
  if (k > 0) add(masking[k - 1]);
  if (k + 2 < bands) add(masking[k + 1]);
  return vdp::pooled_error(difference, sensitivity(difference, seen.log10_adaptation, k, bands, options), masking[k],
                           neighbours, resized(seen.different, height, width));
}

template <class T>
HdrVdp3 compare(const Tensor& test, const Tensor& reference, const HdrVdp3Options& options) {
  constexpr double root = 1 / vdp::pooling_exponent;
  const Seen<T> both = seen<T>(test, reference, options);
  const std::size_t bands = both.test.size();
  std::vector<Plane<T>> masking;
  for (std::size_t k = 0; k < bands; ++k) masking.push_back(vdp::mutual_masking(both.test[k], both.reference[k]));
  double error = 0;
  Plane<T> sum;
  for (std::size_t k = 0; k < bands; ++k) {
    const Plane<T> band = band_error(both, masking, k, options);
    error += std::pow(vdp::mean_of(band, [](T d) { return d; }), root) / static_cast<double>(bands);
    if (!options.visibility) continue;
    const Plane<T> all = resized(band, masking[0].height(), masking[0].width());
    sum = k == 0 ? all : map([](T before, T d) { return before + std::max(d, T(0)); }, sum, all);
  }
  HdrVdp3 result;
  result.q = 6 - std::log(std::exp(-4) + error);
  result.q_jod = 10 - .52 * std::pow(std::max(10 - result.q, 0.0), 1.2812);
  if (options.visibility)
    result.visibility =
        map([](T value) { return vdp::power(value, static_cast<T>(root)); }, sum).tensor().to(DType::f32);
  return result;
}

template <class T>
void check_values(const Tensor& picture) {
  const T* value = picture.data<T>();
  for (std::int64_t i = 0; i < picture.numel(); ++i)
    if (!std::isfinite(value[i]))
      throw Error(ExitCode::bad_image, message("HDR-VDP-3: value ", i, " is ", value[i], " (finite allowed)"));
}

void check(const Tensor& test, const Tensor& reference, const HdrVdp3Options& options) {
  const Shape& shape = reference.shape();
  const std::int64_t count = options.encoding == VdpEncoding::luminance ? 1 : 3;
  DUHDR_CHECK(test.shape() == shape && shape.rank() == 4 && shape.n() == 1 && shape[3] == count &&
                  test.dtype() == reference.dtype() && test.device().is_cpu() && reference.device().is_cpu(),
              "HDR-VDP-3 of ", test.shape(), " and ", shape);
  if (std::min(shape.h(), shape.w()) < HdrVdp3::least_side)
    throw Error(ExitCode::bad_image, message("HDR-VDP-3: picture too small (", shape.w(), "x", shape.h(), ", at least ",
                                             HdrVdp3::least_side, " pixels a side)"));
  if (!(options.pixels_per_degree > 4 && options.pixels_per_degree <= 1000))
    throw Error(ExitCode::usage,
                message("HDR-VDP-3: ", options.pixels_per_degree, " pixels a degree (above 4, at most 1000)"));
}

}  // namespace

HdrVdp3 hdr_vdp3(const Tensor& test, const Tensor& reference, const HdrVdp3Options& options) {
  check(test, reference, options);
  const auto run = [&]<class T>(T) {
    check_values<T>(test);
    check_values<T>(reference);
    return compare<T>(test, reference, options);
  };
  DUHDR_CHECK(reference.dtype() == DType::f32 || reference.dtype() == DType::f64, "HDR-VDP-3 of ",
              name_of(reference.dtype()));
  return reference.dtype() == DType::f64 ? run(double{}) : run(float{});
}

}  // namespace duhdr
