// SPDX-License-Identifier: Apache-2.0
// Every convolution of every network, at the paper's and at lite's widths: forward, and the gradients of both operands.
// Which there are the networks tell themselves, in a dry run.
#include <algorithm>
#include <memory>
#include <optional>
#include <set>

#include "bench/bench.h"
#include "bench/op_check.h"
#include "kernels/op_counter.h"
#include "models/duhdr/duhdr.h"
#include "models/expandnet/expandnet.h"
#include "models/hdrcnn/hdrcnn.h"
#include "models/registry.h"
#include "models/vgg16.h"
#include "tests/cases/op_cases_conv_layers.h"
#include "train/config.h"

namespace duhdr::bench {
namespace {

using test::ConvLayer;

/// The convolutions of a dry run.
class LayerTrace : public OpCounter {
 public:
  void on_conv2d(const Conv2dInputs& in, const Conv2dDesc& desc) override {
    const Shape& weight = in.weight.shape();
    layers_.push_back({.x = in.x.shape(),
                       .outputs = weight[desc.transposed ? 1 : 0],
                       .kernel = weight[2],
                       .desc = desc,
                       .bias = in.bias.defined(),
                       .residual = in.residual.defined(),
                       .skip = in.skip.defined() ? in.skip.shape().c() : 0});
  }
  const std::vector<ConvLayer>& layers() const { return layers_; }

 private:
  std::vector<ConvLayer> layers_;
};

Variable blank(std::int64_t side) { return Variable(Tensor(Shape{1, side, side, 3}, DType::f32, Device::meta())); }

std::vector<ConvLayer> layers_of(const std::function<void()>& run) {
  const NoGrad no_grad;
  const LayerTrace trace;
  run();
  return trace.layers();
}

std::string text_of(const ConvLayer& layer) {
  const Conv2dDesc& d = layer.desc;
  std::string text = message(layer.x.h(), 'x', layer.x.w(), "x", layer.x.c());
  if (layer.skip > 0) text += message('+', layer.skip);
  text += message("_to_", layer.outputs, "_k", layer.kernel);
  if (d.stride > 1) text += message("_s", d.stride);
  if (d.dilation > 1) text += message("_d", d.dilation);
  return text + (d.depthwise ? "_depthwise" : "") + (d.upsample ? "_upsampled" : "") +
         (d.transposed ? "_transposed" : "") + (d.features ? "_features" : "") +
         (d.activation != Activation::none ? message('_', name_of(d.activation)) : "") + (layer.bias ? "_bias" : "") +
         (layer.residual ? "_residual" : "");
}

struct Found {
  std::string network;
  ConvLayer layer;
};

/// Distinct layers of a configuration's networks, as they are trained and as they are frozen, each at the first network
/// that has it.
class Collection {
 public:
  explicit Collection(std::int64_t side) : side_(side) {}

  template <class N, class F>
  void add(const std::string& network, N&& module, const F& run) {
    for (const bool frozen : {false, true}) {
      if (frozen) module.to(Device::cpu()), module.freeze();
      module.to(Device::meta());
      for (ConvLayer& layer : layers_of([&] { run(module, blank(side_)); }))
        if (seen_.insert(text_of(layer)).second) found_.push_back({network, std::move(layer)});
    }
  }
  const std::vector<Found>& found() const { return found_; }

