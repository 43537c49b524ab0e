// SPDX-License-Identifier: Apache-2.0
// Table 4: ITnet's output, and OOnet on it as a plain U-Net, with RFB and with MS-SE.
#include "experiments/experiment.h"
#include "experiments/reconstruction.h"

namespace duhdr {
namespace {

ExperimentRow refined(const std::string& name, const std::string& title, const std::string& down,
                      const std::string& middle, double paper) {
  ExperimentRow row = reconstruction(title);
  row.name = name;
  row.schedule.push_back({"oonet"});
  row.schedule.push_back({"finetune"});
  row.change["model"] = {{"down", down}, {"middle", middle}};
  row.paper = {{"HDR-Eye", paper}};
  return row;
}

}  // namespace

Experiment table4(const TrainConfig&) {
  const std::vector<ExperimentRow> rows{
      reconstruction("Baseline"),
      refined("unet", "+ U-Net", "conv", "none", 6.695),
      refined("unet-rfb", "+ RFB", "rfb", "none", 6.719),
      refined("unet-rfb-ms_se", "+ MS-SE", "rfb", "ms_se", 6.731),
  };
  return {.note =
              "The baseline is the output of ITnet, the last row of Table 3. OOnet: convolutions and pooling, without "
              "MS-SE; RFB DownBlocks instead of pairs of convolutions; MS-SE at the bottom.",
          .rows = rows,
          .groups = {group_of(rows)}};
}

}  // namespace duhdr
