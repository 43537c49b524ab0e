// SPDX-License-Identifier: Apache-2.0
// One side of the comparison with PyTorch (compare_pytorch.py): runs the chain on request, so that the two sides can
// take turns.
#include <chrono>
#include <iostream>
#include <sstream>

#include "base/file.h"
#include "bench/bench.h"
#include "models/model_directory.h"

namespace duhdr::bench {
namespace {

/// Raw f32 [H, W, 3], little endian.
Tensor read_raw(const std::string& path, std::int64_t height, std::int64_t width) {
  if (height < 1 || width < 1) throw Error(ExitCode::usage, message("load: ", height, " x ", width, " pixels"));
  Tensor image(Shape{1, height, width, 3}, DType::f32);
  const Bytes bytes = read_file(path, image.bytes(), ExitCode::bad_image);
  if (bytes.size() != image.bytes())
    throw Error(ExitCode::bad_image, message(shown(path), ": ", bytes.size(), " bytes, expected ", image.bytes()));
  std::copy(bytes.begin(), bytes.end(), image.mutable_raw());
  return image;
}

void answer_runs(const Model& model, const Variable& image, int count, Variable& result) {
  for (int i = 0; i < count; ++i) {
    const auto start = std::chrono::steady_clock::now();
    result = forward(model.to_hdr(), image);
    synchronize(image.device());
    std::cout << (i == 0 ? "" : " ") << std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  std::cout << std::endl;
}

}  // namespace

void serve_chain(const std::string& model_folder, Device device) {
  const NoGrad no_grad;
  const LoadedModel loaded = load_model(model_folder);
  loaded.model->to(device);
  loaded.model->freeze();
  Variable image, result;
  for (std::string line; std::getline(std::cin, line) && line != "quit";) {
    std::istringstream words(line);
    std::string command, path;
    words >> command;
    std::int64_t height = 0, width = 0;
    int count = 0;
    if (command == "load" && words >> path >> height >> width) {
      image = Variable(read_raw(path, height, width).to(device));
      std::cout << "ok" << std::endl;
    } else if (command == "run" && words >> count && count > 0 && image.defined()) {
      answer_runs(*loaded.model, image, count, result);
    } else if (command == "save" && words >> path && result.defined()) {
      const Tensor host = result.value().to(Device::cpu());
      write_file(path, {host.raw(), host.bytes()});
      std::cout << "ok" << std::endl;
    } else {
      throw Error(ExitCode::usage, "not understood: " + escaped(line));
    }
  }
}

}  // namespace duhdr::bench
