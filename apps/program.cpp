// SPDX-License-Identifier: Apache-2.0
#include "apps/program.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <new>
#include <system_error>

#include "base/checked.h"
#include "base/file.h"
#include "base/sha256.h"

namespace duhdr {
namespace {

volatile std::sig_atomic_t arrived = 0;

void on_signal(int signal) {
  if (arrived) _exit(128 + signal);
  arrived = signal;
}

struct Interrupted {
  int signal;
};

void prepare() {
  auto logger = std::make_shared<spdlog::logger>("duhdr", std::make_shared<spdlog::sinks::stderr_sink_st>());
  logger->set_pattern("%v");
  spdlog::set_default_logger(logger);
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is no reason to lose work
  std::signal(SIGXFSZ, SIG_IGN);  // a file above ulimit -f is a failed write, with its message
#if defined(__x86_64__)
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
    throw Error(ExitCode::device, "this processor lacks AVX2, which this build needs");
#endif
}

int fail(ExitCode code, const std::string& text) {
  spdlog::error("error: {}", text);
  return static_cast<int>(code);
}

/// `code`, once all that was printed has arrived. A reader that has gone away (a pipe, a closed stdout) wants no more.
int printed(int code) {
  struct stat status {};
  const bool lost = std::fflush(stdout) != 0 || std::ferror(stdout) != 0;
  if (lost && fstat(STDOUT_FILENO, &status) == 0 && !S_ISFIFO(status.st_mode) && !S_ISSOCK(status.st_mode))
    throw Error(ExitCode::io, "standard output: cannot write; free some space or send it elsewhere");
  return code;
}

}  // namespace

int run_program(CLI::App& app, int argc, char** argv, const std::function<int()>& body) {
  try {
    prepare();
    app.set_version_flag("--version", "duhdr " DUHDR_VERSION);
    try {
      app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      if (error.get_exit_code() == 0) return printed(app.exit(error));  // --help, --version
      return fail(ExitCode::usage, escaped(error.what(), 400) + "; see " + app.get_name() + " --help");
    }
    return printed(body());
  } catch (const Interrupted& interrupt) {
    spdlog::error("error: interrupted");
    return 128 + interrupt.signal;
  } catch (const Error& error) {
    return fail(error.code(), error.what());
  } catch (const std::bad_alloc&) {
    return fail(ExitCode::out_of_memory, "out of memory");
  } catch (const std::system_error& error) {
    if (error.code() == std::errc::resource_unavailable_try_again)
      return fail(ExitCode::out_of_memory, "no more threads can be started");
    return fail(ExitCode::internal, std::string("internal error: ") + error.what());
  } catch (const std::exception& error) {
    return fail(ExitCode::internal, std::string("internal error: ") + error.what());
  }
}

void set_verbosity(bool quiet, bool verbose) {
  spdlog::set_level(quiet ? spdlog::level::err : verbose ? spdlog::level::debug : spdlog::level::info);
}

void check_interrupt() {
  if (arrived) throw Interrupted{arrived};
}

std::filesystem::path resource(const std::filesystem::path& name) {
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) throw Error(ExitCode::io, "/proc/self/exe: cannot be read (" + error.message() + ")");
  return program.parent_path().parent_path() / "share" / "duhdr" / name;
}

std::string program_sha256() {
  constexpr std::uint64_t most = std::uint64_t{1} << 32;
  return sha256(read_file("/proc/self/exe", most, ExitCode::io));
}

std::size_t parse_size(const std::string& option, const std::string& text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  const int shift = unit.empty() ? 0 : unit == "K" ? 10 : unit == "M" ? 20 : unit == "G" ? 30 : -1;
  const auto bytes = shift < 0 ? std::nullopt : checked_mul(number, std::uint64_t{1} << shift);
  if (error != std::errc() || !bytes || *bytes == 0)
    throw Error(ExitCode::usage, message(option, " ", escaped(text), ": not a size (examples: 4G, 512M)"));
  return *bytes;
}

}  // namespace duhdr
