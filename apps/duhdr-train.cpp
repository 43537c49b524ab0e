// SPDX-License-Identifier: Apache-2.0
// duhdr-train: makes a model directory with the start values of training.
#include <spdlog/spdlog.h>

#include "apps/program.h"
#include "data/curve_basis.h"
#include "models/model_directory.h"
#include "tensor/file.h"

namespace duhdr {
namespace {

struct Options {
  std::string folder;
  std::uint64_t seed = 1;
  Trunk trunk = Trunk::resnet18;
  Down down = Down::rfb;
  bool quiet = false;
};

void set_basis(ResponseNet& net, const std::string& file, CurveDirection direction) {
  const auto tensors = curve_tensors(read_emor(resource(file), direction));
  net.set_basis(tensors.at("curve.mean"), tensors.at("curve.basis"));
}

int init_only(const Options& options) {
  DuHdrConfig config;
  config.trunk = options.trunk;
  config.down = options.down;
  DuHdr model(config);
  model.initialise(options.seed, "");
  set_basis(model.innet(), "curves/inverse.txt", CurveDirection::inverse);
  set_basis(model.nnet(), "curves/forward.txt", CurveDirection::forward);
  const ModelCard card{.name = "duhdr-untrained",
                       .licence = "Apache-2.0",
                       .provenance = {{"program", "duhdr-train " DUHDR_VERSION}, {"seed", options.seed}, {"steps", 0}}};
  save_model(options.folder, model, card);
  spdlog::info("{}: untrained model, {} parameters, seed {}", shown(options.folder), model.parameter_count(),
               options.seed);
  return 0;
}

}  // namespace
}  // namespace duhdr

int main(int argc, char** argv) {
  using namespace duhdr;
  CLI::App app("Makes models for duhdr-infer.", "duhdr-train");
  Options options;
  app.add_option("--init-only", options.folder, "Write a model directory with the start values of training")
      ->type_name("DIR")
      ->required();
  app.add_option("--seed", options.seed, "Seed of the start values")
      ->check(CLI::NonNegativeNumber)  // -1 would become 2^64-1
      ->capture_default_str();
  app.add_option("--trunk", options.trunk, "Trunk of the response nets: resnet18 (default) or crfnet")
      ->transform(CLI::CheckedTransformer(
          std::map<std::string, Trunk>{{"resnet18", Trunk::resnet18}, {"crfnet", Trunk::crfnet}}));
  app.add_option("--down", options.down, "DownBlocks of OOnet: rfb (default) or conv")
      ->transform(CLI::CheckedTransformer(std::map<std::string, Down>{{"rfb", Down::rfb}, {"conv", Down::conv}}));
  app.add_flag("-q,--quiet", options.quiet, "Only errors");
  return run_program(app, argc, argv, [&] {
    set_verbosity(options.quiet, false);
    return init_only(options);
  });
}
