// SPDX-License-Identifier: Apache-2.0
#include "data/loader.h"

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <new>
#include <optional>
#include <thread>
#include <vector>

namespace duhdr {
namespace {

/// A finished batch, or why there is none. The error is kept as text: every thread throws an exception of its own.
struct Result {
  Batch batch;
  std::optional<Error> error;
};

}  // namespace

struct Loader::State {
  const Dataset& dataset;
  const std::int64_t batch_size;
  const int ahead;

  mutable std::mutex mutex;
  std::condition_variable room, finished;
  std::int64_t next_made, next_given;      // batches
  std::map<std::int64_t, Result> results;  // made, not yet given
  bool stopping = false;
  double waited = 0;  // seconds
  std::vector<std::thread> workers;

  State(const Dataset& from, std::int64_t batch, std::int64_t first, int kept)
      : dataset(from), batch_size(batch), ahead(kept), next_made(first), next_given(first) {}

  bool stopped() const {
    const std::lock_guard lock(mutex);
    return stopping;
  }

  Result make(std::int64_t index) const try {
    const std::int64_t first = index * batch_size;
    std::vector<Sample> samples;
    for (std::int64_t i = first; i < first + batch_size && !stopped(); ++i)
      samples.push_back(dataset.sample(static_cast<std::uint64_t>(i)));
    if (static_cast<std::int64_t>(samples.size()) < batch_size) return {};  // stopping: nobody will ask
    return {stack(static_cast<std::uint64_t>(first), samples.front().pairing, samples), {}};
  } catch (const Error& error) {
    return {{}, Error(error.code(), error.what())};
  } catch (const std::bad_alloc&) {
    return {{}, Error(ExitCode::out_of_memory, "not enough memory for a batch")};
  } catch (const std::exception& error) {
    return {{}, Error(ExitCode::internal, error.what())};
  }

  void work() {
    std::unique_lock lock(mutex);
    for (;;) {
      room.wait(lock, [&] { return stopping || next_made < next_given + ahead; });
      if (stopping) return;
      const std::int64_t index = next_made++;
      lock.unlock();
      Result result = make(index);
      lock.lock();
      results.emplace(index, std::move(result));
      finished.notify_all();
    }
  }

  void stop() {
    {
      const std::lock_guard lock(mutex);
      stopping = true;
    }
    room.notify_all();
    for (std::thread& worker : workers) worker.join();
  }
};

Loader::Loader(const Dataset& dataset, std::int64_t batch, std::int64_t first_batch, int threads, int ahead)
    : state_(std::make_unique<State>(dataset, batch, first_batch, ahead)) {
  DUHDR_CHECK(batch >= 1 && first_batch >= 0 && threads >= 1 && ahead >= 1, "loader of batches of ", batch, " from ",
              first_batch, " on ", threads, " threads, ", ahead, " ahead");
  State* state = state_.get();
  try {
    for (int i = 0; i < threads; ++i) state->workers.emplace_back([state] { state->work(); });
  } catch (...) {  // no more threads to be had
    state->stop();
    throw;
  }
}

Loader::~Loader() { state_->stop(); }

Batch Loader::next() {
  State& state = *state_;
  std::unique_lock lock(state.mutex);
  const auto start = std::chrono::steady_clock::now();
  state.finished.wait(lock, [&] { return state.results.count(state.next_given) != 0; });
  state.waited += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  auto node = state.results.extract(state.next_given++);
  lock.unlock();
  state.room.notify_all();
  Result& result = node.mapped();
  if (result.error) throw Error(*result.error);
  return std::move(result.batch);
}

double Loader::waited() const {
  const std::lock_guard lock(state_->mutex);
  return state_->waited;
}

}  // namespace duhdr
