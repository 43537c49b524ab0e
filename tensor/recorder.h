// SPDX-License-Identifier: Apache-2.0
// Recorder: work that is the same every time, on a GPU recorded once as a CUDA graph and then launched as one.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "tensor/allocator.h"

namespace duhdr {

namespace cuda {
class Graph;
}

/// While one lives on this thread, what is launched becomes part of a record and is done again at its every launch.
class RecordScope {
 public:
  RecordScope();
  ~RecordScope();
  RecordScope(const RecordScope&) = delete;
  RecordScope& operator=(const RecordScope&) = delete;
  static std::uint64_t current();  // the number of the innermost one, unique in the program; 0: none

 private:
  std::uint64_t before_;
};

class Recorder {
 public:
  explicit Recorder(Device device);

  /// Does `work`. On a GPU the first `ordinary_runs` calls of a key just run it, the next one records it, and from then
  /// on the record is launched and `work` is not called: it must then do the same for all calls of its key, read what
  /// changes from tensors that stay where they are, and neither wait for the device nor read or write host memory. Its
  /// tensors come from a pool that all records share; those that stay (results) must be made outside. Tensors that it
  /// reads and does not write must keep their contents: what is derived from them may be read from where it is.
  /// Where recording fails, work goes on unrecorded, and refusal() says why.
  void run(const std::string& key, const std::function<void()>& work);

  /// Why nothing is recorded; empty as long as recording works (or has not begun).
  const std::string& refusal() const { return refusal_; }
  /// Keys whose work is launched from a record.
  std::size_t recorded() const;

  static constexpr int ordinary_runs = 2;  // they fill the caches of the libraries and the pool

 private:
  struct Record {
    int runs = 0;
    std::shared_ptr<cuda::Graph> graph;
  };

  Device device_;
  std::shared_ptr<CachingAllocator> pool_;
  std::map<std::string, Record> records_;
  std::string refusal_;
};

}  // namespace duhdr
