// SPDX-License-Identifier: Apache-2.0
// Whole runs: the same bits however often they are stopped and continued, limits, divergence, and configurations that
// do not belong to a run.
#include <gtest/gtest.h>

#include "image/encode.h"
#include "models/model_directory.h"
#include "tests/support/train_files.h"
#include "train/checkpoint.h"
#include "train/folder_lock.h"
#include "train/metrics_log.h"
#include "train/session.h"

namespace duhdr {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using Files = std::map<std::string, std::string>;  // name and SHA-256

class Runs : public testing::Test {
 protected:
  Runs() { set_cpu_threads(1); }

  /// Runs into the folder and returns the model's files.
  Files run(const std::string& name, const Json& json, const std::function<void(RunOptions&)>& change = {}) {
    RunOptions options = run_into(folder_ / name);
    if (change) change(options);
    finished_ = run_training(training_of(json), options);
    return cli::contents_of(folder_ / name / "model");
  }
  Files resume(const std::string& name, const Json& json, std::int64_t max_steps) {
    return run(name, json, [&](RunOptions& options) {
      options.resume = "auto";
      options.max_steps = max_steps;
    });
  }
  Error error_of(const std::string& name, const Json& json, const std::function<void(RunOptions&)>& change = {}) {
    try {
      run(name, json, change);
    } catch (const Error& error) {
      return error;
    }
    ADD_FAILURE() << "no error";
    return {ExitCode::done, ""};
  }
  Checkpoint newest(const std::string& name) const {
    std::vector<std::string> damaged;
    std::optional<Checkpoint> found = newest_checkpoint(folder_ / name / "checkpoints", damaged);
    EXPECT_TRUE(found.has_value() && damaged.empty());
    return found.value_or(Checkpoint{});
  }
  std::vector<Json> metrics(const std::string& name) const { return read_metrics(folder_ / name / "metrics.jsonl"); }
  int count(const std::string& name, const std::string& key, const std::string& part) const {
    int found = 0;
    for (const Json& line : metrics(name)) found += line.value(key, "").find(part) != std::string::npos ? 1 : 0;
    return found;
  }

