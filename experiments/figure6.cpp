// SPDX-License-Identifier: Apache-2.0
// Figure 6: one weight of the losses at a time away from the paper's values.
#include <array>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "experiments/experiment.h"

namespace duhdr {
namespace {

struct Weight {
  const char *key, *symbol, *panel, *equation;
  double best;  // in the paper
};

constexpr std::array weights{
    Weight{"dn_dual", "lambda_dn_dual", "(a)", "Eq. 5", 10},
    Weight{"dnm_dual", "lambda_dnm_dual", "(b)", "Eq. 13", 0.01},
    Weight{"dnm_dn", "lambda_dnm_dn", "(c)", "Eq. 13", 0.005},
    Weight{"perceptual", "lambda_itn_prec", "(d)", "Eq. 16-17", 0.001},
    Weight{"itn_dual", "lambda_itn_dual", "(e)", "Eq. 17", 10},
};

// The paper prints the swept values in a picture only.
constexpr std::array factors{0.0, 0.01, 0.1, 1.0, 10.0};

}  // namespace

Experiment figure6(const TrainConfig&) {
  ExperimentRow centre{.name = "paper", .title = "the paper's weights", .schedule = algorithm_1()};
  for (const Weight& weight : weights) centre.change["loss"][weight.key] = weight.best;
  Experiment experiment{.note =
                            "Each weight alone at 0, 1/100, 1/10, 1 and 10 times the paper's best value, which the "
                            "paper's text states; its picture has the scores.",
                        .rows = {centre},
                        .groups = {}};
  for (const Weight& weight : weights) {
    const std::string best = message(weight.best);
    ExperimentGroup group{
        .title = message(weight.panel, " ", weight.symbol, ", ", weight.equation, "; best in the paper: ", best),
        .x_label = message("log10 of ", weight.symbol, " (0 is not shown)"),
        .head = "value",
        .lines = {}};
    for (const double factor : factors) {
      const double value = factor * weight.best;
      const std::string text = message(value);
      ExperimentRow row = centre;
      if (factor != 1) {
        row.name = message(weight.key, "-", text);
        row.title = message(weight.symbol, " = ", text);
        row.change["loss"][weight.key] = value;
        experiment.rows.push_back(row);
      }
      group.lines.push_back({text, row.name, value > 0 ? std::log10(value) : std::numeric_limits<double>::quiet_NaN()});
    }
    experiment.groups.push_back(std::move(group));
  }
  return experiment;
}

}  // namespace duhdr
