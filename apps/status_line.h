// SPDX-License-Identifier: Apache-2.0
// The live line of a program on stderr.
#pragma once

#include <chrono>
#include <string>

namespace duhdr {

/// On a terminal the line is rewritten in place; elsewhere nothing (finished files are lines of their own), or a new
/// line every ten seconds.
class StatusLine {
 public:
  enum class Elsewhere { nothing, now_and_then };
  explicit StatusLine(bool wanted, Elsewhere elsewhere = Elsewhere::nothing);
  ~StatusLine() { clear(); }
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;

  void show(const std::string& text);
  void clear();  // so that something else can be printed

 private:
  bool live_, now_and_then_, shown_ = false;
  std::chrono::steady_clock::time_point last_;
};

}  // namespace duhdr
