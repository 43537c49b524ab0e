// SPDX-License-Identifier: Apache-2.0
// The real programs, run as a user runs them: no shell, everything measured.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/file.h"

namespace duhdr::cli {

struct RunOptions {
  std::filesystem::path folder = {};  // working directory of the program
  std::size_t address_space = 0;      // bytes; 0 = no limit
  std::size_t file_size = 0;          // bytes a written file may have; 0 = no limit
  bool closed_output = false;         // starts without stdout and stderr
  int signal = 0;                     // sent as soon as stderr holds `signal_after`
  std::string signal_after = {};
  double signal_at_s = 0;                               // and not before so many seconds
  std::map<std::string, std::string> environment = {};  // added to ours
};

struct Outcome {
  int code = -1;   // exit code; -1 = ended by a signal
  int signal = 0;  // the one that ended it; SIGKILL after 120 s
  std::string out, err;
  double wall_s = 0, cpu_s = 0;
  std::size_t peak = 0;  // bytes of resident memory
};

/// Runs <binary dir>/<program>, or the program of an absolute path, with these arguments and waits for its end.
Outcome run_program_file(const std::string& program, const std::vector<std::string>& arguments,
                         const RunOptions& options);

/// True in a build with AddressSanitizer, which takes its own time and memory.
bool sanitized();

/// The lines of a text, without their ends.
std::vector<std::string> lines_of(const std::string& text);

/// Every regular file below `folder`, by relative path, with the SHA-256 of its bytes.
std::map<std::string, std::string> contents_of(const std::filesystem::path& folder);

/// A folder of its own for one test, removed at its end.
class Scratch {
 public:
  explicit Scratch(const std::string& name);
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace duhdr::cli
