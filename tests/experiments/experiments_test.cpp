// SPDX-License-Identifier: Apache-2.0
// The paper's experiments: rows are the configurations that they say they are, and a small one ends with all of its
// reports, goes on where it was, and computes nothing twice.
#include <gtest/gtest.h>

#include <fstream>

#include "data/evaluation_set.h"
#include "experiments/report.h"
#include "image/encode.h"
#include "models/duhdr/duhdr.h"
#include "models/model_directory.h"
#include "tests/support/cli_files.h"
#include "tests/support/train_files.h"
#include "train/metrics_log.h"

namespace duhdr {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using Files = std::map<std::string, std::string>;

/// tiny_training() with every stage of both algorithms, each with settings of its own.
TrainConfig tiny_base() {
  Json json = tiny_training();
  json["schedule"] = Json::array();
  std::int64_t steps = 11;
  for (const char* stage : {"dnet", "dnet-joint", "nnet", "innet", "dnm-joint", "itnet", "itnet-joint", "oonet",
                            "finetune", "dnet-unpaired", "dnm-unpaired", "itnet-unpaired", "oonet-unpaired"})
    json["schedule"].push_back(
        {{"stage", stage}, {"steps", steps++}, {"batch", 2}, {"patch", 32}, {"learning_rate", 0.001}});
  return training_of(json);
}

Experiment made(const std::string& name, const TrainConfig& base = tiny_base()) {
  for (const ExperimentKind& kind : experiment_kinds())
    if (kind.name == name) return make_experiment(kind, base);
  throw std::runtime_error("no experiment " + name);
}

TrainConfig row_of(const Experiment& experiment, const std::string& row, const Budget& budget = {"2", 2}) {
  return configuration(tiny_base(), experiment.row(row), budget);
}

std::vector<std::string> stages_of(const TrainConfig& config) {
  std::vector<std::string> out;
  for (const StagePlan& plan : config.schedule) out.push_back(plan.stage);
  return out;
}

/// Paths of what differs, without the schedule and the name.
std::set<std::string> differences(const TrainConfig& a, const TrainConfig& b) {
  Json left = to_json(a), right = to_json(b);
  for (Json* json : {&left, &right}) {
    json->erase("schedule");
    json->erase("name");
  }
  std::set<std::string> paths;
  for (const Json& step : Json::diff(left, right)) paths.insert(step.at("path"));
  return paths;
}

using Texts = std::vector<std::string>;
using Names = std::set<std::string>;

TEST(Budgets, AreNamesOrSteps) {
  EXPECT_EQ(parse_budget("smoke").steps, 4);
  EXPECT_EQ(parse_budget("full").steps, 0);
  EXPECT_EQ(parse_budget("250").steps, 250);
  EXPECT_EQ(parse_budget("smoke").text(), "smoke (4 steps a stage)");
  EXPECT_EQ(parse_budget("full").text(), "full (the configuration's steps)");
  EXPECT_EQ(parse_budget("1").text(), "1 step a stage");
  for (const char* bad : {"", "0", "-1", "4.5", "tiny", "99999999999999999999", " 3", "3 "}) {
    SCOPED_TRACE(bad);
    try {
      parse_budget(bad);
      ADD_FAILURE() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::usage);
    }
  }
}

