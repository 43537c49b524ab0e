// SPDX-License-Identifier: Apache-2.0
#include "tests/cases/training_case.h"

#include <algorithm>
#include <cmath>

#include "base/json.h"
#include "models/expandnet/expandnet_model.h"
#include "models/hdrcnn/hdrcnn_model.h"
#include "tensor/safetensors.h"
#include "tests/cases/network_golden.h"
#include "tests/support/fill_module.h"
#include "tests/support/golden_files.h"

namespace duhdr::test {
namespace {

// As in make_training.py.
constexpr std::int64_t images = 2, side = 64, cell = 8, curve_samples = 1024;

DuHdrConfig config_of(const TrainingCase& c) {
  DuHdrConfig config = golden_config(c.options);
  set_widths(config, c.widths);
  return config;
}

std::unique_ptr<Model> model_of(const TrainingCase& c) {
  if (c.stage().family == "expandnet")
    return std::make_unique<ExpandNetModel>(expandnet_config(c.widths.at("expandnet")));
  if (c.stage().family == "hdrcnn") return std::make_unique<HdrcnnModel>(hdrcnn_config(c.widths.at("hdrcnn")));
  return std::make_unique<DuHdr>(config_of(c));
}

/// Image [N, H, W, 3] in [0, scale): 3/4 of a coarse grid enlarged bilinearly and 1/4 of noise. Exact in double before
/// the rounding to float.
Tensor smooth(const std::string& name, double scale = 1) {
  constexpr std::int64_t nodes = side / cell + 1;
  const Tensor grid = filled({images, nodes, nodes}, name + "/coarse", {0, 1});
  Tensor image = filled({images, side, side, 3}, name, {0, 1});
  float* value = image.mutable_data<float>();
  for (std::int64_t n = 0; n < images; ++n)
    for (std::int64_t y = 0; y < side; ++y)
      for (std::int64_t x = 0; x < side; ++x) {
        const float* corner = grid.data<float>() + (n * nodes + y / cell) * nodes + x / cell;
        const double down = static_cast<double>(y % cell) / cell, right = static_cast<double>(x % cell) / cell;
        const auto row = [&](std::int64_t i) {
          return (1 - right) * static_cast<double>(corner[i * nodes]) +
                 right * static_cast<double>(corner[i * nodes + 1]);
        };
        const double coarse = (1 - down) * row(0) + down * row(1);
        for (int channel = 0; channel < 3; ++channel, ++value)
          *value = static_cast<float>(scale * (0.75 * coarse + 0.25 * static_cast<double>(*value)));
      }
  return image;
}

template <class Function>
Tensor each(Tensor tensor, Function function) {
  float* value = tensor.mutable_data<float>();
  for (std::int64_t i = 0; i < tensor.numel(); ++i)
    value[i] = static_cast<float>(function(static_cast<double>(value[i])));
  return tensor;
}

/// Curves [N, samples]: x + a (x^2 - x) with `a` in [0.4, 0.9).
Tensor inverse_curves(const std::string& name) {
  const Tensor a = filled({images, 1}, name, {0.4, 0.9});
  Tensor curves({images, curve_samples}, DType::f32);
  for (std::int64_t i = 0; i < curves.numel(); ++i) {
    const double x = static_cast<double>(i % curve_samples) / (curve_samples - 1);
    const double bend = static_cast<double>(a.data<float>()[i / curve_samples]);
    curves.mutable_data<float>()[i] = static_cast<float>(x + bend * (x * x - x));
  }
  return curves;
}

}  // namespace

TrainingCase read_case(const std::filesystem::path& path) {
  TensorFile file = read_safetensors(path);
  const auto parsed = [&](const char* key) {
    return parse_json(file.metadata.at(key), path.stem().string() + ": " + key, ExitCode::bad_weights);
  };
  DUHDR_CHECK(file.metadata.at("format") == "duhdr-golden-1", path.stem(), ": format ", file.metadata.at("format"));
  return {file.metadata.at("case"), parsed("options"), parsed("widths"),
          parsed("zero_gradients").get<std::set<std::string>>(), std::move(file.tensors)};
}

LossOptions loss_options(const TrainingCase& c) {
  LossOptions options;
  options.curve = c.options.value("curve_weight", 0.0);
  options.total_variation = c.options.value("tv_weight", 0.0);
  options.raw_perceptual = c.options.value("raw_perceptual", false);
  options.literal = c.options.value("literal", false);
  if (c.text("log_loss", "l2") == "l1") options.log = LogLoss::l1;
  if (c.text("oonet_loss", "l2") == "log_l1") options.refinement = RefinementLoss::log_l1;
  if (c.text("oonet_loss", "l2") == "log") options.refinement = RefinementLoss::log;
  if (c.text("response_loss", "l2") == "log") options.response = ResponseLoss::log;
  const nlohmann::json highlights = c.options.value("highlights", nlohmann::json::object());
  options.highlights = {.log = highlights.value("log", 0.0),
                        .structure = highlights.value("structure", 0.0),
                        .energy = highlights.value("energy", 0.0),
                        .gradient = highlights.value("gradient", 0.0),
                        .colour = highlights.value("colour", 0.0)};
  return options;
}

AdamDesc adam_of(const TrainingCase& c) {
  AdamDesc desc;
  desc.clip_norm = c.options.value("clip_norm", 0.0);
  desc.ema_decay = c.options.value("ema_decay", 0.0);
  return desc;
}

Tensor filled(const Shape& shape, const std::string& name, golden::Range range) {
  Tensor tensor(shape, DType::f32);
  golden::fill(name, range, {tensor.mutable_data<float>(), static_cast<std::size_t>(tensor.numel())});
  return tensor;
}

Batch batch_of(const TrainingCase& c, std::int64_t step) {
  const std::string prefix = "train/" + c.name + '/' + std::to_string(step) + '/';
  Batch batch;
  batch.pairing = c.paired() ? Pairing::paired : Pairing::synthesised;
  batch.ldr = each(smooth(prefix + "ldr"), [](double x) { return std::floor(255 * x + 0.5) / 255; });
  batch.hdr = smooth(prefix + "hdr", 2);
  batch.weight = Tensor::full({images, 1, 1, 1}, 1, DType::f32);
  if (step == dropping_step) batch.weight.mutable_data<float>()[1] = 0;
  batch.kept = step == dropping_step ? 1 : images;
  if (c.paired()) return batch;
  batch.encoded = smooth(prefix + "encoded");
  batch.clipped = each(batch.hdr.clone(), [](double x) { return std::min(x, 1.0); });
  batch.inverse_curve = inverse_curves(prefix + "inverse_curve");
  return batch;
}

Networks::Networks(const TrainingCase& c, DType dtype)
    : owner(model_of(c)), model(*owner), vgg(c.widths.at("vgg16").get<std::array<std::int64_t, 3>>()) {
  fill_module(model, {});
  fill_module(vgg, "vgg16");
  for (const std::string_view network : {"itnet", "hdrcnn"}) {
    if (std::ranges::find(c.stage().trained, network) == c.stage().trained.end()) continue;
    const std::string name = message(network, ".bottleneck.conv.weight");
    for (NamedVariable& named : model.parameters()) {
      if (named.name != name) continue;
      const double bound =
          std::sqrt(6.0 / static_cast<double>(named.variable.value().numel() / named.variable.shape()[0]));
      named.variable.set_value(filled(named.variable.shape(), name, {-bound, bound}));
    }
  }
  model.to(dtype);
  vgg.to(dtype);
  vgg.set_training(false);
  for (NamedVariable& named : vgg.parameters()) named.variable.set_requires_grad(false);
}

Tensors Networks::state() const {
  Tensors out;
  for (const NamedVariable& named : model.parameters())
    out.emplace("weight/" + named.name, sampled(named.variable.value(), parameter_samples));
  for (const NamedVariable& named : model.buffers())
    if (named.name.find(".running_") != std::string::npos)
      out.emplace("buffer/" + named.name, sampled(named.variable.value(), parameter_samples));
  return out;
}

}  // namespace duhdr::test
