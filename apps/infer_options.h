// SPDX-License-Identifier: Apache-2.0
// The command line of duhdr-infer.
#pragma once

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "infer/batch.h"
#include "infer/engine.h"
#include "infer/jobs.h"

namespace duhdr {

struct InferOptions {
  std::vector<std::string> inputs, layers;
  std::string output, model, method, format, report;
  std::string device = "auto", tile = "auto", max_memory, precision = "f32", size = "512", if_exists;
  int threads = 0;
  double exposure = 0;
  std::string map_size = "half", exr = "half", compression = "zip", primaries = "bt709";
  WriteOptions write;
  bool preview = false, reverse = false, json = false, quiet = false, verbose = false, dry_run = false;
  bool list_devices = false, list_methods = false, describe = false;
  ReadLimits limits;

  void add_to(CLI::App& app);
  EngineOptions engine_options() const;                        // with a method: on the CPU, or throws usage
  JobRequest job_request() const;                              // which refers to this object
  BatchOptions batch_options() const;                          // all but what the plan and the model say
  nlohmann::json resolved(const EngineOptions& engine) const;  // what decides the result

 private:
  void check(const Format& chosen) const;

  CLI::App* app_ = nullptr;
};

}  // namespace duhdr
