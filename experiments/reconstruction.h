// SPDX-License-Identifier: Apache-2.0
// The row at which Table 3 ends and Table 4 begins: DuHDR up to ITnet's output, every module taking part.
#pragma once

#include "experiments/experiment.h"

namespace duhdr {

/// Dnet and ITnet, whose losses do not look at the response nets: first, so that they see the same samples, and become
/// the same, whatever follows.
inline std::vector<RowStage> stages_beside_the_mapping() {
  return own_settings({"dnet", "dnet-joint", "itnet", "itnet-joint"});
}

/// OOnet is not trained: with its start values it hands on ITnet's output as it is.
inline ExperimentRow reconstruction(const std::string& title) {
  ExperimentRow row{.name = "innet-nnet-dnet-tp", .title = title, .schedule = stages_beside_the_mapping()};
  for (const char* stage : {"innet", "nnet", "dnm-joint"}) row.schedule.push_back({stage});
  row.change = {{"loss", {{"dnm_clipped", "process"}}}};
  row.paper = {{"HDR-Eye", 6.712}};
  return row;
}

}  // namespace duhdr
