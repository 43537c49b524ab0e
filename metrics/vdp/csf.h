// SPDX-License-Identifier: Apache-2.0
// Step 8: how sensitive the nerves are to contrasts of a frequency.
#pragma once

#include <vector>

#include "metrics/vdp/plane.h"

namespace duhdr::vdp {

/// Neural contrast sensitivity at `rho` cycles/degree and adaptation to `luminance` cd/m2: the eye's, without what its
/// optics take (eye_mtf) if `glare`. 0 for rho <= 1e-4.
double neural_csf(double rho, double luminance, bool glare);

/// The same at one frequency by 256 values at equal distances of log10 luminance in -5..5, joined by straight lines.
class CsfTable {
 public:
  CsfTable(double rho, bool glare);
  double at(double log10_luminance) const;  // clamped to the grid

 private:
  std::vector<double> values_;
};

}  // namespace duhdr::vdp
