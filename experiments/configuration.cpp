// SPDX-License-Identifier: Apache-2.0
#include "experiments/configuration.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/error.h"

namespace duhdr {
namespace {

using Json = nlohmann::json;

constexpr std::int64_t most_steps = 1'000'000'000;

/// The settings of a stage in the base's schedule: of its first row, where there are several.
Json plan_of(const Json& base, const ExperimentRow& row, const std::string& stage) {
  for (const Json& plan : base.at("schedule"))
    if (plan.at("stage") == stage) return plan;
  throw Error(ExitCode::usage, message("the base configuration's schedule has no stage ", stage, ", which the row \"",
                                       row.title, "\" needs"));
}

Json plan_of(const Json& base, const ExperimentRow& row, const RowStage& stage, const Budget& budget) {
  const std::string like = stage.as.empty() ? stage.stage : stage.as;
  Json plan = plan_of(base, row, like);
  plan["stage"] = stage.stage;
  if (stage.learning_rate > 0) plan["learning_rate"] = stage.learning_rate;
  std::int64_t steps = 0;
  for (const std::string& one : stage.steps_of.empty() ? std::vector{like} : stage.steps_of)
    steps += budget.steps > 0 ? budget.steps : plan_of(base, row, one).at("steps").get<std::int64_t>();
  plan["steps"] = steps;
  return plan;
}

}  // namespace

std::string Budget::text() const {
  if (steps == 0) return name + " (the configuration's steps)";
  const std::string count = message(steps, steps == 1 ? " step" : " steps", " a stage");
  return name == std::to_string(steps) ? count : name + " (" + count + ")";
}

Budget parse_budget(const std::string& text) {
  for (const Budget& named : std::array{Budget{"smoke", 4}, Budget{"short", 100}, Budget{"full", 0}})
    if (named.name == text) return named;
  Budget budget{text, 0};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), budget.steps);
  if (error != std::errc() || end != text.data() + text.size() || budget.steps < 1 || budget.steps > most_steps)
    throw Error(ExitCode::usage, message("--budget ", escaped(text),
                                         ": not one of smoke, short, full, or a number of steps, 1 to ", most_steps));
  budget.name = std::to_string(budget.steps);
  return budget;
}

TrainConfig configuration(const TrainConfig& base, const ExperimentRow& row, const Budget& budget) {
  const Json from = to_json(base);
  Json json = from;
  if (row.change.contains("/model/family"_json_pointer)) json["model"] = Json::object();
  json.merge_patch(row.change);
  json["name"] = row.name;
  json["schedule"] = Json::array();
  for (const RowStage& stage : row.schedule) json["schedule"].push_back(plan_of(from, row, stage, budget));
  TrainConfig config = parse_config(json, row.name);
  config.data.mean_inverse_curve = base.data.mean_inverse_curve;
  return config;
}

}  // namespace duhdr
