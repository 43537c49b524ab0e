// SPDX-License-Identifier: Apache-2.0
// Precision: which parts of a model compute in f32 when the rest computes in bf16. This is the only place that decides.
//
// Besides what is named here, these are always f32 (or better), by what they are: inputs and results of networks,
// weights in training, BatchNorm's statistics, linear layers, curves, losses, Adam.
#pragma once

#include "layers/module.h"

namespace duhdr {

/// Whether a module keeps f32, by its full name ("itnet.fuse0"): the response nets (a curve multiplies their noise by
/// its slope), and the last convolution of every network (its rounding would be seen in the picture).
bool stays_f32(std::string_view full_name);

/// Sets the type of the activations inside, f32 or bf16, of a module and all below. `name` is the full name of
/// `module`, empty for a whole model.
void set_precision(Module& module, DType activations, const std::string& name = {});

}  // namespace duhdr
