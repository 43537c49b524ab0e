// SPDX-License-Identifier: Apache-2.0
#include "eval/protocol.h"

#include <algorithm>

#include "base/nearest.h"
#include "base/quantile.h"
#include "metrics/crf_correction.h"
#include "metrics/display_map.h"
#include "metrics/scale_fit.h"

namespace duhdr {
namespace {

constexpr double display_peak = 4000, peak_share = 0.999;  // cd/m^2 of the reference's 99.9 % quantile

Tensor as_it_is(const Tensor& estimate, const LoadedPair&) { return estimate; }

Tensor by_mid_tones(const Tensor& estimate, const LoadedPair& pair) {
  const Tensor& guide = pair.codes.defined() ? pair.codes : pair.reference;
  return scaled(estimate, fitted_scale(estimate, pair.reference, guide, pair.clipped));
}

Shown paper(const Tensor& light, const LoadedPair& pair) {
  return {light, pair.reference, mapped_by_extremes(light), mapped_by_extremes(pair.reference)};
}

Shown base(const Tensor& light, const LoadedPair& pair) {
  return {light, pair.reference, mapped_by_permille(light), mapped_by_permille(pair.reference)};
}

Shown scale(const Tensor& light, const LoadedPair& pair) {
  std::vector<float> values = pair.reference.to_vector<float>();
  const auto bright = static_cast<double>(quantile(std::span(values), peak_share));
  const auto most = static_cast<double>(*std::max_element(values.begin(), values.end()));
  const double to_display = display_peak / (bright > 0 ? bright : most);
  return {light, pair.reference, scaled(light, to_display), scaled(pair.reference, to_display)};
}

Shown si_hdr(const Tensor& light, const LoadedPair& pair) {
  Shown shown = scale(light, pair);
  shown.display = crf_corrected(shown.display, shown.reference_display);
  return shown;
}

}  // namespace

const std::vector<Protocol>& protocols() {
  static const std::vector<Protocol> rows{
      {"paper",
       "DuHDR's Eq. 26: each picture by itself to [1, 999] cd/m2 by its least and largest value; HDR-VDP-3 with "
       "rgb-bt.709 at 30 pixels a degree. Metrics of light compare as they are, 1.0 = clip level.",
       as_it_is, paper},
      {"base-0.1%", "The base paper's: as 'paper', but by the 0.1 % least and largest values.", as_it_is, base},
      {"si-hdr",
       "Hanji et al. 2022: one factor fitted on unclipped mid-tones, the reference's 99.9 % quantile shown at 4000 "
       "cd/m2, then CRF correction of the estimate. Metrics of light compare after the factor.",
       by_mid_tones, si_hdr},
      {"scale", "As 'si-hdr' without the CRF correction: one factor fitted on unclipped mid-tones.", by_mid_tones,
       scale}};
  return rows;
}

const Protocol& protocol_of(const std::string& name) {
  std::vector<std::string> names;
  for (const Protocol& protocol : protocols()) {
    if (protocol.name == name) return protocol;
    names.emplace_back(protocol.name);
  }
  const auto similar = nearest(name, names);
  throw Error(ExitCode::usage,
              message("protocol ", escaped(name), " is unknown",
                      similar ? "; did you mean " + *similar + "?" : " (paper, base-0.1%, si-hdr or scale)"));
}

}  // namespace duhdr
