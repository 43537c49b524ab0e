// SPDX-License-Identifier: Apache-2.0
#include "data/virtual_camera.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "data/augment.h"
#include "data/curve_basis.h"
#include "data/draws.h"
#include "image/encode.h"
#include "image/image.h"

namespace duhdr {
namespace {

/// Counter values of a photograph's draws.
enum Counter : std::uint64_t { exposure, curve, quality, signal_noise, constant_noise = 6, noise_field = 16 };

/// What the exposure multiplies radiance with.
float gain_for(const Tensor& scene, const CameraOptions& options, const Philox& draws) {
  if (options.clip_level > 0) return static_cast<float>(1 / options.clip_level);
  const float* radiance = scene.data<float>();
  double sum = 0;
  for (std::int64_t i = 0; i < scene.numel(); ++i) sum += radiance[i];
  const double ev = options.exposure_lo + (options.exposure_hi - options.exposure_lo) * draws.uniform(exposure);
  return static_cast<float>(0.5 / (sum / static_cast<double>(scene.numel()) + 1e-6) * std::exp2(ev));
}

/// radiance -> H: exposure, noise, cut at 0. Both noises are normal and independent, so their sum is drawn as one
/// normal with the sum of their variances.
Tensor expose(const Tensor& scene, const CameraOptions& options, const Philox& draws) {
  const float* radiance = scene.data<float>();
  const std::int64_t count = scene.numel();
  const float gain = gain_for(scene, options, draws);

  std::array<float, 3> by_signal{}, constant{};  // variances
  for (std::size_t c = 0; c < 3; ++c) {
    const double s = options.signal_noise * draws.uniform(signal_noise + c);
    const double k = options.constant_noise * draws.uniform(constant_noise + c);
    by_signal[c] = static_cast<float>(s * s);
    constant[c] = static_cast<float>(k * k);
  }
  Tensor out(scene.shape(), DType::f32);
  float* h = out.mutable_data<float>();
  if (options.signal_noise == 0 && options.constant_noise == 0) {
    for (std::int64_t i = 0; i < count; ++i) h[i] = gain * radiance[i];
    return out;
  }
  fill_normal(draws, noise_field, {h, static_cast<std::size_t>(count)});
  for (std::int64_t i = 0; i < count; i += 3)
    for (std::size_t c = 0; c < 3; ++c) {
      float& value = h[i + static_cast<std::int64_t>(c)];
      const float signal = gain * radiance[i + static_cast<std::int64_t>(c)];
      value = std::max(0.0f, signal + value * std::sqrt(by_signal[c] * signal * signal + constant[c]));
    }
  return out;
}

/// clipped = min(1, H) and encoded = response(clipped), linear between the samples of the curve.
void develop(Sample& sample, const std::vector<double>& response) {
  constexpr int last = curve_samples - 1;
  std::array<float, curve_samples + 1> table{};  // one more: the upper neighbour of the last sample
  std::transform(response.begin(), response.end(), table.begin(),
                 [](double value) { return static_cast<float>(value); });
  table.back() = table[last];
  sample.clipped = Tensor(sample.hdr.shape(), DType::f32);
  sample.encoded = Tensor(sample.hdr.shape(), DType::f32);
  const float* h = sample.hdr.data<float>();
  float* clipped = sample.clipped.mutable_data<float>();
  float* encoded = sample.encoded.mutable_data<float>();
  for (std::int64_t i = 0; i < sample.hdr.numel(); ++i) {
    clipped[i] = std::min(1.0f, h[i]);
    const float t = static_cast<float>(last) * clipped[i];
    const int low = static_cast<int>(t);
    const float share = t - static_cast<float>(low);
    const float* g = table.data() + low;
    encoded[i] = (1.0f - share) * g[0] + share * g[1];
  }
}

}  // namespace

Sample photograph(const Tensor& scene, const CameraCurves& curves, const CameraOptions& options, const Philox& draws) {
  DUHDR_CHECK(scene.shape().rank() == 4 && scene.shape().n() == 1 && scene.shape().c() == 3 && scene.numel() > 0,
              "scene ", scene.shape());
  DUHDR_CHECK(!curves.forward.empty() && curves.forward.size() == curves.inverse.size(), "no curves");
  const auto chosen = static_cast<std::size_t>(pick(draws, curve, static_cast<std::int64_t>(curves.forward.size())));
  DUHDR_CHECK(curves.forward[chosen].size() == curve_samples && curves.inverse[chosen].size() == curve_samples,
              "a curve of ", curves.forward[chosen].size(), " samples");
  Sample sample;
  sample.pairing = Pairing::synthesised;
  sample.hdr = expose(scene, options, draws);
  develop(sample, curves.forward[chosen]);
  const Tensor codes = codes_of(sample.encoded);
  if (options.jpeg_lo == 0 && options.jpeg_hi == 0) {
    sample.ldr = values_of(codes);
  } else {
    const auto jpeg_quality = options.jpeg_lo + pick(draws, quality, options.jpeg_hi - options.jpeg_lo + 1);
    sample.ldr = decode_image(encode_jpeg(codes, static_cast<int>(jpeg_quality)), "virtual camera").pixels;
  }
  sample.inverse_curve = Tensor({1, curve_samples}, DType::f32);
  std::transform(curves.inverse[chosen].begin(), curves.inverse[chosen].end(),
                 sample.inverse_curve.mutable_data<float>(), [](double value) { return static_cast<float>(value); });
  sample.weight = exposure_weight(sample.ldr);
  return sample;
}

float exposure_weight(const Tensor& ldr) {
  constexpr float bright = 249.0f, dark = 6.0f;
  constexpr float rounding = 1e-3f;  // grey of whole codes is a multiple of 0.001: half of that would do
  const float* rgb = ldr.data<float>();
  const std::int64_t pixels = ldr.numel() / 3;
  std::int64_t over = 0, under = 0;
  for (std::int64_t i = 0; i < pixels; ++i, rgb += 3) {
    const float grey = 255.0f * (0.299f * rgb[0] + 0.587f * rgb[1] + 0.114f * rgb[2]);
    over += grey > bright - 0.5f * rounding ? 1 : 0;
    under += grey < dark + 0.5f * rounding ? 1 : 0;
  }
  return 2 * over > pixels || 2 * under > pixels ? 0.0f : 1.0f;
}

}  // namespace duhdr
