// SPDX-License-Identifier: Apache-2.0
// What duhdr-eval shows while it evaluates.
#pragma once

#include "apps/status_line.h"
#include "eval/run.h"

namespace duhdr {

/// Interrupts, and shows how far it is and how long it will still take. `line` outlives it.
EvaluationProgress eval_progress(StatusLine& line);

}  // namespace duhdr