TEST(Rows, AreGoodConfigurationsOfEveryBase) {
  Names bases;
  for (const auto& entry : fs::directory_iterator(fs::path(DUHDR_SOURCE_DIR) / "configs")) {
    const TrainConfig base = read_config(entry.path());
    if (base.model.family != "duhdr" || base.schedule.size() < 9) continue;
    bases.insert(entry.path().filename());
    for (const ExperimentKind& kind : experiment_kinds()) {
      const Experiment experiment = make_experiment(kind, base);
      Names names;
      for (const ExperimentRow& row : experiment.rows) {
        SCOPED_TRACE(experiment.name + " " + row.name);
        EXPECT_TRUE(names.insert(row.name).second);
        EXPECT_EQ(row.absent.empty(), !row.schedule.empty());
        if (!row.absent.empty()) continue;
        const TrainConfig config = configuration(base, row, {"2", 2});
        EXPECT_EQ(config.name, row.name);
        EXPECT_EQ(config.seed, base.seed);
        EXPECT_EQ(config.schedule.size(), row.schedule.size());
        EXPECT_TRUE(row.init.empty() || names.contains(row.init)) << "starts from a row that is trained later";
        for (const StagePlan& plan : configuration(base, row, {"full", 0}).schedule) {
          const auto own = std::ranges::find(base.schedule, plan.stage, &StagePlan::stage);
          if (own != base.schedule.end()) {
            EXPECT_EQ(plan.steps, own->steps) << plan.stage;
          }
        }
      }
      for (const ExperimentGroup& group : experiment.groups)
        for (const ExperimentLine& line : group.lines) EXPECT_TRUE(names.contains(line.row)) << line.row;
    }
  }
  EXPECT_EQ(bases, (Names{"letter.json", "lite.json", "overfit.json", "paper.json", "smoke.json"}));
}

TEST(Rows, OfTable2AreTrainedAlike) {
  const Experiment experiment = made("table2");
  const TrainConfig ours = row_of(experiment, "duhdr");
  EXPECT_EQ(differences(ours, tiny_base()), Names{});
  EXPECT_EQ(stages_of(row_of(experiment, "duhdr-unpaired")),
            (Texts{"dnet-unpaired", "dnm-unpaired", "itnet-unpaired", "oonet-unpaired"}));
  EXPECT_EQ(experiment.row("duhdr-unpaired").init, "duhdr");
  EXPECT_EQ(row_of(experiment, "duhdr-unpaired").model, ours.model);
  for (const std::string peer : {"hdrcnn", "expandnet"}) {
    const TrainConfig config = row_of(experiment, peer);
    EXPECT_EQ(config.model.family, peer);
    EXPECT_EQ(stages_of(config), Texts{peer});
    EXPECT_EQ(config.schedule.front().steps, 9 * 2);
    EXPECT_EQ(row_of(experiment, peer, {"full", 0}).schedule.front().steps, 11 + 12 + 13 + 14 + 15 + 16 + 17 + 18 + 19);
  }
  EXPECT_FALSE(experiment.row("drtmo").absent.empty());
  EXPECT_FALSE(experiment.row("rcpnet").absent.empty());
}

TEST(Rows, PeersAreAsPublishedAtThePapersWidths) {
  const TrainConfig paper = read_config(fs::path(DUHDR_SOURCE_DIR) / "configs" / "paper.json");
  const Experiment experiment = made("table2", paper);
  for (const std::string peer : {"hdrcnn", "expandnet"}) {
    const TrainConfig published = read_config(fs::path(DUHDR_SOURCE_DIR) / "configs" / (peer + ".json"));
    const TrainConfig row = configuration(paper, experiment.row(peer), {"full", 0});
    EXPECT_EQ(row.model, published.model);
    EXPECT_EQ(row.schedule.front().learning_rate.start, published.schedule.front().learning_rate.start);
  }
}

