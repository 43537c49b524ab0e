// SPDX-License-Identifier: Apache-2.0
// One side of the comparison of training steps with PyTorch (compare_training.py): runs whole steps of a stage,
// forward, backward and Adam, on request, so that the two sides can take turns.
#include <algorithm>
#include <chrono>
#include <iostream>
#include <iterator>
#include <optional>
#include <span>
#include <sstream>

#include "base/file.h"
#include "bench/bench.h"
#include "models/precision.h"
#include "tensor/allocator.h"
#include "tests/support/fill_module.h"
#include "train/config.h"
#include "train/trainer.h"

namespace duhdr::bench {
namespace {

constexpr double learning_rate = 1e-5;

/// Raw f32, little endian.
Tensor read_images(const std::string& path, const Shape& shape) {
  Tensor images(shape, DType::f32);
  const Bytes bytes = read_file(path, images.bytes(), ExitCode::bad_image);
  if (bytes.size() != images.bytes())
    throw Error(ExitCode::bad_image, message(shown(path), ": ", bytes.size(), " bytes, expected ", images.bytes()));
  std::copy(bytes.begin(), bytes.end(), images.mutable_raw());
  return images;
}

Batch read_batch(const std::string& folder, const Shape& shape) {
  Batch batch;
  batch.ldr = read_images(folder + "/ldr.raw", shape);
  batch.encoded = read_images(folder + "/encoded.raw", shape);
  batch.clipped = read_images(folder + "/clipped.raw", shape);
  batch.hdr = read_images(folder + "/hdr.raw", shape);
  batch.weight = Tensor::full(Shape{shape.n(), 1, 1, 1}, 1, DType::f32);
  batch.kept = shape.n();
  return batch;
}

Batch on_device(Batch batch, Device device) {
  for (Tensor* field : {&batch.ldr, &batch.encoded, &batch.clipped, &batch.hdr, &batch.weight})
    *field = field->to(device);
  return batch;
}

/// Networks with the weights of the golden cases, and a trainer of one stage.
class Subject {
 public:
  Subject(const TrainingCase& training, Device device)
      : config_(training.config.empty() ? TrainConfig{} : read_config(training.config)),
        model_(make_model(config_.model)),
        vgg_(config_.perceptual.widths) {
    test::fill_module(*model_, "");
    test::fill_module(vgg_, "vgg16");
    for (NamedVariable& parameter : vgg_.parameters()) parameter.variable.set_requires_grad(false);
    set_precision(*model_, training.precision);
    set_precision(vgg_, training.precision);
    model_->to(device);
    vgg_.to(device);
    trainer_.emplace(stage_named(training.stage), *model_, vgg_, loss_, AdamDesc{}, false);
  }

  StepResult step(const Batch& batch) {
    ++steps_;
    return trainer_->step(batch, learning_rate);
  }

  /// Adam's first moment after the first step is (1 - beta1) times the gradient, laid out as the weights are.
  std::vector<float> gradient() const {
    if (steps_ != 1) throw Error(ExitCode::usage, "gradient: only after the first step");
    std::vector<NamedVariable> trained;
    for (const std::string_view name : trainer_->stage().trained)
      for (NamedVariable& named : model_->network(name).parameters(std::string(name)))
        trained.push_back(std::move(named));
    const auto* weights = trained.front().variable.value().data<float>();
    const std::vector<float> moment = trainer_->optimiser().state().at("adam.first_moment").to_vector<float>();
    std::ranges::sort(trained, {}, &NamedVariable::name);
    std::vector<float> gradients;
    for (const NamedVariable& named : trained) {
      const auto first = moment.begin() + (named.variable.value().data<float>() - weights);
      std::transform(first, first + named.variable.value().numel(), std::back_inserter(gradients),
                     [](float m) { return static_cast<float>(m / (1 - AdamDesc{}.beta1)); });
    }
    return gradients;
  }

 private:
  TrainConfig config_;  // its widths alone: loss and Adam are the paper's
  std::unique_ptr<Model> model_;
  Vgg16Features vgg_;
  LossOptions loss_;
  std::optional<StageTrainer> trainer_;
  int steps_ = 0;
};

}  // namespace

void serve_training(const TrainingCase& training, Device device) {
  std::optional<Subject> subject;
  Batch batch;
  StepResult last;
  for (std::string line; std::getline(std::cin, line) && line != "quit";) {
    std::istringstream words(line);
    std::string command, path;
    words >> command;
    std::int64_t n = 0, height = 0, width = 0;
    int count = 0;
    if (command == "ready") {
      std::cout << "ok" << std::endl;
    } else if (command == "load" && words >> path >> n >> height >> width && n > 0 && height > 0 && width > 0) {
      subject.emplace(training, device);
      batch = on_device(read_batch(path, Shape{n, height, width, 3}), device);
      std::cout << "ok" << std::endl;
    } else if (command == "run" && words >> count && count > 0 && subject) {
      for (int i = 0; i < count; ++i) {
        const auto start = std::chrono::steady_clock::now();
        last = subject->step(batch);
        const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
        std::cout << (i == 0 ? "" : " ") << seconds.count();
      }
      std::cout << std::endl;
    } else if (command == "loss") {
      std::cout.precision(9);
      std::cout << last.loss << std::endl;
    } else if (command == "gradient" && words >> path && subject) {
      const std::vector<float> gradient = subject->gradient();
      write_file(path, std::as_bytes(std::span(gradient)));
      std::cout << "ok" << std::endl;
    } else if (command == "memory") {
      std::cout << allocator_of(device).stats().peak << std::endl;
    } else {
      throw Error(ExitCode::usage, "not understood: " + escaped(line));
    }
  }
}

}  // namespace duhdr::bench
