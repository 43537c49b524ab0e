// SPDX-License-Identifier: Apache-2.0
// Which row runs a convolution.
#include "kernels/conv/backend.h"

#include <algorithm>

#include "kernels/execution.h"

namespace duhdr {
namespace {
constexpr const ConvBackend* on_cpu[] = {&conv_winograd, &conv_winograd_split, &conv_direct, &conv_depthwise,
                                         &conv_hats,     &conv_through_f32,    &conv_parts,  &conv_reference};
constexpr const ConvBackend* on_cuda[] = {&conv_parts, &conv_cudnn, &conv_reference};
constexpr const ConvBackend* as_reference[] = {&conv_parts, &conv_reference};
}  // namespace

std::span<const ConvBackend* const> conv_backends(Device device) {
  if (device.is_cuda()) return on_cuda;
  return on_cpu;
}

const ConvBackend& conv_backend_of(const ConvProblem& problem, ConvDirection direction, Device device) {
  const auto table = ExecutionScope::current().reference ? as_reference : conv_backends(device);
  const auto row =
      std::ranges::find_if(table, [&](const ConvBackend* backend) { return backend->supports(problem, direction); });
  DUHDR_CHECK(row != table.end(), "no way to run a convolution ", problem.text());
  return **row;
}

std::string ConvProblem::text() const {
  return message(name_of(dtype), ' ', n, 'x', h, 'x', w, 'x', ci, " to ", oh, 'x', ow, 'x', co, ", kernel ", kh, 'x',
                 kw, depthwise ? " depthwise" : "", ", channels ", first, " to ", first + ci, " of ", wi, ", stride ",
                 stride, ", dilation ", dilation, ", padding ", pad_top, ' ', pad_left, ", second source ", cs,
                 upsample ? ", enlarged" : "", features ? ", of response features" : "");
}

const char* name_of(ConvDirection direction) {
  switch (direction) {
    case ConvDirection::forward:
      return "forward";
    case ConvDirection::backward_input:
      return "backward input";
    case ConvDirection::backward_weight:
      break;
  }
  return "backward weight";
}

bool starts_from_residual(Tensor& y, const ConvEpilogue& epilogue) {
  if (!epilogue.residual.defined()) return false;
  if (epilogue.residual.raw() != y.raw()) copy(y, epilogue.residual);
  return true;
}

void conv_forward(const ConvProblem& problem, const Tensor& x, const Tensor& skip, const Tensor& weight,
                  const ConvEpilogue& epilogue, Tensor& y) {
  if (y.device().is_meta()) return;
  conv_backend_of(problem, ConvDirection::forward, y.device()).forward(problem, x, skip, weight, epilogue, y);
}

void conv_backward_input(const ConvProblem& problem, const Tensor& dy, const Tensor& weight, Tensor& dx) {
  conv_transposed(problem, dy, weight, {}, dx);
}

void conv_transposed(const ConvProblem& problem, const Tensor& x, const Tensor& weight, const ConvEpilogue& epilogue,
                     Tensor& y) {
  if (y.device().is_meta()) return;
  conv_backend_of(problem, ConvDirection::backward_input, y.device()).backward_input(problem, x, weight, epilogue, y);
}

void conv_backward_weight(const ConvProblem& problem, const Tensor& x, const Tensor& dy, Tensor& weight_gradient) {
  if (dy.device().is_meta()) return;
  conv_backend_of(problem, ConvDirection::backward_weight, dy.device())
      .backward_weight(problem, x, dy, weight_gradient);
}

}  // namespace duhdr
