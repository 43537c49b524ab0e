// SPDX-License-Identifier: Apache-2.0
#include "metrics/vdp/dct.h"

#include <numbers>

namespace duhdr::vdp {

using Complex = std::complex<double>;

Dct::Dct(std::int64_t length)
    : length_(length),
      fft_(length),
      permuted_(static_cast<std::size_t>(length)),
      spectrum_(static_cast<std::size_t>(length)) {
  for (std::int64_t k = 0; k < length; ++k)
    turn_.push_back(std::polar(1.0, -std::numbers::pi * static_cast<double>(k) / static_cast<double>(2 * length)));
}

// v[n] = x[2n], v[N - 1 - n] = x[2n + 1]; X[k] = w[k] V[k] + conj(w[k]) V[N - k].
void Dct::forward(Complex* line) {
  Complex *v = permuted_.data(), *spectrum = spectrum_.data();
  for (std::int64_t n = 0; 2 * n < length_; ++n) v[n] = line[2 * n];
  for (std::int64_t n = 0; 2 * n + 1 < length_; ++n) v[length_ - 1 - n] = line[2 * n + 1];
  fft_.transform(v, spectrum);
  line[0] = 2.0 * spectrum[0];
  const Complex* w = turn_.data();
  for (std::int64_t k = 1; k < length_; ++k) line[k] = w[k] * spectrum[k] + std::conj(w[k]) * spectrum[length_ - k];
}

// V[k] = conj(w[k]) (X[k] - i X[N - k]) / 2, X[N] = 0. The inverse transform is the conjugate of that of the conjugate.
void Dct::inverse(Complex* line) {
  Complex *v = permuted_.data(), *spectrum = spectrum_.data();
  const double scale = 0.5 / static_cast<double>(length_);
  v[0] = scale * std::conj(line[0]);
  const Complex* w = turn_.data();
  for (std::int64_t k = 1; k < length_; ++k) {
    const Complex mirrored = line[length_ - k];
    v[k] = scale * w[k] * std::conj(line[k] - Complex(-mirrored.imag(), mirrored.real()));
  }
  fft_.transform(v, spectrum);
  for (std::int64_t n = 0; 2 * n < length_; ++n) line[2 * n] = std::conj(spectrum[n]);
  for (std::int64_t n = 0; 2 * n + 1 < length_; ++n) line[2 * n + 1] = std::conj(spectrum[length_ - 1 - n]);
}

}  // namespace duhdr::vdp
