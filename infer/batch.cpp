// SPDX-License-Identifier: Apache-2.0
#include "infer/batch.h"

#include <chrono>
#include <future>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "tensor/device.h"

namespace duhdr {
namespace {

using Step = void (JobRun::*)();

/// A step that is taken beside what this thread does; where no thread can be had, when it is waited for.
class Beside {
 public:
  Beside(std::unique_ptr<JobRun> job, Step step)
      : job_(std::move(job)), done_(std::async(std::launch::async | std::launch::deferred, step, job_.get())) {}
  /// Whether it has been taken, and need not be again.
  bool is_well_done() const {
    return done_.wait_for(std::chrono::seconds(0)) == std::future_status::ready && !job_->lacked_memory();
  }
  std::unique_ptr<JobRun> wait() {
    done_.get();
    return std::move(job_);
  }

 private:
  std::unique_ptr<JobRun> job_;
  std::future<void> done_;  // its end waits for the step
};

class Batch {
 public:
  Batch(Method& method, const std::vector<Job>& jobs, const BatchOptions& options, const BatchListener& listener)
      : method_(method), jobs_(jobs), options_(options), listener_(listener) {}

  void run() {
    try {
      for (std::size_t i = 0; i < jobs_.size(); ++i) run_job(i);
      end_writing();
    } catch (...) {
      end_writing();
      throw;
    }
  }

 private:
  void run_job(std::size_t i);
  std::unique_ptr<JobRun> read(std::size_t i);
  void take(JobRun& job, const std::function<void()>& step);
  void end_writing();
  bool may_overlap(const JobRun& job) const;

  Method& method_;
  const std::vector<Job>& jobs_;
  const BatchOptions& options_;
  const BatchListener& listener_;
  std::optional<Beside> reading_;  // the next job
  std::optional<Beside> writing_;  // the one before
};

/// Whether others may be in memory beside this picture: it is small beside what tensors may take. On one thread there
/// is nothing to gain.
bool Batch::may_overlap(const JobRun& job) const {
  constexpr std::size_t share = 16, without_limit = std::size_t{256} << 20;
  const std::size_t limit = method_.max_memory();
  return cpu_threads() > 1 && job.bytes() <= (limit != 0 ? limit / share : without_limit);
}

/// A step of a job; once more, with nothing beside it, when the memory was short.
void Batch::take(JobRun& job, const std::function<void()>& step) {
  if (!job.report().error.empty()) return;
  step();
  if (!job.lacked_memory() || !(reading_ || writing_)) return;
  end_writing();
  reading_.reset();
  job.retry();
  step();
}

std::unique_ptr<JobRun> Batch::read(std::size_t i) {
  std::unique_ptr<JobRun> job;
  if (reading_) {
    job = std::exchange(reading_, std::nullopt)->wait();
    if (!job->lacked_memory()) return job;
    job->retry();
  } else {
    job = std::make_unique<JobRun>(jobs_[i], options_);
  }
  take(*job, [&] { job->read(); });
  return job;
}

void Batch::end_writing() {
  if (!writing_) return;
  const std::unique_ptr<JobRun> job = std::exchange(writing_, std::nullopt)->wait();
  if (job->lacked_memory()) {
    job->retry();
    take(*job, [&] { job->write(); });
  }
  listener_.ended(job->report());
}

void Batch::run_job(std::size_t i) {
  const Progress progress = [&](const std::string& stage, double done) {
    if (writing_ && writing_->is_well_done()) end_writing();
    listener_.progress(i, stage, done);
  };
  const bool has_next = i + 1 < jobs_.size();
  if (jobs_[i].refusal.empty()) progress("read", 0);
  std::unique_ptr<JobRun> job = read(i);
  std::error_code ignored;  // a pipe is read in its turn
  if (has_next && may_overlap(*job) && std::filesystem::is_regular_file(jobs_[i + 1].input, ignored))
    reading_.emplace(std::make_unique<JobRun>(jobs_[i + 1], options_), &JobRun::read);
  const bool is_alone = !(reading_ || writing_);  // and take() does it once at the most
  take(*job, [&] { job->compute(method_, progress, !is_alone); });
  const bool computed = job->report().error.empty();
  if (computed) progress("write", 1);
  end_writing();
  if (computed && has_next && may_overlap(*job)) {
    writing_.emplace(std::move(job), &JobRun::write);
    return;
  }
  take(*job, [&] { job->write(); });
  listener_.ended(job->report());
}

}  // namespace

void run_jobs(Method& method, const std::vector<Job>& jobs, const BatchOptions& options,
              const BatchListener& listener) {
  Batch(method, jobs, options, listener).run();
}

std::string to_json_line(const JobReport& report, const Method& method) {
  nlohmann::json out = nlohmann::json::array();
  for (const std::filesystem::path& path : report.written) out.push_back(shown(path));
  nlohmann::json json = {{"in", shown(report.job.input)}, {"out", out}, {"ok", report.error.empty()}};
  if (!report.error.empty()) {
    json["error"] = report.error;
    json["code"] = static_cast<int>(report.code);
    return json.dump();
  }
  json["w"] = report.width;
  json["h"] = report.height;
  json["clipped_pct"] = 100 * report.clipped;
  json["max"] = report.values.maximum;
  json["p50"] = report.values.median;
  json["p99"] = report.values.p99;
  if (const Provenance& by = method.provenance(); !by.method.empty())
    json["method"] = by.method;
  else
    json.update({{"model", by.model}, {"model_sha256", by.model_sha256}});
  json["device"] = method.device().text();
  json["tiles"] = report.tiles;
  json["tiles_computed"] = report.computed;
  json["peak_tensor_bytes"] = report.peak_memory;
  json["ms"] = {{"load", 1e3 * report.load_s}, {"infer", 1e3 * report.infer_s}, {"save", 1e3 * report.save_s}};
  json["warnings"] = report.warnings;
  json["sha256"] = report.sha256;
  return json.dump();
}

}  // namespace duhdr
