// SPDX-License-Identifier: Apache-2.0
// One side of the comparison with PyTorch (compare_pytorch.py): runs the chain on request, so that the two sides can
// take turns. The engine runs it, as it does for duhdr-infer.
#include <chrono>
#include <iostream>
#include <sstream>

#include "base/file.h"
#include "bench/bench.h"
#include "infer/engine.h"
#include "models/duhdr/duhdr.h"
#include "models/model_directory.h"

namespace duhdr::bench {
namespace {

/// A DuHDR of which every network computes every pixel, whatever the mask says.
class Unmasked : public DuHdr {
 public:
  explicit Unmasked(const DuHdr& other) : DuHdr(other.config()), to_hdr_(DuHdr::to_hdr()) {
    for (Pass& pass : to_hdr_.passes) pass.only_where = pass.otherwise = {};
    take(parameters(), other.parameters());
    take(buffers(), other.buffers());
  }
  const Chain& to_hdr() const override { return to_hdr_; }

 private:
  static void take(std::vector<NamedVariable> to, const std::vector<NamedVariable>& from) {
    for (std::size_t i = 0; i < to.size(); ++i) to[i].variable.set_value(from[i].variable.value());
  }
  Chain to_hdr_;
};

std::unique_ptr<Engine> engine_of(const std::string& model_folder, Device device, bool masked) {
  std::unique_ptr<Model> model = load_model(model_folder).model;
  if (!masked) {
    const auto* duhdr = dynamic_cast<const DuHdr*>(model.get());
    if (!duhdr) throw Error(ExitCode::usage, shown(model_folder) + ": not of the family duhdr");
    const ConstructOn nowhere(Device::meta());  // its weights are the other's
    model = std::make_unique<Unmasked>(*duhdr);
  }
  EngineOptions options;
  options.device = device;
  return std::make_unique<Engine>(std::move(model), options);
}

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

void answer_runs(Engine& engine, const Tensor& image, int count, Engine::Result& result) {
  for (int i = 0; i < count; ++i) {
    result = {};
    const auto start = std::chrono::steady_clock::now();
    result = engine.ldr_to_hdr(image);
    std::cout << (i == 0 ? "" : " ") << std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  std::cout << std::endl;
}

}  // namespace

void serve_chain(const std::string& model_folder, Device device, bool masked) {
  std::unique_ptr<Engine> engine;
  Tensor image;
  Engine::Result result;
  for (std::string line; std::getline(std::cin, line) && line != "quit";) {
    std::istringstream words(line);
    std::string command, path;
    words >> command;
    std::int64_t height = 0, width = 0;
    int count = 0;
    if (command == "ready") {
      std::cout << "ok" << std::endl;
    } else if (command == "load" && words >> path >> height >> width) {
      if (!engine) engine = engine_of(model_folder, device, masked);
      image = read_raw(path, height, width);
      std::cout << "ok" << std::endl;
    } else if (command == "run" && words >> count && count > 0 && image.defined()) {
      answer_runs(*engine, image, count, result);
    } else if (command == "save" && words >> path && result.pixels.defined()) {
      write_file(path, {result.pixels.raw(), result.pixels.bytes()});
      std::cout << "ok" << std::endl;
    } else if (command == "clipped" && result.pixels.defined()) {
      std::cout << result.clipped << std::endl;
    } else {
      throw Error(ExitCode::usage, "not understood: " + escaped(line));
    }
  }
}

}  // namespace duhdr::bench
