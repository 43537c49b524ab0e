// SPDX-License-Identifier: Apache-2.0
// A batch: every job is read, computed and written; a bad file is reported and the others go on.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "infer/job_run.h"

namespace duhdr {

/// Called on the caller's thread as a batch goes on.
struct BatchListener {
  /// Where the job in hand is; may throw to interrupt. Jobs before it are then ended and told, those after it are not.
  std::function<void(std::size_t index, const std::string& stage, double done)> progress;
  std::function<void(const JobReport&)> ended;  // every job, in the order of the batch
};

/// Runs the jobs. While a small picture is computed, the next one is read and the one before is written, unless there
/// is one thread only; a step that then lacks memory is taken again with nothing beside it.
void run_jobs(Method& method, const std::vector<Job>& jobs, const BatchOptions& options, const BatchListener& listener);

/// The report as one line of JSON.
std::string to_json_line(const JobReport& report, const Method& method);

}  // namespace duhdr
