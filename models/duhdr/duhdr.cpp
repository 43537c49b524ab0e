// SPDX-License-Identifier: Apache-2.0
#include "models/duhdr/duhdr.h"

#include "kernels/camera/curve.h"
#include "kernels/camera/truncation.h"
#include "kernels/layout.h"
#include "models/duhdr/camera.h"

namespace duhdr {

DuHdr::DuHdr(const DuHdrConfig& config)
    : config_(config),
      dnet_(child<Dnet>("dnet", config)),
      innet_(child<ResponseNet>("innet", config)),
      nnet_(child<ResponseNet>("nnet", config)),
      itnet_(child<ITnet>("itnet", config)),
      oonet_(child<OOnet>("oonet", config)) {}

DuHdr::Reconstruction DuHdr::ldr_to_hdr(const Variable& image) const {
  const std::int64_t h = image.shape().h(), w = image.shape().w();
  const auto cropped = [&](const Variable& padded) { return crop(padded, 0, 0, h, w); };
  const Variable dequantised = dnet_(pad_to_multiple(image, alignment));
  const Variable curve = innet_(cropped(dequantised));
  const Variable linear = apply_curve(curve, dequantised);
  const Variable hdr = itnet_(linear, config_.itnet_iterations);
  const Variable result = oonet_(hdr, linear, dequantised);
  return {cropped(dequantised), curve, cropped(linear), cropped(hdr), cropped(result)};
}

DuHdr::Exposure DuHdr::hdr_to_ldr(const Variable& hdr) const {
  const std::int64_t h = hdr.shape().h(), w = hdr.shape().w();
  const auto cropped = [&](const Variable& padded) { return crop(padded, 0, 0, h, w); };
  const Variable truncated = truncation(pad_to_multiple(hdr, alignment));
  const Variable curve = nnet_(cropped(truncated));
  return {cropped(truncated), curve, cropped(expose(curve, truncated))};
}

Module& DuHdr::network(std::string_view name) {
  if (name == "dnet") return dnet_;
  if (name == "innet") return innet_;
  if (name == "nnet") return nnet_;
  if (name == "itnet") return itnet_;
  DUHDR_CHECK(name == "oonet", "no network ", name);
  return oonet_;
}

void DuHdr::set_precision(DType precision) {
  dnet_.set_precision(precision);
  itnet_.set_precision(precision);
  oonet_.set_precision(precision);
}

}  // namespace duhdr
