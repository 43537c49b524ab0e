// SPDX-License-Identifier: Apache-2.0
// HDRCNN as a model: its one network, and the chain from a photograph to light.
#pragma once

#include "models/hdrcnn/hdrcnn.h"
#include "models/model.h"

namespace duhdr {

class HdrcnnModel : public Model {
 public:
  explicit HdrcnnModel(const HdrcnnConfig& config = {});

  std::string_view family() const override { return "hdrcnn"; }
  nlohmann::json architecture() const override;
  std::vector<std::string> networks() const override { return {"hdrcnn"}; }

  /// "image" -> "linear" (the photograph by a curve of 2) -> "result", the same where it is not clipped: where "mask"
  /// is above zero, the network's light is blended in.
  const Chain& to_hdr() const override { return to_hdr_; }

  const Hdrcnn& net() const { return net_; }

 private:
  Chain make_to_hdr() const;

  Hdrcnn& net_;
  Chain to_hdr_;
};

/// Complete architectures: the published one.
std::vector<nlohmann::json> hdrcnn_variants();

}  // namespace duhdr
