// SPDX-License-Identifier: Apache-2.0
// Protocols: how an estimate and the reference are brought together before they are compared. A protocol is chosen for
// a whole evaluation, never for a method, and its name stands beside every number.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "eval/pair.h"

namespace duhdr {

/// Both sides of a comparison. light: linear, 1.0 = the photograph's clip level, for metrics of light. display: cd/m^2,
/// for metrics of what is seen. All [1, H, W, 3] f32.
struct Shown {
  Tensor light, reference_light;
  Tensor display, reference_display;
};

struct Protocol {
  std::string_view name, definition;
  Tensor (*align)(const Tensor& estimate, const LoadedPair& pair);  // light in the reference's unit
  Shown (*show)(const Tensor& light, const LoadedPair& pair);       // aligned light beside the reference
};

/// paper, base-0.1%, si-hdr, scale.
const std::vector<Protocol>& protocols();

/// Throws usage on an unknown name, with the nearest.
const Protocol& protocol_of(const std::string& name);

}  // namespace duhdr
