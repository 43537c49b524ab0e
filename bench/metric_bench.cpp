// SPDX-License-Identifier: Apache-2.0
// The metrics of pictures that take time, each on one pair.
#include <cmath>

#include "bench/bench.h"
#include "metrics/crf_correction.h"
#include "metrics/hdr_vdp3.h"
#include "metrics/psnr.h"
#include "metrics/ssim.h"

namespace duhdr::bench {
namespace {

struct Pair {
  Tensor test, reference;  // cd/m2
};

/// Waves of many sizes from 1 to 1000 cd/m2, and the same with its highlights cut and another curve.
Pair pair_of(std::int64_t height, std::int64_t width, DType type) {
  Tensor test(Shape{1, height, width, 3}, DType::f64), reference(test.shape(), DType::f64);
  double *t = test.mutable_data<double>(), *r = reference.mutable_data<double>();
  for (std::int64_t i = 0; i < test.numel(); ++i) {
    const double x = static_cast<double>(i / 3 % width), y = static_cast<double>(i / 3 / width);
    const double wave = std::sin(x / 7 + y / 31) + std::sin(x / 53 - y / 19) + std::sin(x * y / 9973);
    r[i] = std::pow(10, 1.5 + 0.5 * wave) * (1 + 0.1 * static_cast<double>(i % 3));
    t[i] = 1.1 * std::pow(std::min(r[i], 400.0), 0.95);
  }
  return {test.to(type), reference.to(type)};
}

struct Row {
  const char* name;
  double (*measure)(const Pair& pair);
};

double corrected(const Pair& pair) { return crf_corrected(pair.test, pair.reference).data<float>()[0]; }

constexpr Row rows[] = {
    {"hdr-vdp-3", [](const Pair& pair) { return hdr_vdp3(pair.test, pair.reference).q; }},
    {"pu21-psnr", [](const Pair& pair) { return pu21_psnr(pair.test, pair.reference); }},
    {"pu21-ssim", [](const Pair& pair) { return pu21_ssim(pair.test, pair.reference); }},
    {"pu21-ms-ssim", [](const Pair& pair) { return pu21_ms_ssim(pair.test, pair.reference); }},
    {"crf-correction", corrected},
};

/// HDR-VDP-3 in float against double; the others have one arithmetic, and their tests.
std::string check(const Row& row) {
  constexpr std::int64_t side = 96;
  constexpr double allowed = 1e-3;
  const double value = row.measure(pair_of(side, side, DType::f32));
  if (!std::isfinite(value)) return message("the result is ", value);
  if (row.measure != rows[0].measure) return {};
  const double exact = row.measure(pair_of(side, side, DType::f64));
  return std::abs(value - exact) <= allowed ? std::string()
                                            : message("Q is ", value, ", in double ", exact, ", allowed ", allowed);
}

}  // namespace

void add_metric_benchmarks(const Settings& settings) {
  constexpr std::pair<std::int64_t, std::int64_t> sizes[] = {{512, 512}, {1080, 1920}};
  for (const Row& row : rows)
    for (const auto& [height, width] : sizes)
      add_benchmark({.name = message("metric/", row.name, '/', width, 'x', height),
                     .bytes = {},
                     .check = [&row] { return check(row); },
                     .prepare =
                         [&row, height = height, width = width] {
                           const Pair pair = pair_of(height, width, DType::f32);
                           return Work{[&row, pair] { benchmark::DoNotOptimize(row.measure(pair)); }};
                         }},
                    settings);
}

}  // namespace duhdr::bench
