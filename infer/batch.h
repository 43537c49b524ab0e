// SPDX-License-Identifier: Apache-2.0
// A batch: every job is read, run and written; a bad file is reported and the others go on.
#pragma once

#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

#include "image/image.h"
#include "infer/engine.h"
#include "infer/jobs.h"
#include "metrics/value_range.h"

namespace duhdr {

struct BatchOptions {
  double exposure = 0;   // EV; multiplies the HDR side by 2^exposure
  bool preview = false;  // also write <output stem>.preview.png: -4, -2 and 0 EV
  bool reverse = false;  // HDR -> LDR
  std::string format;
  ReadLimits limits;
  std::string model_name, model_sha256;  // provenance
  std::string options_json;
};

/// What became of one job.
struct JobReport {
  Job job;
  std::string error;  // empty = written
  ExitCode code = ExitCode::done;
  std::vector<std::string> warnings;
  std::vector<std::filesystem::path> written;
  std::int64_t width = 0, height = 0;
  double clipped = 0;  // share of pixels above the mask's threshold
  ValueRange values;   // of what was written
  std::int64_t tiles = 0, computed = 0;
  std::size_t peak_memory = 0;
  double load_s = 0, infer_s = 0, save_s = 0;
  std::string sha256;  // of the first written file
};

/// Runs one job. Never throws Error: it is in the report. `progress` may throw to interrupt.
JobReport run_job(Engine& engine, const Job& job, const BatchOptions& options, const Progress& progress);

/// The report as one line of JSON.
std::string to_json_line(const JobReport& report, const Engine& engine);

}  // namespace duhdr