TEST(Rows, OfTable3DifferInWhatTakesPart) {
  const Experiment experiment = made("table3");
  const TrainConfig innet = row_of(experiment, "innet"), nnet = row_of(experiment, "innet-nnet"),
                    dnet = row_of(experiment, "innet-nnet-dnet"), tp = row_of(experiment, "innet-nnet-dnet-tp");
  const Texts first{"dnet", "dnet-joint", "itnet", "itnet-joint", "innet"};
  const auto with = [&](const Texts& more) {
    Texts all = first;
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  EXPECT_EQ(stages_of(innet), first);
  EXPECT_EQ(stages_of(nnet), with({"nnet", "responses-joint"}));
  EXPECT_EQ(stages_of(dnet), with({"nnet", "dnm-joint"}));
  EXPECT_EQ(stages_of(tp), stages_of(dnet));
  EXPECT_EQ(differences(innet, nnet), Names{});
  EXPECT_EQ(differences(nnet, dnet), Names{});
  EXPECT_EQ(differences(dnet, tp), Names{"/loss/dnm_clipped"});
  EXPECT_EQ(dnet.loss.dnm_clipped, ClippedTarget::hard);
  EXPECT_EQ(tp.loss.dnm_clipped, ClippedTarget::process);
  EXPECT_EQ(row_of(experiment, "innet-nnet", {"full", 0}).schedule.back().steps, 15) << "as dnm-joint";
}

TEST(Rows, OfTable4DifferInOOnet) {
  const Experiment experiment = made("table4"), before = made("table3");
  const TrainConfig base = row_of(experiment, "innet-nnet-dnet-tp"), unet = row_of(experiment, "unet"),
                    rfb = row_of(experiment, "unet-rfb"), ms_se = row_of(experiment, "unet-rfb-ms_se");
  EXPECT_EQ(to_json(base), to_json(row_of(before, "innet-nnet-dnet-tp"))) << "one run for both tables";
  Texts all = stages_of(base);
  all.insert(all.end(), {"oonet", "finetune"});
  for (const TrainConfig& config : {unet, rfb, ms_se}) EXPECT_EQ(stages_of(config), all);
  EXPECT_EQ(differences(unet, rfb), Names{"/model/down"});
  EXPECT_EQ(differences(rfb, ms_se), Names{"/model/middle"});
  EXPECT_EQ(differences(ms_se, base), Names{});
  EXPECT_EQ(unet.model.architecture.at("down"), "conv");
  EXPECT_EQ(unet.model.architecture.at("middle"), "none");
}

TEST(Rows, OfFigure6ChangeOneWeight) {
  const Experiment experiment = made("figure6");
  EXPECT_EQ(experiment.rows.size(), 1u + 5 * 4);
  EXPECT_EQ(experiment.groups.size(), 5u);
  const TrainConfig centre = row_of(experiment, "paper");
  EXPECT_EQ(differences(centre, training_of(tiny_training())), Names{}) << "the paper's weights are the defaults";
  Names changed;
  for (const ExperimentRow& row : experiment.rows) {
    if (row.name == "paper") continue;
    const Names paths = differences(row_of(experiment, row.name), centre);
    ASSERT_EQ(paths.size(), 1u) << row.name;
    EXPECT_EQ(*paths.begin(), "/loss/" + row.name.substr(0, row.name.find('-')));
    changed.insert(paths.begin(), paths.end());
  }
  EXPECT_EQ(changed.size(), 5u);
  for (const ExperimentGroup& group : experiment.groups) {
    ASSERT_EQ(group.lines.size(), 5u);
    EXPECT_EQ(group.lines[3].row, "paper");
  }
}

TEST(Rows, NeedABaseOfDuHDR) {
  const TrainConfig peer = read_config(fs::path(DUHDR_SOURCE_DIR) / "configs" / "expandnet.json");
  for (const ExperimentKind& kind : experiment_kinds()) {
    try {
      make_experiment(kind, peer);
      ADD_FAILURE() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::usage) << error.what();
    }
  }
}

TEST(Rows, NeedTheirStagesInTheBase) {
  TrainConfig base = tiny_base();
  std::erase_if(base.schedule, [](const StagePlan& plan) { return plan.stage == "dnm-joint"; });
  try {
    configuration(base, made("table3").row("innet-nnet"), {"2", 2});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::usage);
    EXPECT_NE(std::string(error.what()).find("dnm-joint"), std::string::npos) << error.what();
  }
}

// ------------------------------------------------------------------------------------------------------- whole runs

