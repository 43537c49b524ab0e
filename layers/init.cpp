// SPDX-License-Identifier: Apache-2.0
#include "layers/init.h"

#include <cmath>

#include "base/random.h"

namespace duhdr {
namespace {

std::uint64_t fnv1a(std::string_view text) {
  std::uint64_t hash = 0xCBF29CE484222325ull;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ull;
  return hash;
}

double fan_in_of(const Shape& weight) {
  return static_cast<double>(weight[1] * (weight.rank() == 4 ? weight[2] * weight[3] : 1));
}

constexpr float bilinear[] = {0.25f, 0.75f, 0.75f,
                              0.25f};  // along an axis: pixel i at the four nearest of twice as many

float uniform(const Philox& random, std::uint64_t index, double bound) {
  return static_cast<float>((2 * random.uniform(index) - 1) * bound);
}

}  // namespace

Tensor initial_weight(Shape shape, Init init, std::uint64_t seed, std::string_view full_name) {
  Tensor weight = Tensor::zeros(shape, DType::f32);
  float* values = weight.mutable_data<float>();
  const std::int64_t area = shape.rank() == 4 ? shape[2] * shape[3] : 1;
  const double fan_in = fan_in_of(shape), fan_out = static_cast<double>(shape[0] * area);
  const Philox random(seed, fnv1a(full_name));
  const double bound = std::sqrt(6 / (fan_in + fan_out)), deviation = std::sqrt(2 / fan_in);
  for (std::int64_t i = 0; i < weight.numel(); ++i) {
    const auto index = static_cast<std::uint64_t>(i);
    switch (init) {
      case Init::glorot_uniform:
        values[i] = uniform(random, index, bound);
        break;
      case Init::fan_in_uniform:
        values[i] = uniform(random, index, 1 / std::sqrt(fan_in));
        break;
      case Init::he_normal:
        values[i] = static_cast<float>(random.normal(index) * deviation);
        break;
      case Init::zero:
        break;
      case Init::addition:
        values[i] = i % shape[1] % shape[0] == i / shape[1] ? 1.f : 0.f;
        break;
      case Init::bilinear:
        values[i] = i / area / shape[1] == i / area % shape[1] ? bilinear[i / 4 % 4] * bilinear[i % 4] : 0.f;
        break;
    }
  }
  return weight;
}

Tensor initial_bias(std::int64_t outputs, const Shape& weight, Init init, double constant, std::uint64_t seed,
                    std::string_view full_name) {
  Tensor bias = Tensor::full(Shape{outputs}, constant, DType::f32);
  if (init != Init::fan_in_uniform) return bias;
  const Philox random(seed, fnv1a(full_name));
  const double bound = 1 / std::sqrt(fan_in_of(weight));
  for (std::int64_t i = 0; i < bias.numel(); ++i)
    bias.mutable_data<float>()[i] = uniform(random, static_cast<std::uint64_t>(i), bound);
  return bias;
}

}  // namespace duhdr
