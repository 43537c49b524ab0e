// SPDX-License-Identifier: Apache-2.0
#include "data/feed.h"

#include <utility>

namespace duhdr {

Feed::Feed(Loader& loader, Device device, std::int64_t batches)
    : loader_(loader), left_(batches), has_way_(!device.is_cpu()), upload_(Upload::to(device)) {}

void Feed::begin() {
  coming_ = loader_.next();
  --left_;
  upload_->begin({coming_.ldr, coming_.encoded, coming_.clipped, coming_.hdr, coming_.inverse_curve, coming_.weight});
}

Batch Feed::next() {
  if (!coming_.ldr.defined()) begin();
  Batch batch = std::exchange(coming_, {});
  const std::vector<Tensor> there = upload_->end();
  batch.ldr = there[0];
  batch.encoded = there[1];
  batch.clipped = there[2];
  batch.hdr = there[3];
  batch.inverse_curve = there[4];
  batch.weight = there[5];
  return batch;
}

void Feed::prefetch() {
  if (has_way_ && left_ > 0 && !coming_.ldr.defined()) begin();
}

}  // namespace duhdr
