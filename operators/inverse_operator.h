// SPDX-License-Identifier: Apache-2.0
// Inverse operators: from a photograph to light by a formula of the literature, as baselines of learned methods. The
// table has a row for each, with the parameters of its paper.
#pragma once

#include <span>
#include <string_view>

#include "tensor/tensor.h"

namespace duhdr {

struct OperatorInput {
  Tensor codes;                  // [1, H, W, 3] f32 on the CPU, in [0, 1]
  Tensor inverse_response = {};  // [n] f32, n >= 2: light of the codes 0, 1/(n-1), ..., 1, where the row needs it
};

struct InverseOperator {
  std::string_view name;    // "masia-2009"
  std::string_view title;   // what it does, in some words
  std::string_view source;  // authors and year, or the standard
  bool needs_response;      // of the camera: OperatorInput::inverse_response
  /// -> linear light [1, H, W, 3] f32, finite and >= 0. 1.0 is the photograph's clip level, of which an operator that
  /// leaves mid-tones alone gives the linearised photograph; others brighten or darken it all (operators/light.h).
  Tensor (*run)(const OperatorInput& input);
};

std::span<const InverseOperator> inverse_operators();

/// Throws usage on an unknown name, and says which ones are like it.
const InverseOperator& inverse_operator(std::string_view name);

}  // namespace duhdr
