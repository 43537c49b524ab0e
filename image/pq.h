// SPDX-License-Identifier: Apache-2.0
// PQ: the perceptual quantiser of SMPTE ST 2084.
#pragma once

namespace duhdr {

/// luminance in cd/m^2, clamped to [0, 10000] -> [0, 1], and back.
double pq(double luminance);
double pq_inverse(double code);

}  // namespace duhdr
