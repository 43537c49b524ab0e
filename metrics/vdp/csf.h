// SPDX-License-Identifier: Apache-2.0
// Step 8: how sensitive the nerves are to contrasts of a frequency.
#pragma once

#include <vector>

#include "metrics/vdp/log_table.h"

namespace duhdr::vdp {

/// Neural contrast sensitivity at `rho` cycles/degree and adaptation to `luminance` cd/m2: the eye's, without what its
/// optics take (eye_mtf) if `glare`. 0 for rho <= 1e-4.
double neural_csf(double rho, double luminance, bool glare);

/// The same at one frequency and 256 points of a LogTable.
std::vector<double> csf_samples(double rho, bool glare);

template <class T = double>
class CsfTable : public LogTable<T> {
 public:
  CsfTable(double rho, bool glare) : LogTable<T>(csf_samples(rho, glare)) {}
};

}  // namespace duhdr::vdp
