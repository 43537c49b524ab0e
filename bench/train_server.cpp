// SPDX-License-Identifier: Apache-2.0
// One side of the comparison of training steps with PyTorch (compare_training.py): runs whole steps, forward, backward
// and Adam, on request, so that the two sides can take turns.
#include <chrono>
#include <iostream>
#include <memory>
#include <sstream>

#include "bench/bench.h"
#include "kernels/adam.h"
#include "kernels/arithmetic.h"
#include "kernels/mask.h"
#include "kernels/reduce.h"
#include "kernels/truncation.h"
#include "models/duhdr.h"
#include "models/vgg16.h"
#include "tensor/file.h"
#include "tests/fill_module.h"

namespace duhdr::bench {
namespace {

/// What a step sees: the network's input and the radiance it should find, both [N, H, W, 3].
struct Batch {
  Variable input, target;
};

/// Adam over a list of parameters.
class Optimiser {
 public:
  explicit Optimiser(std::vector<NamedVariable> parameters) : parameters_(std::move(parameters)) {
    for (const NamedVariable& parameter : parameters_) {
      const Tensor& value = parameter.variable.value();
      states_.push_back(AdamState::zeros(value.numel(), value.dtype(), value.device(), false));
      states_.back().weights = value.reshape(Shape{value.numel()});
    }
  }
  void step() {
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      Variable& variable = parameters_[i].variable;
      if (!variable.grad().defined()) continue;
      states_[i].gradient = variable.grad().reshape(Shape{variable.grad().numel()});
      adam_step(states_[i], AdamDesc{});
      states_[i].gradient = {};
      variable.zero_grad();
    }
  }

 private:
  std::vector<NamedVariable> parameters_;
  std::vector<AdamState> states_;
};

/// A training step on a batch: updates the weights and returns the loss before the update.
using Step = std::function<double(const Batch&)>;

Step step_of(std::shared_ptr<Module> trained, std::function<Variable(const Batch&)> loss_of, Device device) {
  trained->to(device);
  trained->set_training(true);
  auto optimiser = std::make_shared<Optimiser>(trained->parameters());
  return [trained, loss_of = std::move(loss_of), optimiser](const Batch& batch) {
    const Variable loss = loss_of(batch);
    loss.backward();
    optimiser->step();
    return loss.value().item();
  };
}

/// ITnet with three iterations: log loss, perceptual loss, and the loss of C(H^) where the input is well exposed.
Step itnet_joint(Device device) {
  const auto net = std::make_shared<ITnet>();
  const auto vgg = std::make_shared<Vgg16Features>();
  test::fill_module(*net, "itnet");
  test::fill_module(*vgg, "vgg");
  vgg->to(device);
  for (NamedVariable& parameter : vgg->parameters()) parameter.variable.set_requires_grad(false);
  return step_of(
      net,
      [net, vgg](const Batch& batch) {
        const Variable hdr = (*net)(batch.input, 3);
        const double shift = 1.0 / 255;
        Variable loss = mean_square(log(hdr, shift), log(batch.target, shift));
        const std::vector<Variable> expected = (*vgg)(mu_law(batch.target, 10));
        const std::vector<Variable> found = (*vgg)(mu_law(hdr, 10));
        for (std::size_t level = 0; level < expected.size(); ++level)
          loss = add(loss, affine(mean_square(found[level], expected[level]), 1e-6, 0));
        const Variable well_exposed = affine(exposure_mask(batch.input, net->alpha()), -1, 1);
        const Variable normal =
            mean_square(mul(truncation(hdr), well_exposed), mul(clamp(batch.target, 0, 1), well_exposed));
        return add(loss, affine(normal, 10, 0));
      },
      device);
}

/// The whole chain LDR -> HDR, all four networks, mean square error.
Step fine_tune(Device device) {
  const auto net = std::make_shared<DuHdr>();
  test::fill_module(*net, "");
  return step_of(
      net, [net](const Batch& batch) { return mean_square(net->ldr_to_hdr(batch.input).result, batch.target); },
      device);
}

Step make_step(const std::string& name, Device device) {
  if (name == "itnet_joint") return itnet_joint(device);
  if (name == "fine_tune") return fine_tune(device);
  throw Error(ExitCode::usage, "no training step " + escaped(name));
}

/// Raw f32 [N, H, W, 3], little endian.
Variable read_images(const std::string& path, const Shape& shape, Device device) {
  Tensor images(shape, DType::f32);
  const Bytes bytes = read_file(path, images.bytes(), ExitCode::bad_image);
  if (bytes.size() != images.bytes())
    throw Error(ExitCode::bad_image, message(shown(path), ": ", bytes.size(), " bytes, expected ", images.bytes()));
  std::copy(bytes.begin(), bytes.end(), images.mutable_raw());
  return Variable(images.to(device));
}

}  // namespace

void serve_training(const std::string& name, Device device) {
  const Step step = make_step(name, device);
  Batch batch;
  double loss = 0;
  for (std::string line; std::getline(std::cin, line) && line != "quit";) {
    std::istringstream words(line);
    std::string command, input, target;
    words >> command;
    std::int64_t n = 0, height = 0, width = 0;
    int count = 0;
    if (command == "load" && words >> input >> target >> n >> height >> width && n > 0 && height > 0 && width > 0) {
      const Shape shape{n, height, width, 3};
      batch = {read_images(input, shape, device), read_images(target, shape, device)};
      std::cout << "ok" << std::endl;
    } else if (command == "run" && words >> count && count > 0 && batch.input.defined()) {
      for (int i = 0; i < count; ++i) {
        const auto start = std::chrono::steady_clock::now();
        loss = step(batch);
        const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
        std::cout << (i == 0 ? "" : " ") << seconds.count();
      }
      std::cout << std::endl;
    } else if (command == "loss") {
      std::cout.precision(9);
      std::cout << loss << std::endl;
    } else {
      throw Error(ExitCode::usage, "not understood: " + escaped(line));
    }
  }
}

}  // namespace duhdr::bench
