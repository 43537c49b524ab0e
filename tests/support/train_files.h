// SPDX-License-Identifier: Apache-2.0
// A whole training in a second: networks of two channels, patches of 32 pixels, three stages.
#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/cli_run.h"
#include "train/run.h"

namespace duhdr {

inline nlohmann::json tiny_training() {
  const auto row = [](const char* stage, int steps) {
    return nlohmann::json{{"stage", stage}, {"steps", steps}, {"batch", 2}, {"patch", 32}, {"learning_rate", 0.001}};
  };
  return {{"format_version", 1},
          {"name", "tiny"},
          {"model",
           {{"widths",
             {{"dnet", {2, 2, 2, 2, 2}},
              {"itnet", {2, 2, 2, 2, 2}},
              {"oonet", {2, 2, 2, 2, 2}},
              {"response", {2, 2, 2, 2}}}}}},
          {"data", {{"sources", {"scenes"}}}},
          {"perceptual", {{"widths", {2, 2, 2}}}},
          {"validation", {{"every", 1000}, {"samples", 1}, {"patch", 32}, {"pictures", 1}}},
          {"checkpoint", {{"every", 1000}}},
          {"schedule", {row("dnm-joint", 6), row("itnet", 6), row("finetune", 6)}}};
}

inline CurveBasis curve_basis(CurveDirection direction) {
  const bool forward = direction == CurveDirection::forward;
  return read_emor(
      std::filesystem::path(DUHDR_SOURCE_DIR) / "weights" / "curves" / (forward ? "forward.txt" : "inverse.txt"),
      direction);
}

/// As duhdr-train makes it of a file: with the mean curve for paired data.
inline TrainConfig training_of(const nlohmann::json& json) {
  static const std::vector<float> mean =
      curve_tensors(curve_basis(CurveDirection::inverse)).at("curve.mean").to_vector<float>();
  TrainConfig config = parse_config(json, "test.json");
  config.data.mean_inverse_curve.assign(mean.begin(), mean.end());
  return config;
}

/// The same with a tiny model of the family that a stage is for.
inline TrainConfig with_family(TrainConfig config, std::string_view family) {
  if (family == "expandnet" && config.model.family != family)
    config.model = {
        "expandnet",
        {{"curve_samples", 1024}, {"widths", {{"local", {2, 2}}, {"dilated", 2}, {"global", 2}, {"fused", 2}}}}};
  if (family == "hdrcnn" && config.model.family != family) config.model = {"hdrcnn", {{"widths", {2, 2, 2, 2, 2}}}};
  return config;
}

inline RunOptions run_into(const std::filesystem::path& folder) {
  static const CurveBasis forward = curve_basis(CurveDirection::forward),
                          inverse = curve_basis(CurveDirection::inverse);
  RunOptions options;
  options.folder = folder;
  options.forward = forward;
  options.inverse = inverse;
  options.quiet = true;
  options.program = "test";
  return options;
}

}  // namespace duhdr
