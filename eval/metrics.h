// SPDX-License-Identifier: Apache-2.0
// The metrics that an evaluation can compute, a row each.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "eval/evaluation.h"
#include "eval/protocol.h"
#include "metrics/hdr_vdp3.h"

namespace duhdr {

/// What a metric is given.
struct Compared {
  Shown shown;     // by the protocol
  Tensor clipped;  // u8 [1, H, W, 1]
  bool wants_visibility = false;
  std::optional<HdrVdp3> vdp = std::nullopt;  // once one of its numbers has been asked for
};

struct Metric {
  MetricColumn column;
  std::optional<double> (*measure)(Compared& compared);  // none where it is not defined, as without clipped pixels
};

const std::vector<Metric>& metrics();

/// Those of a list "a,b,c", or all of an empty one. Throws usage on an unknown one, with the nearest.
std::vector<const Metric*> metrics_of(const std::string& list);

}  // namespace duhdr
