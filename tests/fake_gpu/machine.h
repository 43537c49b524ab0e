// SPDX-License-Identifier: Apache-2.0
// The fake GPU itself: streams of queued work, which runs when somebody waits (or a little before), in an order between
// the streams that is drawn from a seed. The functions of the runtime, cuDNN and cuBLAS put work in.
#pragma once

#include <cuda_runtime.h>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "tests/fake_gpu/fake_gpu.h"
#include "tests/fake_gpu/memory.h"

namespace duhdr::fake_gpu {

/// A range of device memory that work reads or writes.
struct Range {
  const void* address;
  std::size_t bytes;
};

/// Something for a stream to do.
struct Work {
  std::string name;
  std::function<void()> run;
  std::vector<Range> touches = {};
};

/// How often an event was recorded, and how often that has been reached.
struct EventState {
  std::uint64_t recorded = 0, reached = 0;
  bool captured = false;
};

/// What stands in a stream's queue: work, or an event to reach or to wait for.
struct Step {
  std::shared_ptr<const Work> work = nullptr;
  std::shared_ptr<EventState> event = nullptr;
  std::uint64_t record = 0;
  bool waits = false;
};

using Nodes = std::vector<std::shared_ptr<const Work>>;

}  // namespace duhdr::fake_gpu

struct CUstream_st {
  std::deque<duhdr::fake_gpu::Step> steps = {};
  unsigned rank = 0;  // the stream with the highest goes first
  bool captures = false, relaxed = false, capture_is_valid = true;
  duhdr::fake_gpu::Nodes captured = {};
};
struct CUevent_st {
  std::shared_ptr<duhdr::fake_gpu::EventState> state = std::make_shared<duhdr::fake_gpu::EventState>();
};
struct CUgraph_st {
  duhdr::fake_gpu::Nodes nodes;
};
struct CUgraphExec_st {
  duhdr::fake_gpu::Nodes nodes;
};

namespace duhdr::fake_gpu {

class Machine {
 public:
  static Machine& get();  // never destroyed

  std::recursive_mutex mutex;  // held by every function that a program calls
  Memory memory;
  std::map<const std::byte*, std::size_t> pinned;  // page-locked host memory: bytes by address
  bool ended = false;                              // the program is at its end: the libraries are gone
  cudaError_t broken = cudaSuccess;                // what every call answers from now on
  std::vector<std::string> faults;

  /// The status that a test asks of this call of a function; 0: none. Counts the call.
  int injected(const std::string& function);
  void fault(const std::string& text);
  /// From when exit() has come to here, the libraries are gone: as early as a library can be that cleans up after
  /// itself.
  static void end_with_program();

  CUstream_st* new_stream();
  void end_stream(CUstream_st* stream);
  CUstream_st* compute_stream() { return streams_.empty() ? nullptr : streams_.front().get(); }
  bool knows(const CUstream_st* stream) const;
  CUstream_st* capturing() const;  // the stream that is being captured, or null

  /// Puts work into a stream, or into what is captured of it. The status as a launch would answer it.
  cudaError_t add(CUstream_st* stream, Work work);
  /// Into the stream itself, also while it is captured.
  void queue(CUstream_st* stream, Step step);
  /// Runs what has been put in, of any stream, until `done`.
  void run_until(const std::function<bool()>& done);
  bool idle() const;
  /// Ranges that are not part of living blocks are faults.
  void check(const Work& work);

  bool coin(unsigned one_in) { return random_() % one_in == 0; }
  void seed(unsigned value) { random_.seed(value); }

 private:
  Machine();
  CUstream_st* next();
  void step(CUstream_st& stream);

  struct Injection {
    int calls = 0, first = 0, last = -1, status = 0;
  };
  friend void fail(const std::string&, int, int, int);
  friend void fail_nothing();
  friend int calls(const std::string&);

  std::vector<std::unique_ptr<CUstream_st>> streams_;
  std::map<std::string, Injection> injections_;
  std::minstd_rand random_;
};

/// For cuDNN and cuBLAS: after the end of the program nobody may call them. Ends the program.
void check_alive(const char* function);

}  // namespace duhdr::fake_gpu
