// SPDX-License-Identifier: Apache-2.0
// The fully connected layer. Small here (512 -> 11, 256 -> 128): plain loops on the CPU, cuBLAS on a GPU.
#pragma once

#include "autograd/variable.h"
#include "kernels/activation.h"

namespace duhdr {

/// y[n, o] = activation(sum over i of x[n, i] weight[o, i] + bias[o]); x [N, I] or [N, 1, 1, I], weight [O, I],
/// bias [O] or undefined -> [N, O]. One element type for all. Throws (internal) on other shapes.
Variable linear(const Variable& x, const Variable& weight, const Variable& bias = {},
                Activation activation = Activation::none);

}  // namespace duhdr
