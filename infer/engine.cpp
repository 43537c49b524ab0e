// SPDX-License-Identifier: Apache-2.0
#include "infer/engine.h"

#include <algorithm>

#include "infer/chain_run.h"
#include "models/precision.h"
#include "tensor/allocator.h"

namespace duhdr {
namespace {

/// Throws usage when the chain makes no picture of that name in full resolution.
void check_layer(const Chain& chain, const std::map<std::string, Footprint>& footprints, const std::string& layer) {
  for (const Pass& pass : chain.passes)
    for (std::size_t i = 0; i < pass.outputs.size(); ++i)
      if (pass.outputs[i] == layer && footprints.at(pass.name).scales[i] == 1) return;
  throw Error(ExitCode::usage, message("the model has no layer ", escaped(layer)));
}

}  // namespace

Engine::Engine(std::unique_ptr<Model> model, const EngineOptions& options, Provenance provenance)
    : Method(std::move(provenance)), model_(std::move(model)), options_(options) {
  set_precision(*model_, options.precision);
  model_->freeze();
  to_hdr_.footprints = footprints(model_->to_hdr());
  for (const std::string& layer : options.layers) check_layer(model_->to_hdr(), to_hdr_.footprints, layer);
  if (model_->to_ldr()) to_ldr_.footprints = footprints(*model_->to_ldr());
  model_->to(options.device);
  allocator_of(Device::cpu()).trim();  // of weights as they were before
}

Engine::Engine(LoadedModel loaded, const EngineOptions& options)
    : Engine(std::move(loaded.model), options,
             {.model = std::move(loaded.card.name), .model_sha256 = loaded.sha256.at("model.json")}) {}

/// Runs a chain once on a blank picture, before its first one: weights are packed and plans are made before the memory
/// that is left is shared out.
void Engine::prepare(const Chain& chain, Way& way) const {
  if (way.is_prepared) return;
  (void)forward(chain,
                Variable(Tensor::zeros(Shape{1, chain.alignment, chain.alignment, 3}, DType::f32, options_.device)));
  way.is_prepared = true;
}

/// Bytes of tensors that an image may take: a share of what is free. ChainRun takes less where it can.
std::size_t Engine::budget() const {
  if (options_.max_memory != 0) return options_.max_memory;
  return (info_of(options_.device).available + allocator_of(options_.device).stats().reserved) / 10 * 8;
}

Engine::Result Engine::run(const Chain& chain, Way& way, Tensor picture, const Progress& progress) {
  const NoGrad inference;
  prepare(chain, way);
  CachingAllocator& allocator = allocator_of(options_.device);
  if (picture.shape() != last_shape_) allocator.trim();  // blocks of another size would only fill the memory
  last_shape_ = picture.shape();
  const MemoryLimit limit(allocator, budget());
  allocator.reset_peak();
  picture = picture.to(options_.device);
  Result result = ChainRun(chain, way.footprints, options_, progress).run(std::move(picture));
  result.peak_memory = allocator.stats().peak;
  return result;
}

Engine::Result Engine::ldr_to_hdr(Tensor image, const Progress& progress) {
  Result result = run(model_->to_hdr(), to_hdr_, std::move(image), progress);
  if (result.clipped == 0)
    result.warnings.emplace_back("no clipped pixel: the result is close to the linearised input");
  return result;
}

Engine::Result Engine::hdr_to_ldr(Tensor hdr, const Progress& progress) {
  if (!model_->to_ldr())
    throw Error(ExitCode::usage, message("a model of the family ", model_->family(), " has no way from HDR to LDR"));
  return run(*model_->to_ldr(), to_ldr_, std::move(hdr), progress);
}

std::vector<Cost> costs_of(const Model& model, std::int64_t height, std::int64_t width) {
  std::vector<Cost> costs;
  const auto add = [&](const Chain& chain, bool reverse) {
    blanks_of(chain, Shape{1, height, width, 3}, [&](const Pass& pass, const Need& need) {
      if (pass.network.empty()) return;
      if (costs.empty() || costs.back().network != pass.network)
        costs.push_back({pass.network, reverse, model.network(pass.network).parameter_count()});
      costs.back().flop += need.flop;
      costs.back().activation_bytes = std::max(costs.back().activation_bytes, need.bytes);
    });
  };
  add(model.to_hdr(), false);
  if (model.to_ldr()) add(*model.to_ldr(), true);
  return costs;
}

}  // namespace duhdr
