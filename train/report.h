// SPDX-License-Identifier: Apache-2.0
// report.html: one file that a browser opens without anything else.
#pragma once

#include <filesystem>

namespace duhdr {

/// Writes RUN/report.html from RUN/config.json, RUN/metrics.jsonl and RUN/samples/: losses of each stage, validation
/// before and now, pictures before and now, the configuration.
void write_report(const std::filesystem::path& run);

}  // namespace duhdr
