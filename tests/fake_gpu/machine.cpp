// SPDX-License-Identifier: Apache-2.0
#include "tests/fake_gpu/machine.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace duhdr::fake_gpu {
Machine& Machine::get() {
  static auto* machine = new Machine();
  return *machine;
}

Machine::Machine() {
  const char* text = std::getenv("DUHDR_FAKE_GPU_SEED");
  seed(text ? static_cast<unsigned>(std::strtoul(text, nullptr, 10)) : 1);
  std::atexit([] {
    if (get().faults.empty()) return;
    std::fprintf(stderr, "fake GPU: the program ends with faults\n");
    std::fflush(nullptr);
    _exit(1);
  });
}

void Machine::end_with_program() {
  std::atexit([] { get().ended = true; });
}

void check_alive(const char* function) {
  if (!Machine::get().ended) return;
  std::fprintf(stderr, "fake GPU: %s was called when its library was gone\n", function);
  std::abort();
}

int Machine::injected(const std::string& function) {
  Injection& injection = injections_[function];
  ++injection.calls;
  return injection.calls >= injection.first && injection.calls <= injection.last ? injection.status : 0;
}

void Machine::fault(const std::string& text) {
  std::fprintf(stderr, "fake GPU: %s\n", text.c_str());
  faults.push_back(text);
  broken = cudaErrorIllegalAddress;
}

CUstream_st* Machine::new_stream() {
  streams_.push_back(std::make_unique<CUstream_st>());
  return streams_.back().get();
}

void Machine::end_stream(CUstream_st* stream) {
  run_until([&] { return stream->steps.empty(); });
  std::erase_if(streams_, [&](const auto& one) { return one.get() == stream; });
}

bool Machine::knows(const CUstream_st* stream) const {
  return std::ranges::any_of(streams_, [&](const auto& one) { return one.get() == stream; });
}

CUstream_st* Machine::capturing() const {
  const auto found = std::ranges::find_if(streams_, [](const auto& one) { return one->captures; });
  return found == streams_.end() ? nullptr : found->get();
}

void Machine::check(const Work& work) {
  for (const Range& range : work.touches)
    if (!memory.lives(range.address, range.bytes))
      fault(work.name + " was given device memory that is freed or too small");
}

cudaError_t Machine::add(CUstream_st* stream, Work work) {
  if (!knows(stream)) return cudaErrorInvalidResourceHandle;
  check(work);
  auto shared = std::make_shared<const Work>(std::move(work));
  if (!stream->captures) {
    queue(stream, {shared});
  } else {
    if (!stream->capture_is_valid) return cudaErrorStreamCaptureInvalidated;
    stream->captured.push_back(std::move(shared));
  }
  return cudaSuccess;
}

void Machine::queue(CUstream_st* stream, Step step) {
  stream->steps.push_back(std::move(step));
  if (!coin(64)) return;  // a GPU does not wait until somebody waits for it
  std::size_t steps = 1 + random_() % 32;
  run_until([&] { return idle() || steps-- == 0; });
}

bool Machine::idle() const {
  return std::ranges::all_of(streams_, [](const auto& stream) { return stream->steps.empty(); });
}

/// The stream whose turn it is; null: every one is empty, or waits.
CUstream_st* Machine::next() {
  CUstream_st* best = nullptr;
  for (const auto& stream : streams_) {
    if (stream->steps.empty()) continue;
    const Step& head = stream->steps.front();
    if (head.waits && head.event->reached < head.record) continue;
    if (!best || stream->rank > best->rank) best = stream.get();
  }
  return best;
}

void Machine::step(CUstream_st& stream) {
  const Step step = std::move(stream.steps.front());
  stream.steps.pop_front();
  if (step.work && broken == cudaSuccess) step.work->run();
  if (step.event && !step.waits) step.event->reached = std::max(step.event->reached, step.record);
}

void Machine::run_until(const std::function<bool()>& done) {
  if (done()) return;
  const Memory::Open open(memory);
  for (bool draw = true; !done(); draw = coin(8)) {
    if (draw)
      for (const auto& stream : streams_) stream->rank = static_cast<unsigned>(random_());
    CUstream_st* stream = next();
    if (!stream) return fault("everybody waits for an event that nobody will reach");
    step(*stream);
  }
}

void fail(const std::string& function, int k, int status, int calls) {
  Machine& machine = Machine::get();
  const std::lock_guard lock(machine.mutex);
  Machine::Injection& injection = machine.injections_[function];
  injection.first = injection.calls + k;
  injection.last = injection.first + calls - 1;
  injection.status = status;
}

void fail_nothing() {
  Machine& machine = Machine::get();
  const std::lock_guard lock(machine.mutex);
  for (auto& [function, injection] : machine.injections_) injection.last = -1;
}

int calls(const std::string& function) {
  Machine& machine = Machine::get();
  const std::lock_guard lock(machine.mutex);
  return machine.injections_[function].calls;
}

std::vector<std::string> take_faults() {
  Machine& machine = Machine::get();
  const std::lock_guard lock(machine.mutex);
  machine.run_until([&] { return machine.idle(); });  // a broken device does none of it
  machine.broken = cudaSuccess;
  if (CUstream_st* stream = machine.capturing()) stream->captures = false;
  return std::exchange(machine.faults, {});
}

void set_seed(unsigned seed) {
  Machine& machine = Machine::get();
  const std::lock_guard lock(machine.mutex);
  machine.seed(seed);
}

}  // namespace duhdr::fake_gpu
