// SPDX-License-Identifier: Apache-2.0
// duhdr-data check and list: every file of a data source is read and described.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace duhdr {

struct CheckOptions {
  std::vector<std::string> sources;
  bool json = false, quiet = false, verbose = false;

  void add_to(CLI::App& app);
};

/// Names the bad files and sums up the good ones. Returns the exit code: 9 when some files are bad, 3 when none is
/// good or so many are bad that training would refuse them (more than one, and more than 1 %).
int check_sources(const CheckOptions& options);

/// One line a file (a pair, of a paired source) on stdout. The same exit codes.
int list_sources(const CheckOptions& options);

}  // namespace duhdr
