// SPDX-License-Identifier: Apache-2.0
// Table 2: the methods, each trained on the same data for the same number of steps.
#include "experiments/experiment.h"

namespace duhdr {
namespace {

/// A peer in one stage: batch and patch of ITnet's, as many steps as DuHDR's Algorithm 1 takes.
RowStage peer_stage(const std::string& stage, double learning_rate) {
  RowStage out{.stage = stage, .as = "itnet", .steps_of = {}, .learning_rate = learning_rate};
  for (const RowStage& one : algorithm_1()) out.steps_of.push_back(one.stage);
  return out;
}

}  // namespace

Experiment table2(const TrainConfig& base) {
  // Peers are as wide as ITnet: with the paper's widths they are as published.
  const nlohmann::json itnet = base.model.architecture.at("widths").at("itnet");
  const auto first = itnet.at(0).get<std::int64_t>();
  const nlohmann::json hdrcnn{{"family", "hdrcnn"}, {"widths", itnet}};
  const nlohmann::json expandnet{
      {"family", "expandnet"},
      {"widths", {{"local", {first, 2 * first}}, {"dilated", first}, {"global", first}, {"fused", first}}}};
  const std::vector<ExperimentRow> rows{
      {.name = "hdrcnn",
       .title = "HDRCNN",
       .schedule = {peer_stage("hdrcnn", 5e-5)},
       .change = {{"model", hdrcnn}},
       .paper = {{"HDR-Real", 8.16}, {"HDR-Eye", 6.41}, {"RAISE", 9.27}}},
      {.name = "drtmo",
       .title = "DrTMO",
       .schedule = {},
       .absent = "no network of this project",
       .paper = {{"HDR-Real", 8.23}, {"HDR-Eye", 6.67}, {"RAISE", 9.43}}},
      {.name = "expandnet",
       .title = "ExpandNet",
       .schedule = {peer_stage("expandnet", 7e-5)},
       .change = {{"model", expandnet}},
       .paper = {{"HDR-Real", 8.05}, {"HDR-Eye", 6.49}, {"RAISE", 9.31}}},
      {.name = "rcpnet",
       .title = "RCPNet",
       .schedule = {},
       .absent = "no network of this project",
       .paper = {{"HDR-Real", 8.32}, {"HDR-Eye", 6.69}, {"RAISE", 9.51}}},
      {.name = "duhdr",
       .title = "Ours (DuHDR)",
       .schedule = algorithm_1(),
       .paper = {{"HDR-Real", 8.37}, {"HDR-Eye", 6.73}, {"RAISE", 9.54}}},
      {.name = "duhdr-unpaired",
       .title = "Ours* (DuHDR)",
       .schedule = own_settings({"dnet-unpaired", "dnm-unpaired", "itnet-unpaired", "oonet-unpaired"}),
       .init = "duhdr",
       .paper = {{"HDR-Real", 8.36}, {"HDR-Eye", 6.75}, {"RAISE", 9.55}}},
  };
  return {.note =
              "HDRCNN and ExpandNet are as wide as ITnet of the configuration and take as many steps as DuHDR's "
              "Algorithm 1 in all; Ours* goes on from Ours by Algorithm 2.",
          .rows = rows,
          .groups = {group_of(rows)}};
}

}  // namespace duhdr
