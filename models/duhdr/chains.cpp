// SPDX-License-Identifier: Apache-2.0
// Both chains of DuHDR, pass by pass.
#include "kernels/camera/curve.h"
#include "kernels/camera/mask.h"
#include "kernels/camera/truncation.h"
#include "kernels/pointwise.h"
#include "models/duhdr/duhdr.h"

namespace duhdr {

Chain DuHdr::make_to_hdr() const {
  using In = std::span<const Variable>;
  const auto levels = [this](In in) { return oonet_.encode(OOnet::input(in[0], in[1], in[2])); };
  const Pass refine{.name = "OOnet",
                    .network = "oonet",
                    .inputs = {{"hdr"}, {"linear"}, {"dequantised"}},
                    .output = "result",
                    .run = [this](In in) { return oonet_(in[0], in[1], in[2]); },
                    // MS-SE averages over the image. On the way up a tile's skips are made again: keeping them for the
                    // whole image would cost more than all the rest.
                    .parts = {{.name = "OOnet down",
                               .inputs = {{"hdr"}, {"linear"}, {"dequantised"}},
                               .output = "level",
                               .run = [levels](In in) { return levels(in).back(); }},
                              {.name = "OOnet middle",
                               .inputs = {{"level"}},
                               .output = "middle",
                               .run = [this](In in) { return oonet_.bottleneck(in[0]); }},
                              {.name = "OOnet up",
                               .inputs = {{"hdr"}, {"linear"}, {"dequantised"}, {"middle"}},
                               .output = "result",
                               .run = [this, levels](In in) { return oonet_.decode(in[0], levels(in), in[3]); }}}};
  return {.source = "image",
          .alignment = alignment,
          .passes = {{.name = "Dnet",
                      .network = "dnet",
                      .inputs = {{"image"}},
                      .output = "dequantised",
                      .run = [this](In in) { return dnet_(in[0]); }},
                     {.name = "INnet",
                      .network = "innet",
                      .inputs = {{"dequantised", /*padded=*/false}},
                      .output = "curve",
                      .run = [this](In in) { return innet_(in[0]); }},
                     {.name = "linearise",
                      .inputs = {{"curve"}, {"dequantised"}},
                      .output = "linear",
                      .run = [](In in) { return apply_curve(in[0], in[1]); }},
                     {.name = "mask",
                      .inputs = {{"linear"}},
                      .output = "mask",
                      .run = [this](In in) { return exposure_mask(in[0], itnet_.alpha()); }},
                     {.name = "ITnet",
                      .network = "itnet",
                      .inputs = {{"linear"}},
                      .output = "hdr",
                      .run = [this](In in) { return itnet_(in[0], config_.itnet_iterations); },
                      .only_where = "mask",
                      .otherwise = "linear"},  // x + 0 * residual
                     refine},
          .result = "result",
          .mask = "mask"};
}

Chain DuHdr::make_to_ldr() const {
  using In = std::span<const Variable>;
  return {.source = "light",
          .alignment = alignment,
          .passes = {{.name = "truncate",
                      .inputs = {{"light"}},
                      .output = "truncated",
                      .run = [](In in) { return truncation(in[0]); }},
                     {.name = "Nnet",
                      .network = "nnet",
                      .inputs = {{"truncated", /*padded=*/false}},
                      .output = "curve",
                      .run = [this](In in) { return nnet_(in[0]); }},
                     {.name = "expose",
                      .inputs = {{"curve"}, {"truncated"}},
                      .output = "result",
                      .run = [](In in) { return quantise(apply_curve(in[0], in[1])); }}},
          .result = "result",
          .mask = ""};
}

}  // namespace duhdr
