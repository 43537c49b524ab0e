// SPDX-License-Identifier: Apache-2.0
// Method: a way from a photograph to scene-linear light, whatever makes it: a model in an engine, or an operator.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tensor/tensor.h"

namespace duhdr {

/// Called as work goes on: what is at work, and the share of the image's work done, 0..1.
using Progress = std::function<void(const std::string& pass, double done)>;

/// What makes a picture, as files and reports tell it.
struct Provenance {
  std::string method = {};        // a row of the table of operators; empty: a model
  std::string model = {};         // the name on its card
  std::string model_sha256 = {};  // of model.json
};

class Method {
 public:
  struct Result {
    Tensor pixels;                              // [1, H, W, 3] f32 on the CPU
    std::map<std::string, Tensor> layers = {};  // more pictures of the way there, [1, H, W, C] f32 on the CPU
    double clipped = 0;                      // share of the photograph's pixels that are clipped, as the method sees it
    std::int64_t tiles = 0;                  // squares of 64 pixels of what is only needed where pixels are clipped ...
    std::int64_t computed = 0;               // ... and how many of them were needed
    std::size_t peak_memory = 0;             // bytes of tensors
    std::vector<std::string> warnings = {};  // one line each, for whoever uses the pixels
  };

  explicit Method(Provenance provenance = {}) : provenance_(std::move(provenance)) {}
  virtual ~Method() = default;
  Method(const Method&) = delete;
  Method& operator=(const Method&) = delete;

  /// image: [1, H, W, 3] f32 on the CPU, code values in [0, 1] -> linear, finite, >= 0; 1.0 = the input's clip level.
  /// An image that is moved in is let go as soon as it has been read. Throws out_of_memory when the limit is too low.
  virtual Result ldr_to_hdr(Tensor image, const Progress& progress) = 0;
  Result ldr_to_hdr(Tensor image) { return ldr_to_hdr(std::move(image), {}); }

  /// hdr: [1, H, W, 3] f32 on the CPU, linear, 1.0 = clip level -> code values, multiples of 1/255. Throws usage when
  /// the method has no such way.
  virtual Result hdr_to_ldr(Tensor hdr, const Progress& progress) = 0;
  Result hdr_to_ldr(Tensor hdr) { return hdr_to_ldr(std::move(hdr), {}); }

  virtual Device device() const = 0;
  virtual std::size_t max_memory() const = 0;  // bytes of tensors; 0 = a share of what is free

  const Provenance& provenance() const { return provenance_; }

 private:
  Provenance provenance_;
};

}  // namespace duhdr
