// SPDX-License-Identifier: Apache-2.0
// Engine: runs a frozen model on whole photographs of any size within a memory budget. Decisions about the whole
// image (the camera curve, the averages inside MS-SE) are made once for each image, never for a tile.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "models/duhdr/duhdr.h"

namespace duhdr {

struct EngineOptions {
  Device device = Device::cpu();
  DType precision = DType::f32;   // of the U-Nets: f32 or bf16
  std::int64_t tile = automatic;  // core of a tile in pixels; `whole` = never tile
  std::size_t max_memory = 0;     // bytes of tensors; 0 = a share of what is free now

  static constexpr std::int64_t automatic = -1;
  static constexpr std::int64_t whole = 0;
};

/// Called as work goes on: the stage's name and the share of the image's work done, 0..1.
using Progress = std::function<void(const std::string& stage, double done)>;

class Engine {
 public:
  /// Takes the model, moves it to the device and freezes it.
  Engine(std::unique_ptr<DuHdr> model, const EngineOptions& options);

  struct HdrResult {
    Tensor pixels;           // [1, H, W, 3] f32 on the CPU, linear, finite, >= 0; 1.0 = the input's clip level
    double clipped = 0;      // share of pixels above the exposure mask's threshold
    std::int64_t tiles = 0;  // ITnet tiles; those without a clipped pixel are not computed
    std::int64_t computed = 0;
    std::size_t peak_memory = 0;  // bytes of tensors
  };
  /// image: [1, H, W, 3] f32 on the CPU, code values in [0, 1]. Throws out_of_memory when not even the smallest
  /// tiles fit.
  HdrResult ldr_to_hdr(const Tensor& image, const Progress& progress = {});

  /// hdr: [1, H, W, 3] f32 on the CPU, linear, 1.0 = clip level -> code values, multiples of 1/255.
  Tensor hdr_to_ldr(const Tensor& hdr, const Progress& progress = {});

  const DuHdr& model() const { return *model_; }
  const EngineOptions& options() const { return options_; }

 private:
  struct Stage;
  std::int64_t core_for(const Stage& stage, std::int64_t h, std::int64_t w) const;
  void run_tiles(const Stage& stage, std::int64_t h, std::int64_t w, Tensor& out, const Progress& progress,
                 HdrResult& result);
  Tensor refine(const Tensor& hdr, const Tensor& linear, const Tensor& dequantised, const Progress& progress);
  std::size_t budget(std::size_t image_bytes) const;

  std::unique_ptr<DuHdr> model_;
  EngineOptions options_;
  Shape last_shape_;  // of the image before
};

/// Parameters, operations and activation memory of one part of a chain at one size.
struct Cost {
  std::string name;
  std::int64_t parameters = 0;
  double flop = 0;                   // 2 per multiply-add of convolutions and linear layers
  std::size_t activation_bytes = 0;  // largest sum of living tensors, weights not counted
};

/// The parts of LDR -> HDR (Dnet, INnet, ITnet, OOnet) and Nnet for an image of size x size. Nothing is computed.
std::vector<Cost> costs_of(const DuHdr& model, std::int64_t height, std::int64_t width);

}  // namespace duhdr