class Experiments : public testing::Test {
 protected:
  Experiments() {
    set_cpu_threads(1);
    fs::create_directories(folder_ / "set" / "ldr");
    fs::create_directories(folder_ / "set" / "hdr");
    for (const char* name : {"a", "b"}) {
      cli::write(folder_ / "set" / "ldr" / (std::string(name) + ".png"), cli::photograph(64, 48 + 16 * (*name - 'a')));
      write_reference(name);
    }
    sets_.push_back(open_evaluation_set(folder_ / "set"));
    sets_.front().name = "HDR-Eye";
    options_.folder = folder_ / "out";
    options_.base = tiny_base();
    options_.base_name = "tiny.json";
    options_.budget = {"2", 2};
    options_.run = run_into("");
    options_.evaluation.protocol = &protocol_of("paper");
    options_.evaluation.metrics = metrics_of("vdp3-q,log-rmse");
    options_.evaluation.version = "test";
  }

  /// The photograph as light, brighter where it is clipped.
  void write_reference(const std::string& name) {
    const Image photograph = read_image(folder_ / "set" / "ldr" / (name + ".png"));
    Tensor light = photograph.pixels.clone();
    for (std::int64_t i = 0; i < light.numel(); ++i) {
      float& value = light.mutable_data<float>()[i];
      value = value >= 1 ? 4 : value * value;
    }
    const Bytes file = encode_pfm(light);
    cli::write(folder_ / "set" / "hdr" / (name + ".pfm"), file);
  }

  ExperimentResult run(const Experiment& experiment) {
    said_.clear();
    return run_experiment(experiment, sets_, options_, [&](const std::string& what) { said_.push_back(what); });
  }
  static Texts reports(const ExperimentResult& result) {
    return {experiment_text(result), experiment_csv(result), experiment_json(result), experiment_html(result)};
  }
  /// Runs twice; every report names the budget, and the second time nothing is computed.
  ExperimentResult twice(const Experiment& experiment) {
    const ExperimentResult first = run(experiment);
    const Files files = cli::contents_of(options_.folder);
    const ExperimentResult second = run(experiment);
    EXPECT_EQ(reports(first), reports(second));
    EXPECT_EQ(cli::contents_of(options_.folder), files) << "something was computed again";
    for (const std::string& report : reports(first)) {
      EXPECT_TRUE(report.find("2 steps a stage") != std::string::npos ||
                  report.find("\"steps_a_stage\": 2") != std::string::npos)
          << report;
      EXPECT_EQ(report.find(options_.folder.string()), std::string::npos) << "reports do not depend on the folder";
    }
    return first;
  }

  const cli::Scratch folder_{"experiments"};
  std::vector<EvaluationSet> sets_;
  ExperimentOptions options_;
  Texts said_;
};

TEST_F(Experiments, Table3Ends) {
  const ExperimentResult result = twice(made("table3"));
  EXPECT_EQ(said_.size(), 8u);
  EXPECT_EQ(said_.at(2), "row 2 of 4: + Nnet, training");
  ASSERT_EQ(result.evaluations.size(), 1u);
  const Evaluation& set = result.evaluations.front();
  ASSERT_EQ(set.methods.size(), 4u);
  for (const MethodResult& method : set.methods) EXPECT_EQ(method.summaries.at("vdp3-q").pairs, 2) << method.name;
  const std::string text = experiment_text(result), csv = experiment_csv(result), page = experiment_html(result);
  EXPECT_NE(text.find("paper, HDR-Eye"), std::string::npos) << text;
  for (const char* number : {"6.672", "6.698", "6.704", "6.712"}) {
    EXPECT_NE(text.find(number), std::string::npos);
    EXPECT_NE(csv.find(std::string("paper: HDR-Eye,HDR-VDP,") + number), std::string::npos);
    EXPECT_NE(page.find(number), std::string::npos);
  }
  EXPECT_NE(page.find("<svg"), std::string::npos);
  const Json json = Json::parse(experiment_json(result));
  EXPECT_EQ(json.at("rows").at(0).at("results").at("HDR-Eye").at("vdp3-q").at("mean").get<double>(),
            set.methods.front().summaries.at("vdp3-q").mean);

  // ITnet and OOnet have seen the same in every row, and OOnet hands on what it gets.
  const Files first = cli::contents_of(options_.folder / "runs" / "innet" / "model");
  for (const char* row : {"innet-nnet", "innet-nnet-dnet", "innet-nnet-dnet-tp"}) {
    const Files other = cli::contents_of(options_.folder / "runs" / row / "model");
    for (const char* file : {"itnet.safetensors", "oonet.safetensors"}) EXPECT_EQ(other.at(file), first.at(file));
    EXPECT_NE(other.at("innet.safetensors"), first.at("innet.safetensors"));
  }
  const LoadedModel loaded = load_model(options_.folder / "runs" / "innet" / "model");
  const NoGrad inference;
  const Values values =
      forward(loaded.model->to_hdr(), Variable(read_image(folder_ / "set/ldr/a.png").pixels), {"hdr", "result"});
  EXPECT_EQ(values.at("result").value().to_vector<float>(), values.at("hdr").value().to_vector<float>());
}