  const cli::Scratch folder_{"train-run"};
  bool finished_ = false;
};

/// What a step of the first stage to its last must agree in, however the run was cut.
std::vector<Json> losses(const std::vector<Json>& lines) {
  std::vector<Json> out;
  for (Json line : lines) {
    if (line.at("kind") != "step" && line.at("kind") != "validation") continue;
    for (const char* key : {"images_per_s", "waited_s", "peak_bytes"}) line.erase(key);
    out.push_back(std::move(line));
  }
  return out;
}

TEST_F(Runs, CardHoldsTheConfiguration) {
  Json json = tiny_training();
  json["loss"]["refinement"] = "log_l1";
  const TrainConfig config = training_of(json);
  const Json kept = Session(config, run_into(folder_ / "card")).card({}).provenance.at("configuration");
  EXPECT_EQ(kept.at("loss").at("refinement"), "log_l1");
  EXPECT_EQ(identity(parse_config(kept, "card")), identity(config));
}

TEST_F(Runs, StoppedAndContinuedIsTheSameRun) {
  Json averaged = tiny_training();
  averaged["adam"] = {{"ema_decay", 0.8}, {"clip_norm", 0.5}};
  averaged["schedule"][2]["warmup"] = 4;
  averaged["schedule"][2]["decay"] = "cosine";
  averaged["validation"]["every"] = 2;
  for (const Json& json : {tiny_training(), averaged}) {
    const std::string name = json.contains("adam") ? "averaged" : "plain";
    SCOPED_TRACE(name);
    const Files whole = run(name, json);
    EXPECT_TRUE(finished_);
    EXPECT_EQ(whole.size(), 6u);
    const std::string cut = name + "-cut";
    Files last;
    for (const std::int64_t steps : {1, 4, 6, 7, 12, 15, 17}) {
      last = resume(cut, json, steps);
      EXPECT_FALSE(finished_);
      EXPECT_EQ(newest(cut).run.total_steps, steps);
      EXPECT_NE(last, whole) << steps;
    }
    EXPECT_EQ(resume(cut, json, 0), whole);
    EXPECT_TRUE(finished_);
    EXPECT_EQ(losses(metrics(cut)), losses(metrics(name)));
    EXPECT_EQ(resume(cut, json, 0), whole) << "a finished run, continued";
  }
}

TEST_F(Runs, KeepsTheBestModelByTheNamedMetric) {
  for (const std::string metric : {"log_rmse", "pu21_psnr"}) {
    SCOPED_TRACE(metric);
    Json json = tiny_training();
    json["validation"]["every"] = 2;
    json["validation"]["best_by"] = metric;
    run(metric, json);
    const auto is_better = [&](double a, double b) { return metric == "pu21_psnr" ? a > b : a < b; };
    std::int64_t best_step = -1;
    double best = 0;
    for (const Json& line : metrics(metric)) {
      if (line.at("kind") != "validation") continue;
      const double value = line.at(metric);
      if (best_step >= 0 && !is_better(value, best)) continue;
      best = value;
      best_step = line.at("total_steps");
    }
    ASSERT_GE(best_step, 0);
    EXPECT_EQ(newest(metric).run.best, best);
    const Files kept = cli::contents_of(folder_ / metric / "best");
    run(metric + "-until", json,
        [&](RunOptions& options) { options.max_steps = std::max<std::int64_t>(best_step, 1); });
    const std::string weights = "itnet.safetensors";
    if (best_step > 0) {
      EXPECT_EQ(kept.at(weights), cli::contents_of(folder_ / (metric + "-until") / "model").at(weights));
    }
    const std::string cut = metric + "-cut";
    for (const std::int64_t steps : {3, 7, 0}) resume(cut, json, steps);
    EXPECT_EQ(cli::contents_of(folder_ / cut / "best").at(weights), kept.at(weights));
  }
}

TEST_F(Runs, ExportsTheAverages) {
  Json json = tiny_training();
  json["schedule"] = {json["schedule"][2]};
  Json averaged = json;
  averaged["adam"] = {{"ema_decay", 0.9}};
  run("plain", json, [](RunOptions& options) { options.max_steps = 4; });
  run("averaged", averaged, [](RunOptions& options) { options.max_steps = 4; });
  const std::map<std::string, Tensor> weights = newest("averaged").model, plain = newest("plain").model;
  const LoadedModel exported = load_model(folder_ / "averaged" / "model");
  int different = 0;
  for (const auto& [name, tensor] : model_tensors(*exported.model)) {
    EXPECT_EQ(weights.at(name).to_vector<float>(), plain.at(name).to_vector<float>()) << name;
    different += tensor.to_vector<float>() != weights.at(name).to_vector<float>() ? 1 : 0;
  }
  EXPECT_GT(different, 20);
}

TEST_F(Runs, SeedAndThreads) {
  Json json = tiny_training();
  const Files first = run("first", json);
  EXPECT_EQ(run("again", json), first);
  json["data"]["threads"] = 4;
  EXPECT_EQ(run("threads", json), first);
  json["seed"] = 2;
  const Files other = run("seed", json);
  for (const auto& [name, sum] : first) EXPECT_NE(other.at(name), sum) << name;
}

TEST_F(Runs, AnotherConfigurationDoesNotContinue) {
  const Json json = tiny_training();
  resume("run", json, 3);
  const Files before = cli::contents_of(folder_ / "run");
  const auto continued = [](RunOptions& options) { options.resume = "auto"; };
  Json rate = json, seed = json, width = json, source = json, ignored = json;
  rate["schedule"][1]["learning_rate"] = 0.5;
  seed["seed"] = 7;
  width["perceptual"]["widths"] = {2, 2, 3};
  source["data"]["validation_share"] = 0.25;
  for (const auto& [other, key] : {std::pair{rate, "schedule[1].learning_rate"},
                                   {seed, "seed"},
                                   {width, "perceptual.widths"},
                                   {source, "data.validation_share"}}) {
    const Error error = error_of("run", other, continued);
    EXPECT_EQ(error.code(), ExitCode::usage);
    EXPECT_NE(std::string(error.what()).find(key), std::string::npos) << error.what();
  }
  EXPECT_EQ(error_of("run", json).code(), ExitCode::usage) << "without --resume";
  EXPECT_EQ(cli::contents_of(folder_ / "run"), before);
  ignored["checkpoint"]["every"] = 2;
  ignored["validation"]["every"] = 3;
  ignored["data"]["threads"] = 2;
  EXPECT_EQ(resume("run", ignored, 0), run("whole", json));
}

TEST_F(Runs, OneTrainerAFolder) {
  const FolderLock other(folder_ / "locked");
  const Error error = error_of("locked", tiny_training());
  EXPECT_EQ(error.code(), ExitCode::io);
  EXPECT_NE(std::string(error.what()).find("another duhdr-train"), std::string::npos) << error.what();
}

TEST_F(Runs, StopsWhenItsHoursAreOver) {
  const Json json = tiny_training();
  run("run", json, [](RunOptions& options) { options.max_hours = 1e-9; });
  EXPECT_FALSE(finished_);
  EXPECT_LT(newest("run").run.total_steps, 18);
  EXPECT_TRUE(fs::exists(folder_ / "run" / "model" / "model.json"));
  EXPECT_TRUE(fs::exists(folder_ / "run" / "report.html"));
  EXPECT_EQ(resume("run", json, 0), run("whole", json));
}

TEST_F(Runs, AnInterruptionIsSavedFirst) {
  struct Stop {};
  const Json json = tiny_training();
  for (const int moment : {1, 8, 18}) {
    int asked = 0;
    const auto stop = [&] {
      if (++asked == moment) throw Stop{};
    };
    const std::string name = std::to_string(moment);
    EXPECT_THROW(run(name, json, [&](RunOptions& options) { options.check_interrupt = stop; }), Stop);
    EXPECT_EQ(newest(name).run.total_steps, moment - 1);
  }
  EXPECT_EQ(resume("8", json, 0), run("whole", json));
}

/// A model whose losses are not finite from the first step on.
TEST_F(Runs, DivergenceRollsBackOnceAndKeepsTheCheckpoint) {
  Json json = tiny_training();
  json["schedule"] = {json["schedule"][2]};
  json["schedule"][0]["steps"] = 100;
  json["checkpoint"]["every"] = 7;
  const TrainConfig config = training_of(json);
  const std::unique_ptr<Model> model = new_model(config, run_into(""));
  for (NamedVariable& named : model->network("oonet").parameters()) {
    Tensor value = named.variable.value();
    fill(value, 1e15);
  }
  save_model(folder_ / "start", *model, {.name = "huge", .licence = "none"});
  const Error error = error_of("run", json, [&](RunOptions& options) { options.init = folder_ / "start"; });
  EXPECT_EQ(error.code(), ExitCode::diverged) << error.what();
  EXPECT_EQ(count("run", "text", " skipped: "), 40);
  EXPECT_EQ(count("run", "kind", "step"), 0);
  const Checkpoint kept = newest("run");
  EXPECT_EQ(kept.run.rollbacks, 1);
  EXPECT_EQ(count("run", "text", "rolled back to the checkpoint of step 0"), 1) << "none is saved among failures";
  for (const auto& [name, tensor] : model_tensors(*model))
    EXPECT_EQ(kept.model.at(name).to_vector<float>(), tensor.to_vector<float>()) << name;
}

/// Photographs of 12 EV too much light: nothing can be learned from them, and nothing is.
TEST_F(Runs, BatchesWithoutAUsableImageAreCounted) {
  Json json = tiny_training();
  json["schedule"] = {json["schedule"][2]};
  json["data"]["camera"] = {{"exposure_lo", 12}, {"exposure_hi", 12}};
  run("run", json);
  EXPECT_TRUE(finished_);
  const RunState state = newest("run").run;
  EXPECT_EQ(state.dropped_batches, 6);
  EXPECT_EQ(state.skipped_steps, 0);
  EXPECT_EQ(state.total_steps, 6);
  const std::unique_ptr<Model> start = new_model(training_of(json), run_into(""));
  const LoadedModel end = load_model(folder_ / "run" / "model");
  const auto weights = model_tensors(*end.model);
  for (const auto& [name, tensor] : model_tensors(*start))
    EXPECT_EQ(weights.at(name).to_vector<float>(), tensor.to_vector<float>()) << name;
}

}  // namespace
}  // namespace duhdr
