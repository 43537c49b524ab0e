// SPDX-License-Identifier: Apache-2.0
#include "metrics/vdp/fft.h"

#include <kissfft/kissfft.hh>
#include <numbers>
#include <vector>

namespace duhdr::vdp {
namespace {

using Complex = std::complex<double>;

std::int64_t without_factors(std::int64_t n, std::initializer_list<std::int64_t> factors) {
  for (const std::int64_t factor : factors)
    while (n % factor == 0) n /= factor;
  return n;
}

bool is_smooth(std::int64_t n) { return without_factors(n, {2, 3, 5, 7, 11, 13}) == 1; }

/// The least length from n on that KISS FFT has its own steps for.
std::int64_t fast_length(std::int64_t n) {
  while (without_factors(n, {2, 3, 5}) != 1) ++n;
  return n;
}

}  // namespace

struct Fft::Plan {
  explicit Plan(std::int64_t n)
      : length(static_cast<std::size_t>(n)),
        inner(static_cast<std::size_t>(is_smooth(n) ? n : fast_length(2 * n - 1))),
        kiss(inner, false) {
    if (inner == length) return;
    for (std::size_t i = 0; i < length; ++i) {  // i^2 modulo 2N: the turn itself, without the whole ones
      const double half_turns = static_cast<double>(i * i % (2 * length)) / static_cast<double>(length);
      chirp.push_back(std::polar(1.0, -std::numbers::pi * half_turns));
    }
    in.resize(inner);
    spectrum.resize(inner);
    kernel.resize(inner);
    for (std::size_t i = 0; i < length; ++i) in[i] = in[(inner - i) % inner] = std::conj(chirp[i]);
    kiss.transform(in.data(), kernel.data());
    for (Complex& value : kernel) value /= static_cast<double>(inner);
  }

  /// X[k] = c[k] sum of (x[n] c[n]) conj(c[k - n]), c[n] = exp(-pi i n^2 / N).
  void by_chirp(const Complex* from, Complex* to) {
    std::fill(in.begin(), in.end(), Complex());
    for (std::size_t i = 0; i < length; ++i) in[i] = from[i] * chirp[i];
    kiss.transform(in.data(), spectrum.data());
    for (std::size_t i = 0; i < inner; ++i) spectrum[i] = std::conj(spectrum[i] * kernel[i]);
    kiss.transform(spectrum.data(), in.data());  // of the conjugate: the conjugate of the inverse
    for (std::size_t i = 0; i < length; ++i) to[i] = std::conj(in[i]) * chirp[i];
  }

  std::size_t length, inner;
  kissfft<double> kiss;
  std::vector<Complex> chirp, kernel, in, spectrum;  // empty unless by chirp
};

Fft::Fft(std::int64_t length) : plan_(std::make_unique<Plan>(length)) {}
Fft::Fft(const Fft& other) : plan_(std::make_unique<Plan>(*other.plan_)) {}
Fft::~Fft() = default;

void Fft::transform(const Complex* in, Complex* out) {
  if (plan_->chirp.empty())
    plan_->kiss.transform(in, out);
  else
    plan_->by_chirp(in, out);
}

}  // namespace duhdr::vdp
