// SPDX-License-Identifier: Apache-2.0
// The discrete cosine transform: what the Fourier transform of a line and its mirror image comes to.
#pragma once

#include <complex>
#include <cstdint>
#include <vector>

#include "metrics/vdp/fft.h"

namespace duhdr::vdp {

/// X[k] = 2 sum over n of x[n] cos(pi k (2n + 1) / 2N) (DCT-II) and its inverse, in place, by a Fourier transform of N
/// values (Makhoul 1980). It is linear, so a complex line is two real ones. One thread at a time, as Fft.
class Dct {
 public:
  explicit Dct(std::int64_t length);
  void forward(std::complex<double>* line);
  void inverse(std::complex<double>* line);

 private:
  std::int64_t length_;
  Fft fft_;
  std::vector<std::complex<double>> turn_;  // exp(-pi i k / 2N)
  std::vector<std::complex<double>> permuted_, spectrum_;
};

}  // namespace duhdr::vdp
