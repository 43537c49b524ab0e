// SPDX-License-Identifier: Apache-2.0
// duhdr-data evaluation: a frozen set of pairs that methods are evaluated on.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "data/evaluation_camera.h"

namespace duhdr {

struct EvaluationSetOptions {
  std::string input, output, size, quality = "90..100", if_exists = "fail";
  EvaluationOptions camera;
  int threads = 0;
  bool json = false, quiet = false, verbose = false, dry_run = false;

  void add_to(CLI::App& app);
  EvaluationOptions resolved() const;
};

/// Writes, for every HDR image of the input folder and every clipped share, ldr/NAME_cNN.jpg and hdr/NAME_cNN.exr below
/// the output folder, then curves.safetensors and, last, evaluation.json. Returns the exit code: 9 when some images
/// could not be used (they are named, and the set is made of the others); throws bad_image when none could.
int make_evaluation_set(const EvaluationSetOptions& options);

}  // namespace duhdr
