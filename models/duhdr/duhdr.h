// SPDX-License-Identifier: Apache-2.0
// DuHdr: the five networks and both chains, LDR -> HDR (Dnet, INnet, ITnet, OOnet) and HDR -> LDR (C, Nnet, M, Q).
#pragma once

#include <string_view>

#include "models/duhdr/config.h"
#include "models/duhdr/dnet.h"
#include "models/duhdr/itnet.h"
#include "models/duhdr/oonet.h"
#include "models/duhdr/response_net.h"

namespace duhdr {

class DuHdr : public Module {
 public:
  static constexpr std::int64_t alignment = 32;  // both chains pad to multiples of it and crop at the end

  explicit DuHdr(const DuHdrConfig& config = {});
  const DuHdrConfig& config() const { return config_; }

  /// What the chain LDR -> HDR makes on its way, all [N, H, W, 3] of the input's size but the curve [N, samples].
  struct Reconstruction {
    Variable dequantised;  // I_n, encoded, in [0, 1]
    Variable curve;        // inverse camera response
    Variable linear;       // I_clip = M(curve, I_n)
    Variable hdr;          // H^, after ITnet
    Variable result;       // after OOnet; 1.0 = the input's clip level
  };
  Reconstruction ldr_to_hdr(const Variable& image) const;  // image: code values in [0, 1], any size

  /// What the chain HDR -> LDR makes.
  struct Exposure {
    Variable truncated;  // C(H)
    Variable curve;      // camera response
    Variable result;     // Q(M(curve, C(H))), multiples of 1/255
  };
  Exposure hdr_to_ldr(const Variable& hdr) const;  // hdr >= 0, 1.0 = clip level, any size

  /// Activations of the U-Nets in f32 or bf16. The response nets always work in f32: a curve is too sensitive.
  void set_precision(DType precision);

  const Dnet& dnet() const { return dnet_; }
  const ResponseNet& innet() const { return innet_; }
  const ResponseNet& nnet() const { return nnet_; }
  const ITnet& itnet() const { return itnet_; }
  const OOnet& oonet() const { return oonet_; }
  ResponseNet& innet() { return innet_; }
  ResponseNet& nnet() { return nnet_; }
  Module& network(std::string_view name);  // "dnet", "innet", "nnet", "itnet" or "oonet"
  const Module& network(std::string_view name) const { return const_cast<DuHdr*>(this)->network(name); }

 private:
  DuHdrConfig config_;
  Dnet& dnet_;
  ResponseNet &innet_, &nnet_;
  ITnet& itnet_;
  OOnet& oonet_;
};

}  // namespace duhdr
