// SPDX-License-Identifier: Apache-2.0
#include "apps/status_line.h"

#include <unistd.h>

#include <cstdio>

namespace duhdr {

StatusLine::StatusLine(bool wanted, Elsewhere elsewhere)
    : live_(wanted && isatty(STDERR_FILENO) != 0),
      now_and_then_(wanted && !live_ && elsewhere == Elsewhere::now_and_then),
      last_(std::chrono::steady_clock::now()) {}

void StatusLine::show(const std::string& text) {
  if (live_) {
    std::fprintf(stderr, "\r\x1b[K%s", text.c_str());
    std::fflush(stderr);
    shown_ = true;
    return;
  }
  constexpr std::chrono::seconds interval{10};
  const auto now = std::chrono::steady_clock::now();
  if (!now_and_then_ || now - last_ < interval) return;
  last_ = now;
  std::fprintf(stderr, "%s\n", text.c_str());
}

void StatusLine::clear() {
  if (!shown_) return;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
  shown_ = false;
}

}  // namespace duhdr
