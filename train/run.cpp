// SPDX-License-Identifier: Apache-2.0
#include "train/run.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "base/file.h"
#include "data/feed.h"
#include "models/model_directory.h"
#include "train/checkpoint.h"
#include "train/folder_lock.h"
#include "train/metrics_log.h"
#include "train/progress.h"
#include "train/report.h"
#include "train/session.h"
#include "train/stage_data.h"
#include "train/validation.h"

namespace duhdr {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr std::int64_t failures_allowed = 20;  // in a row
constexpr std::int64_t log_every = 10;         // steps

/// Raised inside the run when a limit of this call is reached.
struct LimitReached {};

class Run {
 public:
  Run(const TrainConfig& config, const RunOptions& options);
  bool run();

 private:
  void resume(Checkpoint checkpoint);
  void prepare_validation(const Dataset* dataset, bool fresh);
  void train_row();
  void take_steps(const StagePlan& plan, const Dataset& dataset);
  void name_bad_files(const Dataset& dataset);
  void name_refusal();
  void after_step(const StagePlan& plan, const Batch& batch, const StepResult& result, double rate, double waited);
  void roll_back();
  void validate();
  void keep_best(const ValidationResult& result);
  void save();
  void event(const std::string& text);
  void finish();
  double elapsed() const { return std::chrono::duration<double>(Clock::now() - begin_).count(); }
  double budget_s() const { return options_.max_hours * 3600; }

