// SPDX-License-Identifier: Apache-2.0
#include "kernels/conv/onednn_faults.h"

#include <sys/mman.h>

#include <dnnl.hpp>

namespace duhdr {
namespace {
constexpr std::int64_t avx2_floats = 8;  // in one register
}

bool has_avx512() {
  // A set of bits, one for each extension: avx2_vnni is the larger number, and has no AVX-512.
  constexpr auto wanted = static_cast<unsigned>(dnnl::cpu_isa::avx512_core);
  static const bool has = (static_cast<unsigned>(dnnl::get_effective_cpu_isa()) & wanted) == wanted;
  return has;
}

// jit_1x1:avx2 (2.6.3) first gathers the pixels that a stride leaves, whole registers at a time, into room for `ci`
// channels each: with fewer channels than a register has floats the last pixel ends behind that room. Found with 1 to
// 7 channels at stride 2, in no other direction and no other kernel of 14,000 problems with guarded memory.
bool backward_weight_is_safe(const ConvProblem& p) {
  return has_avx512() || p.kh * p.kw > 1 || p.stride == 1 || p.depthwise || p.ci % avx2_floats == 0;
}

// Images smaller than the kernel may go through oneDNN's matrix product, whose order of additions depends on their
// size.
bool depends_on_size(const ConvProblem& p) {
  return !has_avx512() && (p.h <= (p.kh - 1) * p.dilation || p.w <= (p.kw - 1) * p.dilation);
}

// The convolutions that go through oneDNN's matrix product (dilated weight gradients, 1x1 at stride 2, images of a few
// pixels) split its sums between threads.
bool depends_on_threads(std::string_view implementation) {
  return !has_avx512() && implementation.find("gemm") != std::string_view::npos;
}

void require_room_for_plan() {
  constexpr std::size_t room = std::size_t{64} << 20;  // bytes of address space; a plan takes a few of them
  void* const block = mmap(nullptr, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (block == MAP_FAILED) throw Error(ExitCode::out_of_memory, "out of memory (no room to prepare a convolution)");
  (void)munmap(block, room);
}

}  // namespace duhdr
