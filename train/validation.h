// SPDX-License-Identifier: Apache-2.0
// Validation: the whole chain LDR -> HDR on samples that training never sees.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "data/dataset.h"
#include "models/model.h"

namespace duhdr {

/// 1.0 is the clip level on both sides; clipped are the pixels whose brightest channel of H is above it.
struct ValidationResult {
  double log_rmse = 0;          // over every pixel (metrics/log_rmse.h)
  double log_rmse_clipped = 0;  // over clipped pixels
  double log_rmse_offset = 0;   // over every pixel, the mean difference taken off
  double energy = 0;            // |log2| of the highlights' energy, mean over samples (metrics/highlights.h)
  double structure = 0;         // of the highlights, mean over samples
  double pu21_psnr = 0;         // dB, mean over samples; the clip level shown at reference_white (metrics/psnr.h)
  std::int64_t pixels = 0, clipped_pixels = 0;
};

/// What validation measures, by the names of metrics.jsonl and of configurations.
struct ValidationMetric {
  std::string_view name, title;
  double ValidationResult::*value;
  bool more_is_better = false;
};
const std::vector<ValidationMetric>& validation_metrics();

class Validation {
 public:
  /// Makes the samples once: `count` of them with the fields ldr and hdr.
  Validation(const Dataset& dataset, std::int64_t count);

  /// Runs the chain without gradients and with running statistics; the networks' modes are put back.
  ValidationResult run(Model& model) const;

  /// Pictures of the first `count` samples as 8-bit sRGB PNG: "input-K.png" and "target-K.png" (write_references), and
  /// "<name>-K.png" of the model's result (write_results). Results and targets show 0, -2 and -4 EV.
  void write_references(const std::filesystem::path& folder, std::int64_t count) const;
  void write_results(Model& model, const std::filesystem::path& folder, const std::string& name,
                     std::int64_t count) const;

 private:
  std::vector<Sample> samples_;
};

}  // namespace duhdr
