// SPDX-License-Identifier: Apache-2.0
// Model: networks under names and the chains through them. What trains, runs, saves or describes a model knows only
// this.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "layers/module.h"
#include "models/chain.h"

namespace duhdr {

/// Camera response curves as a mean and components: [samples] and [samples, components], f32.
struct CurveSpace {
  Tensor mean, components;
};

class Model : public Module {
 public:
  virtual std::string_view family() const = 0;            // the row of the registry
  virtual nlohmann::json architecture() const = 0;        // what the registry makes the same model from
  virtual std::vector<std::string> networks() const = 0;  // children, each with a weight file of its own

  /// Photograph -> scene-linear light; the source holds code values in [0, 1], the result has 1.0 at the clip level.
  virtual const Chain& to_hdr() const = 0;
  /// Scene-linear light (1.0 = clip level) -> the photograph a camera takes, multiples of 1/255; null: no such chain.
  virtual const Chain* to_ldr() const { return nullptr; }

  /// What a fresh model takes over from measured cameras. Throws usage when it needs curves of another length.
  virtual void set_camera_curves(const CurveSpace& /*forward*/, const CurveSpace& /*inverse*/) {}

  /// Which of the family it is, for descriptions: "resnet18, rfb".
  virtual std::string variant() const { return std::string(family()); }
  /// A network with its variant, for descriptions: "innet, trunk resnet18".
  virtual std::string label(std::string_view network) const { return std::string(network); }

  Module& network(std::string_view name) { return child_named(name); }
  const Module& network(std::string_view name) const { return const_cast<Model*>(this)->child_named(name); }
};

}  // namespace duhdr
