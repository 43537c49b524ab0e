// SPDX-License-Identifier: Apache-2.0
#include "tests/support/cli_run.h"
#include "base/sha256.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <thread>

namespace duhdr::cli {
namespace {

namespace fs = std::filesystem;

constexpr double longest_run = 120;  // seconds

std::string text_of(int descriptor) {
  std::string text;
  char buffer[4096];
  for (;;) {
    const ssize_t got = pread(descriptor, buffer, sizeof buffer, static_cast<off_t>(text.size()));
    if (got <= 0) return text;
    text.append(buffer, static_cast<std::size_t>(got));
  }
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

std::vector<std::string> environment_with(const std::map<std::string, std::string>& more) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (!more.contains(text.substr(0, text.find('=')))) all.push_back(text);
  }
  for (const auto& [name, value] : more) all.push_back(name + "=" + value);
  return all;
}

void limit(int resource, std::size_t bytes) {
  const rlimit both{bytes, bytes};
  if (bytes != 0 && setrlimit(static_cast<__rlimit_resource>(resource), &both) != 0) _exit(126);
}

/// What the child does between fork and exec: system calls only.
[[noreturn]] void become(char* const* arguments, char* const* environment, const RunOptions& options, int out,
                         int err) {
  if (chdir(options.folder.c_str()) != 0) _exit(126);
  const int nothing = open("/dev/null", O_RDONLY);
  if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0)
    _exit(126);
  if (options.closed_output) {
    close(STDOUT_FILENO);
    close(STDERR_FILENO);
  }
  limit(RLIMIT_AS, options.address_space);
  limit(RLIMIT_FSIZE, options.file_size);
  execve(arguments[0], arguments, environment);
  _exit(127);
}

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
}

/// Waits for the end; sends the signal when its moment has come, and SIGKILL after the longest time.
void wait_for(pid_t child, int err, const RunOptions& options, Outcome& outcome) {
  const auto start = std::chrono::steady_clock::now();
  const auto passed = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); };
  bool sent = options.signal == 0, killed = false;
  int status = 0;
  rusage usage{};
  while (wait4(child, &status, WNOHANG, &usage) == 0) {
    if (!sent && passed() >= options.signal_at_s && text_of(err).find(options.signal_after) != std::string::npos) {
      kill(child, options.signal);
      sent = true;
    }
    if (!killed && passed() > longest_run) {
      kill(child, SIGKILL);
      killed = true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  outcome.wall_s = passed();
  outcome.cpu_s = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  outcome.peak = static_cast<std::size_t>(usage.ru_maxrss) << 10;
  if (WIFEXITED(status)) outcome.code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) outcome.signal = WTERMSIG(status);
}

}  // namespace

Outcome run_program_file(const std::string& program, const std::vector<std::string>& arguments,
                         const RunOptions& options) {
  std::vector<std::string> all{(fs::path(DUHDR_BINARY_DIR) / program).native()};
  all.insert(all.end(), arguments.begin(), arguments.end());
  std::vector<std::string> environment = environment_with(options.environment);
  const std::vector<char*> argv = pointers(all), envp = pointers(environment);
  const int out = memfd_create("stdout", MFD_CLOEXEC), err = memfd_create("stderr", MFD_CLOEXEC);
  Outcome outcome;
  const pid_t child = fork();
  if (child == 0) become(argv.data(), envp.data(), options, out, err);
  if (child > 0) wait_for(child, err, options, outcome);
  outcome.out = text_of(out);
  outcome.err = text_of(err);
  close(out);
  close(err);
  return outcome;
}

bool sanitized() {
#if defined(__SANITIZE_ADDRESS__)
  return true;
#else
  return false;
#endif
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

std::map<std::string, std::string> contents_of(const fs::path& folder) {
  std::map<std::string, std::string> contents;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder))
    if (entry.symlink_status().type() == fs::file_type::regular)
      contents[entry.path().lexically_relative(folder).native()] =
          sha256(read_file(entry.path(), std::uint64_t{1} << 32, ExitCode::internal));
  return contents;
}

Scratch::Scratch(const std::string& name) {
  static std::atomic<int> counter{0};
  path_ = fs::temp_directory_path() / message("duhdr-", name, "-", getpid(), "-", counter++);
  fs::remove_all(path_);
  fs::create_directories(path_);
}

Scratch::~Scratch() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace duhdr::cli
