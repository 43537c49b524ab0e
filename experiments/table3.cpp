// SPDX-License-Identifier: Apache-2.0
// Table 3: Nnet, Dnet and the truncation process (TP) take part, one after the other, in training INnet.
#include "experiments/experiment.h"
#include "experiments/reconstruction.h"

namespace duhdr {
namespace {

std::vector<RowStage> after_the_other_networks(const std::vector<RowStage>& mapping) {
  std::vector<RowStage> schedule = stages_beside_the_mapping();
  schedule.insert(schedule.end(), mapping.begin(), mapping.end());
  return schedule;
}

}  // namespace

Experiment table3(const TrainConfig&) {
  const nlohmann::json without_process{{"loss", {{"dnm_clipped", "hard"}}}};
  const std::vector<ExperimentRow> rows{
      {.name = "innet",
       .title = "INnet",
       .schedule = after_the_other_networks({{"innet"}}),
       .change = without_process,
       .paper = {{"HDR-Eye", 6.672}}},
      {.name = "innet-nnet",
       .title = "+ Nnet",
       .schedule = after_the_other_networks({{"innet"}, {"nnet"}, {.stage = "responses-joint", .as = "dnm-joint"}}),
       .change = without_process,
       .paper = {{"HDR-Eye", 6.698}}},
      {.name = "innet-nnet-dnet",
       .title = "+ Dnet",
       .schedule = after_the_other_networks({{"innet"}, {"nnet"}, {"dnm-joint"}}),
       .change = without_process,
       .paper = {{"HDR-Eye", 6.704}}},
      reconstruction("+ TP"),
  };
  return {.note =
              "Evaluated is the output of ITnet. Dnet and ITnet are trained first, and alike in all rows. Without Nnet "
              "INnet is trained alone (Eq. 12), without Dnet by the first two terms of Eq. 13, without TP towards "
              "min(1, H) instead of C(H).",
          .rows = rows,
          .groups = {group_of(rows)}};
}

}  // namespace duhdr
