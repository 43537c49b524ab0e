// SPDX-License-Identifier: Apache-2.0
// The command line of duhdr-eval.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "eval/run.h"

namespace duhdr {

struct EvalOptions {
  std::string set, layout = "auto", references, photographs;
  std::vector<std::string> methods, predictions;
  std::string protocol = "paper", metrics, mask = "all";
  std::string csv, json, markdown, html, keep;
  std::string device = "auto", max_memory;
  int threads = 0;
  double clip_level = 0;
  ReadLimits limits;
  bool quiet = false, verbose = false, dry_run = false;
  bool list_methods = false, list_metrics = false, list_protocols = false;

  void add_to(CLI::App& app);
  EvaluationSet open_set() const;
  void check_outputs() const;  // throws io, usage: before anything is computed
  EngineOptions engine_options() const;
  EvaluateOptions evaluation_options() const;
};

}  // namespace duhdr
