// SPDX-License-Identifier: Apache-2.0
// Engine: runs a frozen model on whole photographs of any size within a memory budget. Decisions about the whole
// image (the camera curve, the averages inside MS-SE) are made once for each image, never for a tile.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "infer/method.h"
#include "models/model_directory.h"

namespace duhdr {

struct EngineOptions {
  Device device = Device::cpu();
  DType precision = DType::f32;       // of the activations: f32 or bf16 (models/precision.h)
  std::int64_t tile = automatic;      // core of a tile in pixels; `whole` = never tile
  std::size_t max_memory = 0;         // bytes of tensors; 0 = a share of what is free now
  std::set<std::string> layers = {};  // values of the chain LDR -> HDR that results keep: "linear", "mask"

  static constexpr std::int64_t automatic = -1;
  static constexpr std::int64_t whole = 0;
};

class Engine : public Method {
 public:
  /// Takes the model, freezes it and moves it to the device. Throws usage when its chain has no such layer.
  Engine(std::unique_ptr<Model> model, const EngineOptions& options, Provenance provenance = {});
  Engine(LoadedModel loaded, const EngineOptions& options);

  /// Clipped are pixels where the chain's mask is above zero. Throws out_of_memory when not even the smallest tiles
  /// fit.
  Result ldr_to_hdr(Tensor image, const Progress& progress) override;
  /// Throws usage when the model has no such chain.
  Result hdr_to_ldr(Tensor hdr, const Progress& progress) override;
  using Method::hdr_to_ldr;
  using Method::ldr_to_hdr;

  Device device() const override { return options_.device; }
  std::size_t max_memory() const override { return options_.max_memory; }
  const Model& model() const { return *model_; }
  const EngineOptions& options() const { return options_; }

 private:
  /// What the engine knows of one of the model's chains.
  struct Way {
    std::map<std::string, Footprint> footprints = {};
    bool is_prepared = false;
  };
  Result run(const Chain& chain, Way& way, Tensor picture, const Progress& progress);
  void prepare(const Chain& chain, Way& way) const;
  std::size_t budget() const;

  std::unique_ptr<Model> model_;
  EngineOptions options_;
  Way to_hdr_, to_ldr_;
  Shape last_shape_;  // of the image before
};

/// Parameters, operations and activation memory of one network at one size.
struct Cost {
  std::string network;
  bool reverse = false;  // used by HDR -> LDR, not by LDR -> HDR
  std::int64_t parameters = 0;
  double flop = 0;  // 2 per multiply-add of convolutions and linear layers
  /// Largest sum of living tensors. Weights do not count, unless the model itself is on meta.
  std::size_t activation_bytes = 0;
};

/// The networks of both chains for an image of height x width, multiples of the chains' alignment. Nothing is computed.
std::vector<Cost> costs_of(const Model& model, std::int64_t height, std::int64_t width);

}  // namespace duhdr