TEST_F(Experiments, ASweepOfFigure6EndsAndGoesOn) {
  Experiment experiment = made("figure6");
  experiment.groups.resize(1);
  std::erase_if(experiment.rows, [](const ExperimentRow& row) {
    return row.name != "paper" && row.name != "dn_dual-0" && row.name != "dn_dual-100";
  });
  std::erase_if(experiment.groups[0].lines,
                [](const ExperimentLine& line) { return line.label == "0.1" || line.label == "1"; });
  struct Stop {};
  int asked = 0;
  options_.run.check_interrupt = [&] {
    if (++asked == 25) throw Stop{};  // in the second row
  };
  EXPECT_THROW(run(experiment), Stop);
  EXPECT_FALSE(fs::exists(options_.folder / "runs" / "dn_dual-0" / "model" / "model.json"));
  options_.run.check_interrupt = [] {};
  const ExperimentResult continued = twice(experiment);
  options_.folder = folder_ / "again";
  EXPECT_EQ(reports(run(experiment)), reports(continued)) << "an uninterrupted one in another folder";
  options_.budget = {"3", 3};
  try {
    run(experiment);
    FAIL() << "a folder of another budget";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::usage) << error.what();
  }
  EXPECT_NE(experiment_text(continued).find("(a) lambda_dn_dual, Eq. 5; best in the paper: 10"), std::string::npos);
}

TEST_F(Experiments, RefuseWhatCannotBeCompared) {
  const auto error_of = [&](const std::string& part) {
    try {
      run(made("table3"));
      ADD_FAILURE() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::usage);
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
    }
    EXPECT_FALSE(fs::exists(options_.folder / "runs")) << "refused before anything trains";
  };
  const std::vector<EvaluationSet> good = sets_;
  sets_.push_back(good.front());
  error_of("two sets are called HDR-Eye");
  sets_ = good;
  sets_.front().pairs.front().ldr.clear();
  error_of("has no photograph");
  sets_.clear();
  error_of("--set");
}

TEST_F(Experiments, APairThatIsRefusedCountsForNone) {
  for (const MethodResult& method : run(made("table4")).evaluations.front().methods)
    EXPECT_EQ(method.summaries.at("vdp3-q").pairs, 2) << method.name;
  const Tensor black = Tensor::full({1, 48, 64, 3}, 0.f, DType::f32);
  cli::write(folder_ / "set" / "hdr" / "a.pfm", encode_pfm(black));
  sets_.front() = open_evaluation_set(folder_ / "set");
  const ExperimentResult result = run(made("table4"));
  for (const MethodResult& method : result.evaluations.front().methods)
    EXPECT_EQ(method.summaries.at("vdp3-q").pairs, 1) << method.name;
  EXPECT_NE(experiment_text(result).find("1 of 2 count"), std::string::npos);
  EXPECT_NE(experiment_text(result).find("left out"), std::string::npos);
}

}  // namespace
}  // namespace duhdr
