// SPDX-License-Identifier: Apache-2.0
// One side of the comparison of training steps with PyTorch (compare_training.py): runs whole steps of a stage,
// forward, backward and Adam, on request, so that the two sides can take turns.
#include <chrono>
#include <iostream>
#include <sstream>

#include "base/file.h"
#include "bench/bench.h"
#include "models/duhdr/duhdr.h"
#include "models/precision.h"
#include "tensor/allocator.h"
#include "tests/support/fill_module.h"
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

}  // namespace

void serve_training(const std::string& stage, Device device, DType precision) {
  DuHdr model;
  Vgg16Features vgg;
  const LossOptions loss;
  test::fill_module(model, "");
  test::fill_module(vgg, "vgg16");
  for (NamedVariable& parameter : vgg.parameters()) parameter.variable.set_requires_grad(false);
  set_precision(model, precision);
  set_precision(vgg, precision);
  model.to(device);
  vgg.to(device);
  StageTrainer trainer(stage_named(stage), model, vgg, loss, AdamDesc{}, false);
  Batch batch;
  StepResult last;
  for (std::string line; std::getline(std::cin, line) && line != "quit";) {
    std::istringstream words(line);
    std::string command, folder;
    words >> command;
    std::int64_t n = 0, height = 0, width = 0;
    int count = 0;
    if (command == "load" && words >> folder >> n >> height >> width && n > 0 && height > 0 && width > 0) {
      batch = on_device(read_batch(folder, Shape{n, height, width, 3}), device);
      std::cout << "ok" << std::endl;
    } else if (command == "run" && words >> count && count > 0 && batch.ldr.defined()) {
      for (int i = 0; i < count; ++i) {
        const auto start = std::chrono::steady_clock::now();
        last = trainer.step(batch, learning_rate);
        const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
        std::cout << (i == 0 ? "" : " ") << seconds.count();
      }
      std::cout << std::endl;
    } else if (command == "loss") {
      std::cout.precision(9);
      std::cout << last.loss << std::endl;
    } else if (command == "memory") {
      std::cout << allocator_of(device).stats().peak << std::endl;
    } else {
      throw Error(ExitCode::usage, "not understood: " + escaped(line));
    }
  }
}

}  // namespace duhdr::bench
