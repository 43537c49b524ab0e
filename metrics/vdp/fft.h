// SPDX-License-Identifier: Apache-2.0
// The discrete Fourier transform of lines of any length, by KISS FFT.
#pragma once

#include <complex>
#include <cstdint>
#include <memory>

namespace duhdr::vdp {

/// X[k] = sum over n of x[n] exp(-2 pi i k n / N), N >= 1, in O(N log N) operations for every N: KISS FFT takes N^2 for
/// a prime, so lengths with a prime factor above 13 are convolved with a chirp (Bluestein 1970) at a length without
/// one. Works in memory of its own: one thread at a time. A copy costs less than a transform.
class Fft {
 public:
  explicit Fft(std::int64_t length);
  Fft(const Fft& other);
  Fft& operator=(const Fft&) = delete;
  ~Fft();

  void transform(const std::complex<double>* in, std::complex<double>* out);  // in and out do not overlap

 private:
  struct Plan;
  std::unique_ptr<Plan> plan_;
};

}  // namespace duhdr::vdp
