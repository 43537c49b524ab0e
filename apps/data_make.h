// SPDX-License-Identifier: Apache-2.0
// duhdr-data make: pairs of a photograph and an HDR image by the virtual camera.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

#include "data/dataset.h"

namespace duhdr {

struct MakeOptions {
  std::string output, from, format = "exr", split = "train", if_exists = "fail";
  std::string exposure = "-3..3", quality = "90..100";
  std::int64_t count = 100;
  DataOptions data;
  bool json = false, quiet = false, verbose = false, dry_run = false;

  void add_to(CLI::App& app);
  DataOptions resolved() const;
};

/// Writes ldr/NNNNNN.png, hdr/NNNNNN.exr and, last, manifest.tsv below the output folder. Returns the exit code.
int make_pairs(const MakeOptions& options);

}  // namespace duhdr
