// SPDX-License-Identifier: Apache-2.0
// Feed: the batches of a loader where they are used. On a GPU the next one travels while one is used.
#pragma once

#include "data/loader.h"
#include "tensor/upload.h"

namespace duhdr {

class Feed {
 public:
  /// `batches` >= 1: how many will be asked for; none is taken from the loader beyond them. The loader must outlive
  /// the feed.
  Feed(Loader& loader, Device device, std::int64_t batches);

  /// The next batch, on the device; it is to be used up before the one after it is asked for. Errors are those of
  /// Loader::next().
  Batch next();

  /// Sends the batch after it on its way, if there is one. Best called while the device is busy.
  void prefetch();

 private:
  void begin();

  Loader& loader_;
  std::int64_t left_;  // batches to take from the loader
  bool has_way_;       // false: batches are used where they are made
  Batch coming_;
  std::unique_ptr<Upload> upload_;
};

}  // namespace duhdr
