// SPDX-License-Identifier: Apache-2.0
// Error: the one exception type of the project. Its code is the exit code of the program it ends.
#pragma once

#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace duhdr {

/// One table of exit codes for every program (docs/exit-codes.md).
enum class ExitCode : int {
  done = 0,
  internal = 1,     // a bug of ours
  usage = 2,        // command line or configuration
  bad_image = 3,    // image or data set
  bad_weights = 4,  // weights, model directory or checkpoint
  out_of_memory = 5,
  io = 6,        // missing file, permission, disk full
  device = 7,    // device or driver
  diverged = 8,  // training diverged
  partial = 9,   // a batch ended, some inputs failed
};

/// Text is one line: "<file>: <reason> (<found>, <allowed>)" and, where known, what to do about it.
class Error : public std::runtime_error {
 public:
  Error(ExitCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ExitCode code() const noexcept { return code_; }

 private:
  ExitCode code_;
};

/// Strings its arguments together: message("width ", w, " is not positive").
template <class... Parts>
std::string message(const Parts&... parts) {
  std::ostringstream text;
  (text << ... << parts);
  return text.str();
}

/// Makes text that came out of a file or a command line safe to print on one line: control characters, quotes
/// and invalid UTF-8 become \xNN; longer than `limit` bytes is cut with "...".
std::string escaped(std::string_view text, std::size_t limit = 200);

/// Precondition of a function of ours: a false condition is a bug and ends with exit code 1.
#define DUHDR_CHECK(condition, ...)                                                                              \
  do {                                                                                                           \
    if (!(condition))                                                                                            \
      throw ::duhdr::Error(::duhdr::ExitCode::internal,                                                          \
                           ::duhdr::message(__FILE__, ":", __LINE__, ": ", __VA_ARGS__, " [", #condition, "]")); \
  } while (false)

}  // namespace duhdr
