// SPDX-License-Identifier: Apache-2.0
// One job on its way: a picture is read, computed and written, each a step of its own.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "image/image.h"
#include "infer/jobs.h"
#include "infer/method.h"
#include "infer/page_copies.h"
#include "metrics/value_range.h"

namespace duhdr {

struct BatchOptions {
  double exposure = 0;             // EV; multiplies the HDR side by 2^exposure
  bool reverse = false;            // HDR -> LDR
  bool replace = true;             // false: writing a file that has come to be is an error
  const Format* format = nullptr;  // of what is written
  WriteOptions write;
  ReadLimits limits;
  std::set<std::string> layers = {};  // of a method's layers those that are written
  std::int64_t copy_side = 0;         // long side of the copies in a report, in pixels; 0: none are made
  std::string options_json;           // provenance
};

/// What became of one job.
struct JobReport {
  Job job;
  std::string error;  // empty = written
  ExitCode code = ExitCode::done;
  std::vector<std::string> warnings;
  std::vector<std::filesystem::path> written;
  std::int64_t width = 0, height = 0;
  double clipped = 0;                        // share of the photograph's pixels
  ValueRange values;                         // of what was written
  double clip_level = 1;                     // of what was written: the value at the photograph's clip level
  std::shared_ptr<const PageCopies> copies;  // where BatchOptions::copy_side asks for them
  std::int64_t tiles = 0, computed = 0;
  std::size_t peak_memory = 0;
  double load_s = 0, infer_s = 0, save_s = 0;
  std::string sha256;  // of the first written file
};

/// The steps of a job, to be taken in their order. None throws Error: it is in the report, and what follows does
/// nothing. A step that lacked memory may be taken again, after retry().
class JobRun {
 public:
  JobRun(const Job& job, const BatchOptions& options);  // which outlive it

  void read();
  /// `progress` may throw to interrupt. A picture that is not kept cannot be computed again.
  void compute(Method& method, const Progress& progress, bool keep_picture);
  void write();

  bool lacked_memory() const { return report_.code == ExitCode::out_of_memory && report_.written.empty(); }
  void retry();
  std::size_t bytes() const;  // of the picture's tensors that wait for the next step
  const JobReport& report() const { return report_; }

 private:
  void take(const std::function<void()>& step);
  void run(Method& method, const Progress& progress, Tensor picture);

  const BatchOptions& options_;
  JobReport report_;
  Provenance provenance_;
  Tensor pixels_;  // what the next step reads
  std::map<std::string, Tensor> layers_;
  Metadata metadata_;      // where the format holds it
  Photograph photograph_;  // where the format shows it
  PhotographCopy copy_;    // where BatchOptions::copy_side asks for it
};

}  // namespace duhdr
