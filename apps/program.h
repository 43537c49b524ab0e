// SPDX-License-Identifier: Apache-2.0
// What every program shares: one try block, one table of exit codes, one place for its data files, signals.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <functional>

#include "base/error.h"

namespace duhdr {

/// Parses the command line with `app`, then runs `body`. Returns the exit code of the program: that of the Error which
/// ended it, 2 for a wrong command line, 5 for exhausted memory, 6 when stdout is lost (a full disk), 130/143 when
/// interrupted, 1 for a bug. Every failure is one line "error: ..." on stderr.
int run_program(CLI::App& app, int argc, char** argv, const std::function<int()>& body);

/// Log level of stderr: errors only, normal, or details.
void set_verbosity(bool quiet, bool verbose);

/// Throws what ends the program with 130 or 143 when SIGINT or SIGTERM has arrived. A second signal ends it at once.
void check_interrupt();

/// A file of the installation or of the build tree: <folder of the program>/../share/duhdr/<name>.
std::filesystem::path resource(const std::filesystem::path& name);

/// SHA-256 of the program that runs: another build may compute other numbers. Throws io.
std::string program_sha256();

/// "4G", "512M", "65536K" or bytes. Throws usage on anything else.
std::size_t parse_size(const std::string& option, const std::string& text);

}  // namespace duhdr
