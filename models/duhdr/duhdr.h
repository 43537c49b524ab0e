// SPDX-License-Identifier: Apache-2.0
// DuHdr: the five networks and both chains, LDR -> HDR (Dnet, INnet, ITnet, OOnet) and HDR -> LDR (C, Nnet, M, Q).
#pragma once

#include "models/duhdr/config.h"
#include "models/duhdr/dnet.h"
#include "models/duhdr/itnet.h"
#include "models/duhdr/oonet.h"
#include "models/duhdr/response_net.h"
#include "models/model.h"

namespace duhdr {

class DuHdr : public Model {
 public:
  explicit DuHdr(const DuHdrConfig& config = {});
  const DuHdrConfig& config() const { return config_; }

  std::string_view family() const override { return "duhdr"; }
  nlohmann::json architecture() const override;
  std::vector<std::string> networks() const override { return {"dnet", "innet", "nnet", "itnet", "oonet"}; }
  std::string variant() const override;
  std::string label(std::string_view network) const override;
  void set_camera_curves(const CurveSpace& forward, const CurveSpace& inverse) override;

  /// "image" -> "dequantised" (I_n) -> "curve" (inverse response) -> "linear" (I_clip = M(curve, I_n)) -> "hdr" (H^,
  /// after ITnet) -> "result" (after OOnet); "mask" (Eq. 15) beside it.
  const Chain& to_hdr() const override { return to_hdr_; }
  /// "light" -> "truncated" (C(H)) -> "curve" (response) -> "result" (Q(M(curve, C(H))), Eq. 1-3)
  const Chain* to_ldr() const override { return &to_ldr_; }

  const Dnet& dnet() const { return dnet_; }
  const ResponseNet& innet() const { return innet_; }
  const ResponseNet& nnet() const { return nnet_; }
  const ITnet& itnet() const { return itnet_; }
  const OOnet& oonet() const { return oonet_; }
  ResponseNet& innet() { return innet_; }
  ResponseNet& nnet() { return nnet_; }

 private:
  Chain make_to_hdr() const;
  Chain make_to_ldr() const;

  DuHdrConfig config_;
  Dnet& dnet_;
  ResponseNet &innet_, &nnet_;
  ITnet& itnet_;
  OOnet& oonet_;
  Chain to_hdr_, to_ldr_;
};

/// Complete architectures: the paper's text, and the variant of its Table 2 (CRF-Net trunks, plain DownBlocks).
std::vector<nlohmann::json> duhdr_variants();

}  // namespace duhdr
