// SPDX-License-Identifier: Apache-2.0
// ExpandNet as a model: its one network, and the chain from a photograph to light at the photograph's own scale.
#pragma once

#include "models/expandnet/expandnet.h"
#include "models/model.h"

namespace duhdr {

class ExpandNetModel : public Model {
 public:
  explicit ExpandNetModel(const ExpandNetConfig& config = {});

  std::string_view family() const override { return "expandnet"; }
  nlohmann::json architecture() const override;
  std::vector<std::string> networks() const override { return {"expandnet"}; }
  void set_camera_curves(const CurveSpace& forward, const CurveSpace& inverse) override;

  /// "image" -> "estimate" (the network's, in (0, 1)) -> "exposure" (what brings it to the clip level, [N])
  /// -> "result"; "mask" (clipped codes) beside it.
  const Chain& to_hdr() const override { return to_hdr_; }

 private:
  Chain make_to_hdr() const;

  ExpandNet& net_;
  Chain to_hdr_;
};

/// Complete architectures: the published one.
std::vector<nlohmann::json> expandnet_variants();

}  // namespace duhdr
