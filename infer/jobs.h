// SPDX-License-Identifier: Apache-2.0
// From inputs and an output as the user wrote them to a list of files to read and write. Nothing is computed.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "image/formats.h"

namespace duhdr {

enum class IfExists { automatic, skip, overwrite, fail };  // automatic: overwrite a named file, skip in a folder run

struct Job {
  std::filesystem::path input, output;
  std::filesystem::path preview = {};  // also to be written; empty = none
  std::string refusal = {};            // why this picture alone cannot be written; empty = it can
};

struct JobRequest {
  std::vector<std::filesystem::path>
      inputs;                    // files and folders (their photographs, or HDR images; by extension, sorted by name)
  std::filesystem::path output;  // a file for a single input file, else a folder, which is made
  std::string format;  // name or extension of a format that this chain writes; empty = the output's, else the first
  IfExists if_exists = IfExists::automatic;
  bool reverse = false;  // HDR -> LDR: which pictures a folder is searched for, and which formats are written
  bool dry_run = false;  // the output folder is not made
  bool preview = false;  // a preview is written beside every output
  bool layers = false;   // the outputs' format must hold layers
  std::function<void(const Format&)> check =
      {};  // of that format, before anything is made; throws what it has against it
};

struct JobPlan {
  std::vector<Job> jobs;
  const Format* format = nullptr;  // whose first extension names the written files
  std::size_t skipped = 0;         // inputs whose output exists already
};

/// Where the preview of an output goes.
std::filesystem::path preview_of(std::filesystem::path output);

/// In a folder, results are named after their pictures' stems; pictures that differ in the extension alone keep it
/// (a.jpg.exr, a.png.exr). An existing file, preview or output, is treated as `if_exists` says, each by itself.
///
/// Throws usage for contradictions (same file twice, output or preview is input, unknown extension, existing output
/// under `fail`), io for inputs that are missing and folders that cannot be made or written, bad_image for symbolic
/// links that form a loop. What stands in the way of one picture of a folder is that job's refusal.
JobPlan plan_jobs(const JobRequest& request);

}  // namespace duhdr