  const TrainConfig& config_;
  const RunOptions& options_;
  std::unique_ptr<FolderLock> lock_;
  Session session_;
  RunState state_;
  std::map<std::string, Tensor> optimiser_state_;  // of a checkpoint, until its stage begins
  std::unique_ptr<StageTrainer> trainer_;
  std::unique_ptr<MetricsLog> metrics_;
  std::unique_ptr<Validation> validation_;
  ProgressLine progress_;
  const Clock::time_point begin_ = Clock::now();
  double seconds_before_ = 0;
  Clock::time_point last_save_ = Clock::now();
  std::int64_t last_validation_ = -1;  // total_steps
  std::size_t bad_files_named_ = 0;    // of this stage's data set
  bool refusal_named_ = false;         // that steps cannot be recorded
};

Run::Run(const TrainConfig& config, const RunOptions& options)
    : config_(config), options_(options), session_(config, options), progress_(options.device, options.quiet) {
  if (config.schedule.empty()) throw Error(ExitCode::usage, "the schedule has no stage");
  for (const StagePlan& plan : config.schedule) (void)stage_dataset(config, stage_named(plan.stage), plan);
  const std::unique_ptr<Dataset> kept_back = validation_dataset(config);
  lock_ = std::make_unique<FolderLock>(options.folder);
  std::optional<Checkpoint> checkpoint = open_run_folder(config, options);
  const bool fresh = !checkpoint;
  if (checkpoint) resume(std::move(*checkpoint));
  metrics_ = std::make_unique<MetricsLog>(options.folder / "metrics.jsonl", state_.metrics_bytes);
  if (!fresh) event(message("continued after step ", state_.total_steps));
  prepare_validation(kept_back.get(), fresh);
  if (fresh) save();
}

void Run::resume(Checkpoint checkpoint) {
  session_.set_weights(checkpoint.model);
  state_ = checkpoint.run;
  seconds_before_ = state_.seconds;
  optimiser_state_ = std::move(checkpoint.optimiser);
}

void Run::prepare_validation(const Dataset* dataset, bool fresh) {
  if (!dataset) {
    spdlog::warn("no validation: none of the sources has HDR images");
    return;
  }
  spdlog::info("validation: {} samples of {}", config_.validation.samples, dataset->text());
  validation_ = std::make_unique<Validation>(*dataset, config_.validation.samples);
  if (!fresh) return;
  validation_->write_references(options_.folder / "samples", config_.validation.pictures);
  validation_->write_results(session_.model(), options_.folder / "samples", "before", config_.validation.pictures);
  validate();
}

bool Run::run() {
  try {
    while (state_.row < static_cast<std::int64_t>(config_.schedule.size())) train_row();
  } catch (const LimitReached&) {
    progress_.leave();
    save();
    if (trainer_) validate();
    finish();
    spdlog::info("stopped by the limit after step {}; continue with --resume auto", state_.total_steps);
    return false;
  } catch (const Error&) {
    throw;
  } catch (...) {  // interrupted
    progress_.leave();
    save();
    spdlog::info("saved after step {}; continue with --resume auto", state_.total_steps);
    throw;
  }
  finish();
  return true;
}

void Run::train_row() {
  const StagePlan& plan = config_.schedule[static_cast<std::size_t>(state_.row)];
  const Stage& stage = stage_named(plan.stage);
  const std::unique_ptr<Dataset> dataset = stage_dataset(config_, stage, plan);
  spdlog::info("stage {} of {}: {} ({}), {} steps of {} x {} pixels, {}", state_.row + 1, config_.schedule.size(),
               plan.stage, stage.summary, plan.steps, plan.batch, plan.patch, dataset->text());
  trainer_ = session_.trainer(plan);
  if (!optimiser_state_.empty()) trainer_->optimiser().set_state(std::exchange(optimiser_state_, {}));
  take_steps(plan, *dataset);
  progress_.leave();
  trainer_->optimiser().adopt_averages();
  trainer_.reset();
  ++state_.row;
  state_.step = 0;
  validate();
  save();
  write_report(options_.folder);
}

void Run::take_steps(const StagePlan& plan, const Dataset& dataset) {
  Loader loader(dataset, plan.batch, first_batch(state_.row) + state_.step, config_.threads);
  Feed feed(loader, options_.device, plan.steps - state_.step);
  progress_.begin(plan.stage, state_.step, plan.steps);
  bad_files_named_ = 0;
  while (state_.step < plan.steps) {
    options_.check_interrupt();
    const bool out_of_steps = options_.max_steps > 0 && state_.total_steps >= options_.max_steps;
    if (out_of_steps || (budget_s() > 0 && elapsed() >= budget_s())) throw LimitReached{};
    const double waited_before = loader.waited();
    const Batch batch = feed.next();
    const double rate = plan.learning_rate.at(state_.step, plan.steps);
    trainer_->begin_step(batch, rate);
    feed.prefetch();
    const StepResult result = trainer_->end_step();
    name_refusal();
    after_step(plan, batch, result, rate, loader.waited() - waited_before);
    name_bad_files(dataset);
  }
}

void Run::name_bad_files(const Dataset& dataset) {
  const BadFiles bad = dataset.bad_files();
  for (; bad_files_named_ < bad.messages.size(); ++bad_files_named_)
    event(message("not used (", bad_files_named_ + 1, " of ", bad.total, " files): ", bad.messages[bad_files_named_]));
}

void Run::name_refusal() {
  if (refusal_named_ || trainer_->recorder().refusal().empty()) return;
  refusal_named_ = true;
  event("steps cannot be recorded as CUDA graphs and are launched piece by piece: " + trainer_->recorder().refusal());
}

void Run::after_step(const StagePlan& plan, const Batch& batch, const StepResult& result, double rate, double waited) {
  ++state_.step;
  ++state_.total_steps;
  state_.images += batch.size();
  progress_.step(state_.step, result.loss, batch.size());
  if (!result.finite) {
    ++state_.skipped_steps;
    ++state_.failures_in_a_row;
    event(
        message("step ", state_.total_steps, " skipped: loss ", result.loss, ", gradient norm ", result.gradient_norm));
    if (state_.failures_in_a_row >= failures_allowed) roll_back();
  } else if (result.skipped) {
    ++state_.dropped_batches;
  } else {
    state_.failures_in_a_row = 0;
  }
  if (!result.skipped && (state_.step % log_every == 0 || state_.step <= log_every || state_.step == plan.steps)) {
    Json terms = Json::object();
    for (const auto& [name, value] : result.terms) terms[name] = value;
    metrics_->write({{"kind", "step"},
                     {"row", state_.row},
                     {"stage", plan.stage},
                     {"step", state_.step},
                     {"total_steps", state_.total_steps},
                     {"loss", result.loss},
                     {"terms", terms},
                     {"learning_rate", rate},
                     {"gradient_norm", result.gradient_norm},
                     {"images_per_s", progress_.images_per_second()},
                     {"waited_s", waited},
                     {"peak_bytes", peak_of(options_.device)},
                     {"skipped_steps", state_.skipped_steps}});
  }
  if (state_.step == plan.steps) return;  // the end of a stage does all of it
  const double minutes = std::chrono::duration<double>(Clock::now() - last_save_).count() / 60;
  if (state_.step % config_.validation.every == 0) {
    validate();
    write_report(options_.folder);
  }
  if (state_.failures_in_a_row > 0) return;  // a rollback must find what was before them
  if (state_.step % config_.checkpoint_every == 0 || minutes >= config_.checkpoint_minutes) save();
}

void Run::roll_back() {
  progress_.leave();
  if (state_.rollbacks > 0)
    throw Error(ExitCode::diverged, message("training diverged: ", failures_allowed,
                                            " steps in a row were not finite, again after a rollback; the last good "
                                            "checkpoint is kept (lower the learning rate or set adam.clip_norm)"));
  std::vector<std::string> damaged;
  const std::optional<Checkpoint> checkpoint = newest_checkpoint(options_.folder / "checkpoints", damaged);
  DUHDR_CHECK(checkpoint.has_value(), "a run always has a checkpoint");
  event(message("rolled back to the checkpoint of step ", checkpoint->run.total_steps));
  session_.set_weights(checkpoint->model);
  trainer_ = session_.trainer(config_.schedule[static_cast<std::size_t>(state_.row)]);
  if (checkpoint->run.row == state_.row && !checkpoint->optimiser.empty())
    trainer_->optimiser().set_state(checkpoint->optimiser);
  state_.failures_in_a_row = 0;
  ++state_.rollbacks;  // the data go on: the batches that failed are behind us
}

void Run::validate() {
  if (!validation_ || last_validation_ == state_.total_steps) return;
  last_validation_ = state_.total_steps;
  if (trainer_) trainer_->optimiser().exchange_averages();
  const ValidationResult result = validation_->run(session_.model());
  if (state_.total_steps > 0)
    validation_->write_results(session_.model(), options_.folder / "samples", "now", config_.validation.pictures);
  keep_best(result);
  if (trainer_) trainer_->optimiser().exchange_averages();
  progress_.leave();
  std::string text;
  Json line{{"kind", "validation"}, {"row", state_.row}, {"total_steps", state_.total_steps}};
  for (const ValidationMetric& metric : validation_metrics()) {
    text += fmt::format("{}{} {:.4f}", text.empty() ? "" : ", ", metric.title, result.*metric.value);
    line[std::string(metric.name)] = result.*metric.value;
  }
  line["pixels"] = result.pixels;
  line["clipped_pixels"] = result.clipped_pixels;
  spdlog::info("validation after step {}: {} ({:.1f} % of the pixels clipped)", state_.total_steps, text,
               100 * static_cast<double>(result.clipped_pixels) / static_cast<double>(result.pixels));
  metrics_->write(line);
}

/// The model that validation likes best so far, for duhdr-infer.
void Run::keep_best(const ValidationResult& result) {
  const auto metric = std::find_if(validation_metrics().begin(), validation_metrics().end(),
                                   [&](const ValidationMetric& row) { return row.name == config_.validation.best_by; });
  const double value = result.*metric->value;
  if (!std::isfinite(value) ||
      (state_.best && (metric->more_is_better ? value <= *state_.best : value >= *state_.best)))
    return;
  state_.best = value;
  save_model(options_.folder / "best", session_.model(), session_.card(state_));
}

void Run::save() {
  state_.seconds = seconds_before_ + elapsed();
  state_.metrics_bytes = metrics_->bytes();
  Checkpoint checkpoint{state_, identity(config_), model_tensors(session_.model()), {}};
  if (trainer_) checkpoint.optimiser = trainer_->optimiser().state();
  save_checkpoint(options_.folder / "checkpoints", checkpoint);
  last_save_ = Clock::now();
}

void Run::event(const std::string& text) {
  progress_.leave();
  spdlog::warn("{}", text);
  metrics_->write({{"kind", "event"}, {"total_steps", state_.total_steps}, {"text", text}});
}

void Run::finish() {
  if (trainer_) trainer_->optimiser().exchange_averages();  // the exported weights are what validation saw
  const fs::path folder = options_.export_to.empty() ? options_.folder / "model" : options_.export_to;
  save_model(folder, session_.model(), session_.card(state_));
  if (trainer_) trainer_->optimiser().exchange_averages();
  metrics_->write({{"kind", "run"}, {"text", session_.text(state_)}});
  write_report(options_.folder);
  spdlog::info("model: {}", shown(folder));
  spdlog::info("report: {}", shown(options_.folder / "report.html"));
}

}  // namespace

bool run_training(const TrainConfig& config, const RunOptions& options) { return Run(config, options).run(); }

}  // namespace duhdr
