// SPDX-License-Identifier: Apache-2.0
#include "data/virtual_camera.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "data/augment.h"
#include "data/curve_basis.h"
#include "data/draws.h"
#include "data/exposure.h"
#include "data/optics.h"
#include "image/encode.h"
#include "image/image.h"

namespace duhdr {
namespace {

/// Counter values of a photograph's draws. The field of the noise has all from its own on that a picture needs.
enum Counter : std::uint64_t {
  exposure,
  curve,
  quality,
  signal_noise,
  constant_noise = 6,
  noise_field = 16,
  clips_nothing = std::uint64_t{1} << 48,
  red_gain,
  blue_gain,
  has_glare,
  glare_share,
  has_blur,
  blur_sigma,
  is_sharpened,
  sharpening_sigma,
  sharpening_amount,
  is_subsampled,
  is_srgb_like
};

/// Scene radiance -> light on the sensor, in its white balance.
Tensor through_lens(const Tensor& scene, const CameraOptions& options, const Philox& draws) {
  Tensor light = scene;
  if (happens(draws, has_glare, options.glare)) light = with_glare(light, log_between(draws, glare_share, 0.003, 0.05));
  if (happens(draws, has_blur, options.blur)) light = blurred(light, between(draws, blur_sigma, 0.3, 1.2));
  if (options.white_balance > 0)
    light = balanced(light, std::exp2(options.white_balance * draws.normal(red_gain)),
                     std::exp2(options.white_balance * draws.normal(blue_gain)));
  return light;
}

/// Inverse of the radiance that clips.
double clipping_gain(const Tensor& light, const CameraOptions& options, const Philox& draws) {
  constexpr double deepest = 0x1p-20;  // of the brightest value: where most of a picture is black, the quantile is 0
  constexpr double black = 1e-30;      // the gain of a picture without any light is finite
  const double brightest = clip_level(light, 0);
  if (happens(draws, clips_nothing, options.unclipped))
    return log_between(draws, exposure, 0.25, 1) / (brightest + black);
  const double share = log_between(draws, exposure, options.clipped_lo, options.clipped_hi);
  return 1 / (std::max(clip_level(light, share), deepest * brightest) + black);
}

/// What the exposure multiplies radiance with.
float gain_for(const Tensor& light, const CameraOptions& options, const Philox& draws) {
  if (options.clip_level > 0) return static_cast<float>(1 / options.clip_level);
  if (options.exposure == CameraOptions::Exposure::clipped)
    return static_cast<float>(clipping_gain(light, options, draws));
  const float* radiance = light.data<float>();
  double sum = 0;
  for (std::int64_t i = 0; i < light.numel(); ++i) sum += radiance[i];
  const double ev = between(draws, exposure, options.exposure_lo, options.exposure_hi);
  return static_cast<float>(0.5 / (sum / static_cast<double>(light.numel()) + 1e-6) * std::exp2(ev));
}

/// radiance -> H: exposure, noise, cut at 0. Both noises are normal and independent, so their sum is drawn as one
/// normal with the sum of their variances.
Tensor expose(const Tensor& light, const CameraOptions& options, const Philox& draws) {
  const float* radiance = light.data<float>();
  const std::int64_t count = light.numel();
  const float gain = gain_for(light, options, draws);

  std::array<float, 3> by_signal{}, constant{};  // variances
  for (std::size_t c = 0; c < 3; ++c) {
    const double s = options.signal_noise * draws.uniform(signal_noise + c);
    const double k = options.constant_noise * draws.uniform(constant_noise + c);
    by_signal[c] = static_cast<float>(s * s);
    constant[c] = static_cast<float>(k * k);
  }
  Tensor out(light.shape(), DType::f32);
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

std::size_t choose_curve(const CameraCurves& curves, const CameraOptions& options, const Philox& draws) {
  const auto one_of = [&](std::size_t count) {
    return static_cast<std::size_t>(pick(draws, curve, static_cast<std::int64_t>(count)));
  };
  if (!happens(draws, is_srgb_like, options.srgb_like)) return one_of(curves.forward.size());
  DUHDR_CHECK(!curves.srgb_like.empty(), "no curves like sRGB's");
  return curves.srgb_like[one_of(curves.srgb_like.size())];
}

/// Unsharp mask: each value plus its difference from a blurred picture, times the amount.
Tensor sharpened(const Tensor& encoded, const Philox& draws) {
  Tensor out = blurred(encoded, between(draws, sharpening_sigma, 0.7, 1.5));
  const auto amount = static_cast<float>(between(draws, sharpening_amount, 0.2, 0.8));
  const float* from = encoded.data<float>();
  float* to = out.mutable_data<float>();
  for (std::int64_t i = 0; i < out.numel(); ++i) to[i] = from[i] + amount * (from[i] - to[i]);
  return out;
}

/// I_n -> L: sharpened, in 8 bits, compressed.
Tensor stored(const Tensor& encoded, const CameraOptions& options, const Philox& draws) {
  const bool sharp = happens(draws, is_sharpened, options.sharpen);
  const Tensor codes = codes_of(sharp ? sharpened(encoded, draws) : encoded);
  if (options.jpeg_lo == 0 && options.jpeg_hi == 0) return values_of(codes);
  const auto jpeg_quality =
      static_cast<int>(options.jpeg_lo + pick(draws, quality, options.jpeg_hi - options.jpeg_lo + 1));
  const bool half = happens(draws, is_subsampled, options.subsampling);
  const Bytes jpeg = encode_jpeg(codes, jpeg_quality, half ? ChromaSampling::half : ChromaSampling::full);
  return decode_image(jpeg, "virtual camera").pixels;
}

}  // namespace

Sample photograph(const Tensor& scene, const CameraCurves& curves, const CameraOptions& options, const Philox& draws) {
  DUHDR_CHECK(scene.shape().rank() == 4 && scene.shape().n() == 1 && scene.shape().c() == 3 && scene.numel() > 0,
              "scene ", scene.shape());
  DUHDR_CHECK(!curves.forward.empty() && curves.forward.size() == curves.inverse.size(), "no curves");
  const std::size_t chosen = choose_curve(curves, options, draws);
  DUHDR_CHECK(curves.forward[chosen].size() == curve_samples && curves.inverse[chosen].size() == curve_samples,
              "a curve of ", curves.forward[chosen].size(), " samples");
  Sample sample;
  sample.pairing = Pairing::synthesised;
  sample.hdr = expose(through_lens(scene, options, draws), options, draws);
  develop(sample, curves.forward[chosen]);
  sample.ldr = stored(sample.encoded, options, draws);
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
