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

}  // namespace

Tensor initial_weight(Shape shape, Init init, std::uint64_t seed, std::string_view full_name) {
  Tensor weight = Tensor::zeros(shape, DType::f32);
  float* values = weight.mutable_data<float>();
  const std::int64_t area = shape.rank() == 4 ? shape[2] * shape[3] : 1;
  const auto fan_in = static_cast<double>(shape[1] * area), fan_out = static_cast<double>(shape[0] * area);
  const Philox random(seed, fnv1a(full_name));
  const double bound = std::sqrt(6 / (fan_in + fan_out)), deviation = std::sqrt(2 / fan_in);
  for (std::int64_t i = 0; i < weight.numel(); ++i) {
    const auto index = static_cast<std::uint64_t>(i);
    switch (init) {
      case Init::glorot_uniform:
        values[i] = static_cast<float>((2 * random.uniform(index) - 1) * bound);
        break;
      case Init::he_normal:
        values[i] = static_cast<float>(random.normal(index) * deviation);
        break;
      case Init::zero:
        break;
      case Init::addition:
        values[i] = i % shape[1] % shape[0] == i / shape[1] ? 1.f : 0.f;
        break;
    }
  }
  return weight;
}

}  // namespace duhdr
