// SPDX-License-Identifier: Apache-2.0
// How far a program is.
#pragma once

#include <unistd.h>

#include <cstdio>
#include <string>

namespace duhdr {

/// One line that is rewritten on a terminal; nothing elsewhere (finished files are lines of their own).
class StatusLine {
 public:
  explicit StatusLine(bool wanted) : live_(wanted && isatty(STDERR_FILENO) != 0) {}
  ~StatusLine() { clear(); }
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;

  void show(const std::string& text) {
    if (!live_) return;
    std::fprintf(stderr, "\r\x1b[K%s", text.c_str());
    std::fflush(stderr);
    shown_ = true;
  }
  void clear() {
    if (!shown_) return;
    std::fputs("\r\x1b[K", stderr);
    std::fflush(stderr);
    shown_ = false;
  }

 private:
  bool live_, shown_ = false;
};

}  // namespace duhdr
