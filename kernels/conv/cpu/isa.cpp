// SPDX-License-Identifier: Apache-2.0
// Which instruction set the convolutions use.
#include <array>
#include <cstdlib>
#include <string>

#include "base/error.h"
#include "kernels/conv/cpu/kernels.h"

namespace duhdr::cpu {

extern const ConvKernels isa_scalar;
#if defined(__x86_64__)
extern const ConvKernels isa_avx2, isa_avx512;
#elif defined(__aarch64__)
extern const ConvKernels isa_neon;
#endif

namespace {

struct Row {
  const ConvKernels* kernels;
  bool (*supported)();
};

/// Best first.
const std::array rows {
#if defined(__x86_64__)
  Row{&isa_avx512,
      [] {
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
               __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512cd");
      }},
      Row{&isa_avx2, [] { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }},
#elif defined(__aarch64__)
  Row{&isa_neon, [] { return true; }},
#endif
      Row {
    &isa_scalar, [] { return true; }
  }
};

const ConvKernels& choose() {
  const char* variable = std::getenv("DUHDR_CPU_ISA");
  const std::string wanted = variable ? variable : "";
  std::string known;
  for (const Row& row : rows) {
    if (!row.supported()) continue;
    if (wanted.empty() || wanted == row.kernels->isa) return *row.kernels;
    known += known.empty() ? "" : ", ";
    known += row.kernels->isa;
  }
  throw Error(ExitCode::usage, message("DUHDR_CPU_ISA=", escaped(wanted), ": this processor runs ", known));
}

}  // namespace

const ConvKernels& conv_kernels() {
  static const ConvKernels& chosen = choose();
  return chosen;
}

const ConvKernels& conv_kernels_for([[maybe_unused]] Index channels) {
#if defined(__x86_64__)
  if (&conv_kernels() == &isa_avx512 && channels <= isa_avx2.lanes) return isa_avx2;
#endif
  return conv_kernels();
}

}  // namespace duhdr::cpu
