// SPDX-License-Identifier: Apache-2.0
// Each network and both chains: inference of the frozen network, and a step forward and back in training mode.
#include <memory>

#include "bench/bench.h"
#include "kernels/op_counter.h"
#include "kernels/reduce.h"
#include "models/duhdr/duhdr.h"
#include "tests/support/fill_module.h"

namespace duhdr::bench {
namespace {

constexpr std::int64_t check_side = 32;  // double precision runs the slow reference loops
constexpr double limit = 1e-8;           // of the result, frozen in f32 against plain in double

using Run = std::function<Variable(const Module&, const Variable& image)>;

struct Network {
  std::string name, prefix;
  std::function<std::unique_ptr<Module>()> make;
  Run run;
  bool trains = true;  // a chain is trained by the stages of the algorithm, not as a whole
};

Variable random_image(std::int64_t side, DType dtype, Device device) {
  Tensor image(Shape{1, side, side, 3}, DType::f32);
  golden::fill("bench/image", {0, 1}, {image.mutable_data<float>(), static_cast<std::size_t>(image.numel())});
  return Variable(image.to(dtype).to(device));
}

std::unique_ptr<Module> filled(const Network& network) {
  std::unique_ptr<Module> module = network.make();
  test::fill_module(*module, network.prefix);
  return module;
}

double flop_of(const Network& network, std::int64_t side) {
  const NoGrad no_grad;
  const ConstructOn nowhere(Device::meta());
  const std::unique_ptr<Module> module = network.make();
  const OpCounter counter;
  network.run(*module, Variable(Tensor(Shape{1, side, side, 3}, DType::f32, Device::meta())));
  return counter.flop();
}

std::string check(const Network& network, Device device) {
  const NoGrad no_grad;
  const std::unique_ptr<Module> plain = filled(network), frozen = filled(network);
  plain->to(DType::f64);
  frozen->to(device);
  frozen->freeze();
  const Tensor expected = network.run(*plain, random_image(check_side, DType::f64, Device::cpu())).value();
  const Tensor value = network.run(*frozen, random_image(check_side, DType::f32, device)).value();
  const double error = square_error(value, expected);
  return error <= limit ? std::string() : message("error ", error, " against double, allowed ", limit);
}

Work inference_of(const Network& network, const Settings& settings) {
  const std::shared_ptr<Module> module = filled(network);
  module->to(settings.device);
  module->freeze();
  const Variable image = random_image(settings.size, DType::f32, settings.device);
  return {[run = network.run, module, image] {
    const NoGrad no_grad;
    benchmark::DoNotOptimize(run(*module, image).value().raw());
  }};
}

Work step_of(const Network& network, const Settings& settings) {
  const std::shared_ptr<Module> module = filled(network);
  module->to(settings.device);
  module->set_training(true);
  const Variable image = random_image(settings.size, DType::f32, settings.device);
  return {[run = network.run, module, image] {
    mean(run(*module, image)).backward();
    for (NamedVariable& parameter : module->parameters()) parameter.variable.zero_grad();
  }};
}

/// A network whose type is N; `run` takes it as that type.
template <class N, class F>
Network network_of(std::string name, std::string prefix, const DuHdrConfig& config, F run, bool trains = true) {
  return {std::move(name), std::move(prefix), [config] { return std::make_unique<N>(config); },
          [run](const Module& module, const Variable& x) { return run(static_cast<const N&>(module), x); }, trains};
}

std::vector<Network> networks() {
  const DuHdrConfig usual;
  DuHdrConfig as_counted;  // the variant of the paper's Table 2
  as_counted.trunk = Trunk::crfnet;
  as_counted.down = Down::conv;
  const auto alone = [](const auto& net, const Variable& x) { return net(x); };
  const auto refine = [](const OOnet& net, const Variable& x) { return net(x, x, x); };
  const auto to_hdr = [](const DuHdr& net, const Variable& x) { return forward(net.to_hdr(), x); };
  const auto to_ldr = [](const DuHdr& net, const Variable& x) {
    return forward(*net.to_ldr(), x, {"curve"}).at("curve");
  };
  return {
      network_of<Dnet>("dnet", "dnet", usual, alone),
      network_of<ResponseNet>("innet_resnet18", "innet", usual, alone),
      network_of<ResponseNet>("innet_crfnet", "innet", as_counted, alone),
      network_of<ITnet>("itnet", "itnet", usual, [](const ITnet& net, const Variable& x) { return net(x); }),
      network_of<OOnet>("oonet_rfb", "oonet", usual, refine),
      network_of<OOnet>("oonet_conv", "oonet", as_counted, refine),
      network_of<DuHdr>("ldr_to_hdr", "", usual, to_hdr, false),
      network_of<DuHdr>("ldr_to_hdr_as_counted", "", as_counted, to_hdr, false),
      network_of<DuHdr>("hdr_to_ldr", "", usual, to_ldr, false),
  };
}

}  // namespace

void add_network_benchmarks(const Settings& settings) {
  for (const Network& network : networks()) {
    const double flop = flop_of(network, settings.size);
    const auto checked = [network, settings] { return check(network, settings.device); };
    const std::string name = "network/" + network.name;
    add_benchmark({name + "/inference", flop, {}, checked, [=] { return inference_of(network, settings); }}, settings);
    if (network.trains)
      add_benchmark({name + "/training", 3 * flop, {}, checked, [=] { return step_of(network, settings); }}, settings);
  }
}

}  // namespace duhdr::bench
