// SPDX-License-Identifier: Apache-2.0
// What the programs are called with in tests: a small model, pictures, and the tables of bad calls.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "models/duhdr/duhdr.h"
#include "tests/support/cli_run.h"

namespace duhdr::cli {

/// A DuHDR of few channels: everything a real one has, in milliseconds.
DuHdrConfig tiny_config();

/// Start values (seed 1) with a response curve x^2.2 and a small basis: it makes finite, positive light.
std::unique_ptr<DuHdr> tiny_model(const DuHdrConfig& config = tiny_config());

/// Writes tiny_model() as a model directory.
void write_tiny_model(const std::filesystem::path& folder);

void write(const std::filesystem::path& path, const Bytes& bytes);
void write(const std::filesystem::path& path, const std::string& text);

/// A photograph of w x h pixels in which the lower right corner is clipped, as PNG.
Bytes photograph(int width, int height);

/// One call that must fail. `prepare` gets the working directory, in which in.png (a good picture) and model/ (the
/// small model) already are.
struct BadCall {
  std::string name;
  std::vector<std::string> arguments;
  ExitCode code;
  std::string part;  // of the error line
  std::function<void(const std::filesystem::path& folder)> prepare = {};
  std::string program = "duhdr-infer";
};

std::vector<BadCall> bad_images();
std::vector<BadCall> bad_weight_files();
std::vector<BadCall> bad_descriptions();
std::vector<BadCall> bad_usage();
std::vector<BadCall> bad_paths();

/// -m model -d cpu -i `input` -o `output`, and what follows.
std::vector<std::string> call(const std::string& input, const std::string& output,
                              const std::vector<std::string>& more = {});

}  // namespace duhdr::cli
