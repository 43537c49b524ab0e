// SPDX-License-Identifier: Apache-2.0
// Metrics of what is seen, of pictures like those that are evaluated.
#include <cmath>
#include <vector>

#include "bench/bench.h"
#include "metrics/crf_correction.h"
#include "metrics/hdr_vdp3.h"
#include "metrics/ssim.h"
#include "tensor/safetensors.h"
#include "tests/golden/fill.h"

namespace duhdr::bench {
namespace {

struct Pair {
  Tensor estimate, truth;  // f32 [1, H, W, 3], cd/m2
};

/// Soft shapes from 0.1 to 1000 cd/m2, and the same with another gain, cast and grain.
Pair pair_of(std::int64_t height, std::int64_t width) {
  const Shape shape{1, height, width, 3};
  Tensor estimate(shape, DType::f32), truth(shape, DType::f32);
  float *e = estimate.mutable_data<float>(), *t = truth.mutable_data<float>();
  golden::fill("bench/grain", {0.95, 1.05}, {e, static_cast<std::size_t>(estimate.numel())});
  for (std::int64_t y = 0; y < height; ++y)
    for (std::int64_t x = 0; x < width; ++x)
      for (std::int64_t c = 0; c < 3; ++c) {
        const auto at = [](std::int64_t i, double period) { return std::sin(static_cast<double>(i) / period); };
        const double soft = at(x + 2 * c, 41) * at(y, 29) + .5 * at(x - y, 7 + static_cast<double>(c)) * at(x + y, 97);
        const float light = std::pow(10.F, static_cast<float>(1 + 4 * soft / 3));
        *t++ = light;
        *e++ *= (c == 2 ? 1.1F : 1.3F) * light;
      }
  return {estimate, truth};
}

struct Metric {
  std::string name;
  std::function<Tensor(const Pair&)> value;
  std::string file, folder, golden;  // of the pair and of its value: tests/golden/data
  double allowed;                    // normalised square error
};

Tensor number(double value) { return Tensor::of<double>(Shape{1}, std::vector{value}); }

Tensor vdp(const Pair& pair, DType type) { return number(hdr_vdp3(pair.estimate.to(type), pair.truth.to(type)).q); }

const std::vector<Metric> metrics{
    {"hdr-vdp3/f32", [](const Pair& p) { return vdp(p, DType::f32); }, "hdr_vdp3", "rgb-bt.709/office/", "q", 1e-9},
    {"hdr-vdp3/f64", [](const Pair& p) { return vdp(p, DType::f64); }, "hdr_vdp3", "rgb-bt.709/office/", "q", 1e-20},
    {"pu21-ssim", [](const Pair& p) { return number(pu21_ssim(p.estimate, p.truth)); }, "metrics", "", "pu21-ssim",
     1e-10},
    {"pu21-ms-ssim", [](const Pair& p) { return number(pu21_ms_ssim(p.estimate, p.truth)); }, "metrics", "",
     "pu21-ms-ssim", 1e-10},
    {"crf-correction", [](const Pair& p) { return crf_corrected(p.estimate, p.truth); }, "metrics", "", "crf-corrected",
     1e-10},
};

std::string check(const Metric& metric) {
  const TensorFile file = read_safetensors(DUHDR_TEST_DATA "/golden/data/" + metric.file + ".safetensors");
  const auto tensor = [&](const std::string& name) { return file.tensors.at(metric.folder + name); };
  const double error = square_error(metric.value({tensor("estimate"), tensor("truth")}), tensor(metric.golden));
  return error <= metric.allowed ? std::string() : message("error ", error, ", allowed ", metric.allowed);
}

Work work_of(const Metric& metric, std::int64_t height, std::int64_t width) {
  return {[&metric, pair = pair_of(height, width)] { benchmark::DoNotOptimize(metric.value(pair).raw()); }};
}

}  // namespace

void add_metric_benchmarks(const Settings& settings) {
  if (!settings.device.is_cpu()) return;
  for (const auto& [height, width] : {std::pair<std::int64_t, std::int64_t>{512, 512}, {1080, 1920}})
    for (const Metric& metric : metrics)
      add_benchmark({message("metric/", metric.name, '/', height, 'x', width),
                     0,
                     {},
                     [&metric] { return check(metric); },
                     [&metric, height = height, width = width] { return work_of(metric, height, width); }},
                    settings);
}

}  // namespace duhdr::bench
