// SPDX-License-Identifier: Apache-2.0
// metrics.jsonl: one JSON object a line, written as the run goes; what the report is made of.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <vector>

namespace duhdr {

class MetricsLog {
 public:
  /// Goes on after the first `bytes` bytes; what stands behind them belongs to steps that will be taken again.
  MetricsLog(const std::filesystem::path& path, std::uint64_t bytes);

  void write(const nlohmann::json& line);  // throws io
  std::uint64_t bytes();                   // written and handed to the system

 private:
  std::filesystem::path path_;
  std::ofstream file_;
};

/// All whole lines of the file.
std::vector<nlohmann::json> read_metrics(const std::filesystem::path& path);

}  // namespace duhdr
