// SPDX-License-Identifier: Apache-2.0
#include "tensor/parallel.h"

#include <pthread.h>
#include <sched.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/error.h"
#include "tensor/allocator.h"

namespace duhdr {
namespace {

thread_local bool inside_job = false;

/// Whether `done` came true within some tens of microseconds; sleeping and waking would take as long.
template <class Done>
bool spin_until(const Done& done) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(20);
  do {
    if (done()) return true;
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  } while (std::chrono::steady_clock::now() < end);
  return done();
}

/// One call of parallel_for, on its caller's stack.
struct Region {
  const std::function<void(std::int64_t)>& job;
  const std::int64_t count;
  int seats;                                       // workers that may still come; the pool's mutex guards it
  const std::shared_ptr<CachingAllocator> memory;  // where the caller's tensors come from
  std::atomic<std::int64_t> next = 0;              // the first job nobody has taken
  std::atomic<int> helpers = 0;                    // workers that have taken a job and may touch this
  std::atomic_flag failed{};
  std::exception_ptr error{};  // of the thread that set `failed`

  std::int64_t take() { return next.fetch_add(1, std::memory_order_relaxed); }

  /// The job that was taken, and on until none is left.
  void run(std::int64_t taken) {
    for (; taken < count; taken = take()) try {
        job(taken);
      } catch (...) {
        if (!failed.test_and_set()) error = std::current_exception();
        next = count;
      }
  }
};

class Pool {
 public:
  Pool();
  int threads() const { return threads_; }
  void set_threads(int count);
  void run(Region& region);
  void end();

 private:
  void start(int count);
  void work();
  bool help();

  std::mutex mutex_;  // of the next two
  std::vector<pthread_t> workers_;
  std::vector<Region*> open_;      // regions that workers may come to
  std::atomic<int> threads_;       // of a region
  std::atomic<int> posted_ = 0;    // grows with every region that is opened; idle workers wait on it
  std::atomic<int> finished_ = 0;  // grows whenever a worker leaves a region; callers wait on it
  std::atomic<int> sleeping_ = 0;  // workers
  std::atomic<bool> ending_ = false;
};

/// Never destroyed, so that what runs at exit may still use it; its workers end there.
Pool& pool() {
  static auto* one = new Pool;
  static const struct AtExit {
    ~AtExit() { one->end(); }
  } at_exit;
  return *one;
}

/// A forked child has none of the workers; it starts its own when it needs them.
Pool::Pool() : threads_(usable_processors()) {
  pthread_atfork([] { pool().mutex_.lock(); }, [] { pool().mutex_.unlock(); },
                 [] {
                   pool().workers_.clear();
                   pool().open_.clear();
                   pool().sleeping_ = 0;
                   pool().mutex_.unlock();
                 });
}

void Pool::set_threads(int count) {
  const std::lock_guard lock(mutex_);
  start(count);
  threads_ = count;
}

/// The workers that so many threads need besides the caller's, as far as they are missing.
void Pool::start(int count) {
  const auto wanted = static_cast<std::size_t>(count - 1);
  workers_.reserve(wanted);
  while (workers_.size() < wanted && !ending_) {
    const auto life = [](void* self) -> void* {
      static_cast<Pool*>(self)->work();
      return nullptr;
    };
    pthread_t worker{};
    if (pthread_create(&worker, nullptr, life, this) != 0)
      throw Error(ExitCode::out_of_memory,
                  message("only ", workers_.size() + 1, " of ", count, " threads can be started; use fewer (-j)"));
    workers_.push_back(worker);
  }
}

void Pool::end() {
  ending_ = true;
  ++posted_;
  posted_.notify_all();
  std::vector<pthread_t> workers;
  {
    const std::lock_guard lock(mutex_);
    workers.swap(workers_);
  }
  for (const pthread_t worker : workers) pthread_join(worker, nullptr);
}

void Pool::work() {
  inside_job = true;
  while (!ending_) {
    const int seen = posted_;
    if (help() || spin_until([&] { return posted_ != seen; })) continue;
    ++sleeping_;
    posted_.wait(seen);
    --sleeping_;
  }
}

/// Takes a job of an open region, and on until none is left; false when there is no such job. Coming to a region and
/// taking the first job are one step, so that nobody waits for a worker that has none.
bool Pool::help() {
  Region* region = nullptr;
  std::int64_t taken = 0;
  {
    const std::lock_guard lock(mutex_);
    while (!region && !open_.empty()) {
      Region* const last = open_.back();
      taken = last->take();
      if (taken < last->count) {
        region = last;
        ++region->helpers;
        --region->seats;
      }
      if (!region || region->seats == 0) open_.pop_back();
    }
  }
  if (!region) return false;
  {
    const AllocateFrom memory(Device::cpu(), region->memory);
    region->run(taken);
  }
  --region->helpers;  // from here on the region may be gone
  ++finished_;
  finished_.notify_all();
  return true;
}

void Pool::run(Region& region) {
  const int seats = region.seats;
  {
    const std::lock_guard lock(mutex_);
    start(threads_);
    open_.push_back(&region);
  }
  ++posted_;
  for (int i = std::min<int>(seats, sleeping_); i > 0; --i) posted_.notify_one();
  inside_job = true;
  region.run(region.take());
  inside_job = false;
  {
    const std::lock_guard lock(mutex_);
    std::erase(open_, &region);
  }
  if (spin_until([&] { return region.helpers == 0; })) return;
  for (int seen = finished_; region.helpers != 0; seen = finished_) finished_.wait(seen);
}

}  // namespace

void parallel_for(std::int64_t count, const std::function<void(std::int64_t)>& job) {
  const std::int64_t threads = std::min<std::int64_t>(count, pool().threads());
  if (threads <= 1 || inside_job) {
    for (std::int64_t i = 0; i < count; ++i) job(i);
    return;
  }
  Region region{job, count, static_cast<int>(threads) - 1, allocator_for_new(Device::cpu())};
  pool().run(region);
  if (region.error) std::rethrow_exception(region.error);
}

void set_pool_threads(int count) { pool().set_threads(std::max(count, 1)); }

int pool_threads() { return pool().threads(); }

int usable_processors() {
  cpu_set_t usable;
  const bool known = sched_getaffinity(0, sizeof usable, &usable) == 0;  // not beyond 1024 processors
  return std::max(known ? CPU_COUNT(&usable) : static_cast<int>(std::thread::hardware_concurrency()), 1);
}

}  // namespace duhdr
