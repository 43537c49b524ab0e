// SPDX-License-Identifier: Apache-2.0
// Validation: the whole chain LDR -> HDR on samples that training never sees.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "models/model.h"

namespace duhdr {

/// log-RMSE (metrics/log_rmse.h), 1.0 being the clip level on both sides.
struct ValidationResult {
  double all = 0;      // over every pixel
  double clipped = 0;  // over pixels whose brightest channel of H is above 1
  std::int64_t pixels = 0, clipped_pixels = 0;
};

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
