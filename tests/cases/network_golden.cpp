// SPDX-License-Identifier: Apache-2.0
#include "tests/cases/network_golden.h"

#include <algorithm>

#include "base/json.h"
#include "kernels/arithmetic.h"
#include "kernels/camera/curve.h"
#include "kernels/camera/mask.h"
#include "kernels/camera/response_features.h"
#include "kernels/camera/truncation.h"
#include "kernels/layout.h"
#include "kernels/pointwise.h"
#include "kernels/reduce.h"
#include "kernels/resample.h"
#include "models/duhdr/duhdr.h"
#include "models/expandnet/expandnet.h"
#include "models/hdrcnn/hdrcnn_model.h"
#include "models/vgg16.h"
#include "tensor/safetensors.h"
#include "tests/support/golden_files.h"

namespace duhdr::test {
namespace {

constexpr std::int64_t input_samples = 8192;  // as in golden_file.py

Shape shape_of(const nlohmann::json& extents) {
  const auto e = extents.get<std::vector<std::int64_t>>();
  switch (e.size()) {
    case 1:
      return {e[0]};
    case 2:
      return {e[0], e[1]};
    case 3:
      return {e[0], e[1], e[2]};
    default:
      return {e.at(0), e.at(1), e.at(2), e.at(3)};
  }
}

std::span<float> values_of(Tensor& tensor) {
  return {tensor.mutable_data<float>(), static_cast<std::size_t>(tensor.numel())};
}

Tensor sampled_gradient(const Variable& variable, std::int64_t limit) {
  const bool reached = variable.grad().defined();
  return sampled(reached ? variable.grad() : Tensor::zeros(variable.shape(), variable.dtype()), limit);
}

const Variable& input(const NamedVariables& v) { return v.at("input"); }

/// x + slope * i
Variable on_line(const Variable& x, double slope) {
  Tensor line(x.shape(), DType::f64);
  for (std::int64_t i = 0; i < line.numel(); ++i)
    line.mutable_data<double>()[i] = slope * static_cast<double>(i % x.shape()[1]);
  return add(x, Variable(line.to(x.dtype()).to(x.device())));
}

Variable area_shrink(const Variable& x, std::int64_t max_side) {
  const Extent extent = response_extent(x.shape().h(), x.shape().w(), max_side);
  return area_downscale(x, extent.h, extent.w);
}

/// One operation of the camera path.
Variable run_camera(const GoldenCase& golden_case, const NamedVariables& v) {
  const std::string op = golden_case.text("op");
  const nlohmann::json& options = golden_case.options;
  if (op == "truncate") return truncation(input(v));
  if (op == "area_shrink") return area_shrink(input(v), options.at("max_side"));
  if (op == "monotone") return monotone_curve(on_line(input(v), options.at("slope")));
  if (op == "apply_curve") return apply_curve(v.at("curve"), input(v));
  if (op == "features") return response_features(input(v));
  if (op == "quantise") return quantise(input(v));
  if (op == "mask") return exposure_mask(input(v), options.at("alpha"));
  DUHDR_CHECK(op == "reflect_pad", "unknown operation ", op);
  const auto p = options.at("padding").get<std::vector<std::int64_t>>();  // top, bottom, left, right
  return reflect_pad(input(v), p[1], p[3], p[0], p[2]);
}

/// A network under its own prefix; `run` takes it as its own type.
template <class Network, class Run>
GoldenSubject subject_of(std::string prefix, std::unique_ptr<Network> network, Run run) {
  const Network& net = *network;
  return {std::move(prefix), {}, std::move(network), [&net, run](const NamedVariables& v) { return run(net, v); }};
}

NamedVariables run_response(const ResponseNet& net, const NamedVariables& v) {
  const Variable coefficients = net.coefficients(input(v));
  return {{"out", net.curve(coefficients)}, {"aux/coefficients", coefficients}};
}

NamedVariables run_expandnet(const ExpandNet& net, const NamedVariables& v) {
  return {{"out", net(input(v))}, {"aux/global", net.global(input(v))}};
}

NamedVariables run_vgg16(const Vgg16Features& net, const NamedVariables& v) {
  const std::vector<Variable> features = net(input(v));
  return {{"pool1", features[0]}, {"pool2", features[1]}, {"pool3", features[2]}};
}

NamedVariables run_ldr_to_hdr(const DuHdr& net, const NamedVariables& v) {
  const Values r = forward(net.to_hdr(), input(v), {"curve", "dequantised", "linear", "hdr", "result"});
  return {{"out", r.at("result")},
          {"aux/curve", r.at("curve")},
          {"aux/n", r.at("dequantised")},
          {"aux/clip", r.at("linear")},
          {"aux/hdr", r.at("hdr")}};
}

NamedVariables run_hdr_to_ldr(const DuHdr& net, const NamedVariables& v) {
  const Values e = forward(*net.to_ldr(), input(v), {"curve", "truncated", "result"});
  const Variable curve = e.at("curve"), truncated = e.at("truncated");
  return {{"out", e.at("result")},
          {"aux/curve", curve},
          {"aux/clip", truncated},
          {"aux/n", apply_curve(curve.detach(), truncated.detach())}};
}

bool begins_with_any(const std::string& name, const std::vector<std::string>& prefixes) {
  return prefixes.empty() ||
         std::any_of(prefixes.begin(), prefixes.end(), [&](const std::string& p) { return name.starts_with(p); });
}

/// sum over outputs of sum(output * g)
Variable loss_of(const GoldenCase& golden_case, const NamedVariables& outputs) {
  Variable loss;
  for (const auto& [name, output] : outputs) {
    if (name.starts_with("aux/")) continue;
    Tensor g(output.shape(), DType::f32);
    golden::fill(golden_case.name + "/grad_" + name, {-1, 1}, values_of(g));
    const Variable part = sum(mul(output, Variable(g.to(output.dtype()).to(output.device()))));
    loss = loss.defined() ? add(loss, part) : part;
  }
  return loss;
}

}  // namespace

GoldenCase read_golden_case(const std::filesystem::path& path) {
  TensorFile file = read_safetensors(path);
  const auto parsed = [&](const char* key) {
    return parse_json(file.metadata.at(key), shown(path) + ": " + key, ExitCode::bad_weights);
  };
  DUHDR_CHECK(file.metadata.at("format") == "duhdr-golden-1", shown(path), ": format ", file.metadata.at("format"));
  return {file.metadata.at("case"), parsed("options"), parsed("inputs"),
          parsed("zero_gradients").get<std::set<std::string>>(), std::move(file.tensors)};
}

Tensor golden_input(const GoldenCase& golden_case, const std::string& name) {
  const nlohmann::json& description = golden_case.inputs.at(name);
  Tensor values(shape_of(description.at("shape")), DType::f32);
  const golden::Range range{description.at("range").at(0), description.at("range").at(1)};
  golden::fill(golden_case.name + "/" + name, range, values_of(values));
  return values;
}

DuHdrConfig golden_config(const nlohmann::json& options) {
  const auto asks_for = [&](const char* option, const char* value) {
    return options.value(option, std::string()) == value;
  };
  DuHdrConfig config;
  if (options.contains("widths")) set_widths(config, options.at("widths"));
  if (asks_for("trunk", "crfnet")) config.trunk = Trunk::crfnet;
  if (asks_for("down", "conv")) config.down = Down::conv;
  if (asks_for("itnet_residual", "gain")) config.itnet_residual = Residual::gain;
  if (asks_for("oonet_residual", "gain")) config.oonet_residual = Residual::gain;
  if (asks_for("itnet_encoder", "vgg16_bn")) config.itnet_encoder = Encoder::vgg16_bn;
  config.itnet_scale = options.value("itnet_scale", config.itnet_scale);
  config.alpha = options.value("alpha", config.alpha);
  config.itnet_iterations = options.value("itnet_iterations", config.itnet_iterations);
  config.response_max_side = options.value("response_max_side", config.response_max_side);
  return config;
}

void set_widths(DuHdrConfig& config, const nlohmann::json& widths) {
  widths.at("dnet").get_to(config.dnet_widths);
  widths.at("itnet").get_to(config.itnet_widths);
  widths.at("oonet").get_to(config.oonet_widths);
  widths.at("response").get_to(config.response_widths);
}

ExpandNetConfig expandnet_config(const nlohmann::json& widths) {
  ExpandNetConfig config;
  config.local_widths = widths.at("local");
  config.dilated_width = widths.at("dilated");
  config.global_width = widths.at("global");
  config.fused_width = widths.at("fused");
  return config;
}

HdrcnnConfig hdrcnn_config(const nlohmann::json& widths) { return {.widths = widths}; }

GoldenSubject golden_subject(const GoldenCase& golden_case) {
  const std::string network = golden_case.text("network");
  if (network == "camera")
    return {{}, {}, nullptr, [&golden_case](const NamedVariables& v) -> NamedVariables {
              return {{"out", run_camera(golden_case, v)}};
            }};
  if (network == "expandnet")
    return subject_of(network, std::make_unique<ExpandNet>(expandnet_config(golden_case.options.at("widths"))),
                      run_expandnet);
  if (network == "hdrcnn")
    return subject_of(network, std::make_unique<Hdrcnn>(hdrcnn_config(golden_case.options.at("widths"))),
                      [](const Hdrcnn& net, const NamedVariables& v) {
                        return NamedVariables{{"out", net(input(v))}};
                      });
  if (network == "hdrcnn_chain")
    return subject_of("", std::make_unique<HdrcnnModel>(hdrcnn_config(golden_case.options.at("widths"))),
                      [](const HdrcnnModel& model, const NamedVariables& v) {
                        return NamedVariables{{"out", forward(model.to_hdr(), input(v))}};
                      });
  if (network == "vgg16") return subject_of(network, std::make_unique<Vgg16Features>(), run_vgg16);
  const DuHdrConfig config = golden_config(golden_case.options);
  if (network == "dnet")
    return subject_of(network, std::make_unique<Dnet>(config), [](const Dnet& net, const NamedVariables& v) {
      return NamedVariables{{"out", net(input(v))}};
    });
  if (network == "innet" || network == "nnet")
    return subject_of(network, std::make_unique<ResponseNet>(config), run_response);
  if (network == "itnet") {
    const int iterations = golden_case.options.at("iterations");
    const bool literal = golden_case.options.at("literal");
    return subject_of(network, std::make_unique<ITnet>(config), [=](const ITnet& net, const NamedVariables& v) {
      return NamedVariables{{"out", net(input(v), iterations, literal)}};
    });
  }
  if (network == "oonet")
    return subject_of(network, std::make_unique<OOnet>(config), [](const OOnet& net, const NamedVariables& v) {
      return NamedVariables{{"out", net(v.at("hdr"), v.at("clip"), v.at("n"))}};
    });
  const bool forward = network == "ldr_to_hdr";
  DUHDR_CHECK(forward || network == "hdr_to_ldr", "unknown network ", network);
  GoldenSubject subject = subject_of("", std::make_unique<DuHdr>(config), forward ? run_ldr_to_hdr : run_hdr_to_ldr);
  subject.used =
      forward ? std::vector<std::string>{"dnet.", "innet.", "itnet.", "oonet."} : std::vector<std::string>{"nnet."};
  return subject;
}

std::map<std::string, Tensor> evaluate_golden_case(const GoldenCase& golden_case, DType dtype, Device device) {
  const GoldenSubject subject = golden_subject(golden_case);
  if (subject.module) {
    fill_module(*subject.module, subject.prefix);
    subject.module->to(dtype);
    subject.module->to(device);
    subject.module->set_training(golden_case.trains());
  }
  NamedVariables inputs;
  for (const auto& item : golden_case.inputs.items())
    inputs.emplace(item.key(), Variable(golden_input(golden_case, item.key()).to(dtype).to(device), true));
  const NamedVariables outputs = subject.run(inputs);

  std::map<std::string, Tensor> result;
  for (const auto& [name, output] : outputs) result.emplace(name, output.value().to(Device::cpu()));
  loss_of(golden_case, outputs).backward();
  for (const auto& [name, variable] : inputs) result.emplace("grad/" + name, sampled_gradient(variable, input_samples));
  if (!subject.module) return result;
  for (const auto& [name, variable] : subject.module->parameters(subject.prefix))
    if (variable.grad().defined() || begins_with_any(name, subject.used))
      result.emplace("grad/" + name, sampled_gradient(variable, parameter_samples));
  if (golden_case.trains())
    for (const auto& [name, variable] : subject.module->buffers(subject.prefix))
      if (name.find(".running_") != std::string::npos)
        result.emplace("buffer/" + name, sampled(variable.value(), parameter_samples));
  return result;
}

}  // namespace duhdr::test
