// SPDX-License-Identifier: Apache-2.0
// An evaluation: every method on every pair.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "eval/evaluation.h"
#include "eval/methods.h"
#include "eval/metrics.h"
#include "eval/protocol.h"

namespace duhdr {

struct EvaluateOptions {
  const Protocol* protocol = nullptr;
  std::vector<const Metric*> metrics;
  bool only_clipped = false;   // outside of clipped pixels every estimate, once aligned, is the reference
  bool pictures = false;       // Evaluation::pictures, for a report that shows them
  std::filesystem::path keep;  // folder of finished rows, which are not computed again; empty = none
  std::string version;         // of duhdr, for the reports
  std::string computes;        // the program and the device: a row that others have kept is computed again
  ReadLimits limits;
};

/// `done` of `total` rows, a method on a pair each; may throw to interrupt.
using EvaluationProgress = std::function<void(std::int64_t done, std::int64_t total, const std::string& what)>;

/// Remarks name what the set leaves out. A pair that cannot be used, or for which one of the methods has no usable
/// result, counts for none of them; the reason is in PairResult::refusal. Methods have different names (usage). Throws
/// io when a row cannot be kept.
Evaluation evaluate(const EvaluationSet& set, const std::vector<std::unique_ptr<EvaluatedMethod>>& methods,
                    const EvaluateOptions& options, const EvaluationProgress& progress = {});

}  // namespace duhdr