 private:
  std::int64_t side_;
  std::set<std::string> seen_;
  std::vector<Found> found_;
};

std::vector<Found> layers_at(const std::string& config_file, std::int64_t side) {
  const TrainConfig config = read_config(config_file);
  const std::unique_ptr<Model> model = make_model(config.model);
  const DuHdrConfig& widths = dynamic_cast<const DuHdr&>(*model).config();
  const auto alone = [](const auto& net, const Variable& x) { net(x); };
  Collection all(side);
  all.add("dnet", Dnet(widths), alone);
  all.add("innet", ResponseNet(widths), [](const ResponseNet& net, const Variable& x) { net.coefficients(x); });
  all.add("itnet", ITnet(widths), alone);
  all.add("oonet", OOnet(widths), [](const OOnet& net, const Variable& x) { net(x, x, x); });
  all.add("vgg16", Vgg16Features(config.perceptual.widths), alone);
  all.add("expandnet", ExpandNet(), alone);
  all.add("hdrcnn", Hdrcnn(), alone);
  return all.found();
}

/// The layer on an image so small that the reference loops are quick, for its check.
ConvLayer small(ConvLayer layer) {
  const std::int64_t side = layer.weight_inputs() * layer.outputs > 64 * 64 ? 8 : 24;
  layer.x = Shape{1, std::min(side, layer.x.h()), std::min(side + 2, layer.x.w()), layer.x.c()};
  return layer;
}

/// Bytes of the operands and the result.
double bytes_of(const ConvLayer& layer) {
  double elements = static_cast<double>(layer.result().numel());
  for (const Shape& shape : layer.shapes()) elements += static_cast<double>(shape.numel());
  return 4 * elements;
}

Work forward_of(const test::OpCase& op_case, Device device) {
  const std::vector<Variable> inputs = make_inputs(op_case, DType::f32, device, op_case.bench_shapes);
  return {[op_case, inputs] {
    const NoGrad no_grad;
    benchmark::DoNotOptimize(op_case.run(inputs).value().raw());
  }};
}

/// The gradient of one operand, 0: x, 1: weight. The way forward comes before it and is not timed.
Work gradient_of(const test::OpCase& op_case, Device device, std::size_t operand) {
  std::vector<Variable> inputs = make_inputs(op_case, DType::f32, device, op_case.bench_shapes);
  for (std::size_t i = 0; i < inputs.size(); ++i) inputs[i].set_requires_grad(i == operand);
  const auto out = std::make_shared<Variable>(op_case.run(inputs));
  const Tensor seed = Tensor::full(out->shape(), 1, DType::f32, device);
  return {[out, seed] { out->backward(seed); },
          [out, op_case, inputs]() mutable {
            for (Variable& input : inputs) input.zero_grad();
            *out = op_case.run(inputs);
          }};
}

void add(const std::string& name, const ConvLayer& layer, const Settings& settings) {
  const Device device = settings.device;
  const test::OpCase op_case = case_of(layer).benched(layer.shapes());
  const auto known = std::make_shared<std::optional<std::string>>();  // the three share one check
  const auto check = [=] {
    if (!*known) {
      *known = check_small(case_of(small(layer)), device);
      if ((*known)->empty()) *known = check_at_size(op_case, device);
    }
    return **known;
  };
  const auto bytes = [layer] { return bytes_of(layer); };
  const double flop =
      2.0 * static_cast<double>(layer.result().numel() * layer.weight_inputs()) * static_cast<double>(layer.taps());
  // With a second source, the gradient of the first is its share of the weight.
  const double share =
      layer.desc.depthwise ? 1 : static_cast<double>(layer.x.c()) / static_cast<double>(layer.weight_inputs());
  add_benchmark({name + "/forward", flop, bytes, check, [=] { return forward_of(op_case, device); }}, settings);
  add_benchmark({name + "/gradient_x", flop * share, bytes, check, [=] { return gradient_of(op_case, device, 0); }},
                settings);
  add_benchmark({name + "/gradient_weight", flop, bytes, check, [=] { return gradient_of(op_case, device, 1); }},
                settings);
}

}  // namespace

void add_layer_benchmarks(const Settings& settings) {
  std::set<std::string> seen;  // lite's peers are the paper's
  for (const std::string config : {"paper", "lite"})
    for (const auto& [network, layer] : layers_at(DUHDR_SOURCE_DIR "/configs/" + config + ".json", settings.size))
      if (seen.insert(text_of(layer)).second)
        add(message("layer/", config, '/', network, '/', text_of(layer)), layer, settings);
}

}  // namespace duhdr::bench
