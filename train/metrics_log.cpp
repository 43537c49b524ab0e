// SPDX-License-Identifier: Apache-2.0
#include "train/metrics_log.h"

#include <algorithm>

#include "base/file.h"

namespace duhdr {

namespace fs = std::filesystem;

MetricsLog::MetricsLog(const fs::path& path, std::uint64_t bytes) : path_(path) {
  std::error_code error;
  const std::uint64_t found = fs::exists(path, error) ? fs::file_size(path, error) : 0;
  if (!error && found > bytes) fs::resize_file(path, bytes, error);
  if (error) throw Error(ExitCode::io, message(shown(path), ": cannot be continued (", error.message(), ")"));
  file_.open(path, std::ios::app | std::ios::binary);
  if (!file_) throw Error(ExitCode::io, shown(path) + ": cannot write");
}

void MetricsLog::write(const nlohmann::json& line) {
  file_ << line.dump() << '\n' << std::flush;
  if (!file_) throw Error(ExitCode::io, shown(path_) + ": cannot write; is the disk full?");
}

std::uint64_t MetricsLog::bytes() {
  std::error_code error;
  const std::uint64_t size = fs::file_size(path_, error);
  if (error) throw Error(ExitCode::io, message(shown(path_), ": ", error.message()));
  return size;
}

std::vector<nlohmann::json> read_metrics(const fs::path& path) {
  std::vector<nlohmann::json> lines;
  std::ifstream file(path);
  for (std::string text; std::getline(file, text);) {
    nlohmann::json line = nlohmann::json::parse(text, nullptr, false);
    if (!line.is_discarded()) lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace duhdr
