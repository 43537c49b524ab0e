// Deterministic weights and inputs without files; fill.py is the same rule in Python.
//
// value(name, i) = float(lo + (hi - lo) * u),
// u = the top 24 bits of splitmix64(key(name) + (i + 1) * golden) / 2^24,
// key(name) = FNV-1a 64 of the UTF-8 name,
// i = flat index (NHWC order for images, PyTorch order for parameters).

#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <span>
#include <string_view>
#include <utility>

namespace duhdr::golden {

struct Range {
  double lo, hi;
};

// Gains of layers whose scale matters (all others: 1). First matching suffix wins.
inline constexpr std::array<std::pair<std::string_view, double>, 6> gains{{
    {"expandnet.head.weight", 1.0},
    {"dnet.head.weight", 0.1},
    {"oonet.head.weight", 0.1},
    {".fc.weight", 0.05},
    {"itnet.bottleneck.conv.weight", 1.0 / 255.0},
    {"hdrcnn.bottleneck.conv.weight", 1.0 / 255.0},
}};

// FNV-1a 64.
constexpr std::uint64_t key_of(std::string_view name) {
  std::uint64_t key = 0xCBF29CE484222325u;
  for (char c : name) key = (key ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
  return key;
}

// Value i of the tensor with this key, uniform in [lo, hi).
constexpr float fill_value(std::uint64_t key, std::uint64_t i, double lo, double hi) {
  std::uint64_t z = key + (i + 1) * 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  z ^= z >> 31;
  const double u = static_cast<double>(z >> 40) / 16777216.0;
  return static_cast<float>(lo + (hi - lo) * u);
}

// All values of the tensor `name`, in flat order.
constexpr void fill(std::string_view name, Range range, std::span<float> out) {
  const std::uint64_t key = key_of(name);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = fill_value(key, i, range.lo, range.hi);
}

// True if the parameter belongs to a BatchNorm: module called bn*, or a projection shortcut's
// second part.
constexpr bool is_norm(std::string_view name) {
  const std::string_view module = name.substr(0, name.rfind('.'));
  const std::string_view last = module.substr(module.rfind('.') + 1);
  return last.starts_with("bn") || module.ends_with("downsample.1");
}

// Range of a network parameter; fan_in = product of all dimensions but the first.
inline Range range_of(std::string_view name, std::span<const std::int64_t> shape) {
  if (name.ends_with("running_mean")) return {-0.2, 0.2};
  if (name.ends_with("running_var")) return {0.5, 1.5};
  if (is_norm(name)) return name.ends_with(".weight") ? Range{0.5, 1.5} : Range{-0.2, 0.2};
  if (name == "itnet.fuse0.bias") return {0.1, 0.5};
  if (name.ends_with(".bias")) return {-0.1, 0.1};
  double gain = 1.0;
  for (const auto& [suffix, value] : gains) {
    if (!name.ends_with(suffix)) continue;
    gain = value;
    break;
  }
  double fan_in = 1.0;
  for (std::int64_t size : shape.subspan(1)) fan_in *= static_cast<double>(size);
  const double bound = gain * std::sqrt(6.0 / fan_in);
  return {-bound, bound};
}

// Mean curve at sample i: x^(1/2.2) for nnet, x^2.2 else, x = i / (samples - 1).
inline float curve_mean_value(std::string_view name, std::int64_t i, std::int64_t samples) {
  const double x = static_cast<double>(i) / static_cast<double>(samples - 1);
  return static_cast<float>(std::pow(x, name.starts_with("nnet.") ? 1.0 / 2.2 : 2.2));
}

// Basis vector j at sample i: sin(pi * (j + 1) * x) / sqrt(samples / 2), exactly zero at both ends.
inline float curve_basis_value(std::int64_t i, std::int64_t j, std::int64_t samples) {
  if (i == 0 || i == samples - 1) return 0.0f;
  const double x = static_cast<double>(i) / static_cast<double>(samples - 1);
  const double angle = std::numbers::pi * static_cast<double>(j + 1) * x;
  return static_cast<float>(std::sin(angle) / std::sqrt(static_cast<double>(samples) / 2.0));
}

// All values of a network parameter or buffer, in PyTorch order; curve.mean and curve.basis
// included.
inline void fill_parameter(std::string_view name, std::span<const std::int64_t> shape, std::span<float> out) {
  std::int64_t i = 0;
  if (name.ends_with("curve.mean")) {
    for (float& value : out) value = curve_mean_value(name, i++, shape[0]);
  } else if (name.ends_with("curve.basis")) {
    for (float& value : out) {
      value = curve_basis_value(i / shape[1], i % shape[1], shape[0]);
      ++i;
    }
  } else {
    fill(name, range_of(name, shape), out);
  }
}

}  // namespace duhdr::golden
