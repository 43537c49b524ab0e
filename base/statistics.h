// SPDX-License-Identifier: Apache-2.0
// What a few measured values say of all that could have been measured.
#pragma once

#include <span>

namespace duhdr {

struct Interval {
  double mean = 0, low = 0, high = 0;
};

/// The mean and its 95 % interval by the percentile bootstrap (Efron, 1979): 10000 resamples drawn by fixed random
/// numbers, so equal values give an equal interval. Of one value all three are that value; of none they are 0.
Interval bootstrap_interval(std::span<const double> values);

/// Two-sided p of the sign-flip permutation test (Fisher, 1935) that paired differences have the mean 0: the share of
/// sign patterns whose |sum| is at least that of the differences. All 2^n patterns for n <= 16, else 20000 by fixed
/// random numbers, the given one counted among them. 1 of no differences.
double sign_flip_p(std::span<const double> differences);

}  // namespace duhdr
