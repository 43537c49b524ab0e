// SPDX-License-Identifier: Apache-2.0
#include "apps/eval_progress.h"

#include <spdlog/spdlog.h>

#include <chrono>

#include "apps/program.h"
#include "base/duration.h"

namespace duhdr {

EvaluationProgress eval_progress(StatusLine& line) {
  using Clock = std::chrono::steady_clock;
  return [&line, begin = Clock::now()](std::int64_t done, std::int64_t total, const std::string& what) mutable {
    check_interrupt();
    if (done == 0) begin = Clock::now();
    std::string left;
    if (done > 0) {
      const double spent = std::chrono::duration<double>(Clock::now() - begin).count();
      left = ", " + duration(spent / static_cast<double>(done) * static_cast<double>(total - done)) + " left";
    }
    const std::string text = fmt::format("{}/{}{}  {}", done, total, left, what);
    if (!spdlog::should_log(spdlog::level::debug)) return line.show(text);
    line.clear();
    spdlog::debug(text);
  };
}

}  // namespace duhdr
