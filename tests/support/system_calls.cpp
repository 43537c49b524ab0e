// SPDX-License-Identifier: Apache-2.0
#include "tests/support/system_calls.h"

#include "tests/support/cli_run.h"

#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <sys/user.h>
#endif

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace duhdr {
namespace {

#if defined(__x86_64__)
class Registers {
 public:
  explicit Registers(pid_t child) : child_(child) { ptrace(PTRACE_GETREGS, child_, nullptr, &values_); }
  long call() const { return static_cast<long>(values_.orig_rax); }
  void limit_count(unsigned long long bytes) {
    values_.rdx = std::min(values_.rdx, bytes);
    store();
  }
  void skip_call() {
    values_.orig_rax = ~0ull;
    store();
  }
  void set_result(long result) {
    values_.rax = static_cast<unsigned long long>(result);
    store();
  }

 private:
  void store() { ptrace(PTRACE_SETREGS, child_, nullptr, &values_); }
  pid_t child_;
  user_regs_struct values_{};
};
constexpr bool has_registers = true;
#else
struct Registers {
  explicit Registers(pid_t) {}
  long call() const { return -1; }
  void limit_count(unsigned long long) {}
  void skip_call() {}
  void set_result(long) {}
};
constexpr bool has_registers = false;
#endif

[[noreturn]] void become_traced(const std::function<int()>& body) {
  if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) _exit(126);
  raise(SIGSTOP);
  _exit(body());
}

class Tracer {
 public:
  Tracer(pid_t child, const SystemCallPlan& plan) : child_(child), plan_(plan) {}

  TracedEnd run() {
    int status = 0;
    waitpid(child_, &status, 0);  // its SIGSTOP
    if (!WIFSTOPPED(status)) return ended(status);
    ptrace(PTRACE_SETOPTIONS, child_, nullptr, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
    int passed_on = 0;
    for (;;) {
      ptrace(PTRACE_SYSCALL, child_, nullptr, passed_on);
      passed_on = 0;
      waitpid(child_, &status, 0);
      if (!WIFSTOPPED(status)) return ended(status);
      if (WSTOPSIG(status) != (SIGTRAP | 0x80))
        passed_on = WSTOPSIG(status);
      else if (inside_ = !inside_; inside_)
        enter();
      else if (!leave())
        kill(child_, SIGKILL);
    }
  }

 private:
  void enter() {
    Registers registers(child_);
    end_.calls.push_back(registers.call());
    if (plan_.fault_at == 0 ||
        std::find(plan_.faulty.begin(), plan_.faulty.end(), registers.call()) == plan_.faulty.end())
      return;
    ++candidates_;
    if (plan_.for_ever ? candidates_ < plan_.fault_at : candidates_ != plan_.fault_at) return;
    ++end_.faults;
    if (plan_.write_at_most > 0) {
      registers.limit_count(static_cast<unsigned long long>(plan_.write_at_most));
    } else {
      registers.skip_call();
      failing_ = true;
    }
  }
  bool leave() {  // false: its time has come
    if (failing_) Registers(child_).set_result(-plan_.error);
    failing_ = false;
    return plan_.kill_after == 0 || static_cast<long>(end_.calls.size()) < plan_.kill_after;
  }
  TracedEnd ended(int status) {
    if (WIFEXITED(status)) end_.code = WEXITSTATUS(status);
    if (WIFSIGNALED(status)) end_.signal = WTERMSIG(status);
    return end_;
  }

  pid_t child_;
  const SystemCallPlan& plan_;
  TracedEnd end_;
  long candidates_ = 0;
  bool inside_ = false, failing_ = false;
};

}  // namespace

std::string why_not_traced() {
  if (cli::sanitized()) return "the sanitizer's own calls (it writes to a pipe to try addresses) would be counted";
  const TracedEnd end = run_traced([] { return getppid() > 0 ? 7 : 0; });
  if (end.code == 7 && !end.calls.empty()) return "";
  return end.code == 126 ? "ptrace is not permitted here" : "ptrace shows no system calls here";
}

bool faults_possible() { return has_registers; }

TracedEnd run_traced(const std::function<int()>& body, const SystemCallPlan& plan) {
  const pid_t child = fork();
  if (child == 0) become_traced(body);
  return child > 0 ? Tracer(child, plan).run() : TracedEnd{};
}

}  // namespace duhdr
