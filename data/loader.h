// SPDX-License-Identifier: Apache-2.0
// Loader: batches made ahead of time by threads of its own.
#pragma once

#include <cstdint>
#include <memory>

#include "data/dataset.h"

namespace duhdr {

class Loader {
 public:
  /// Batch b holds samples b * batch .. b * batch + batch - 1; the first that next() returns is `first_batch`.
  /// `threads` >= 1 workers keep at most `ahead` finished batches. The batches are the same for any number of threads.
  Loader(const Dataset& dataset, std::int64_t batch, std::int64_t first_batch, int threads, int ahead = 4);
  ~Loader();  // stops the workers
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  /// The next batch, in order. An Error of a worker is thrown here, at the batch it belongs to.
  Batch next();
  double waited() const;  // seconds that next() has waited for workers

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace duhdr
