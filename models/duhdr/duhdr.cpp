// SPDX-License-Identifier: Apache-2.0
#include "models/duhdr/duhdr.h"

#include "models/duhdr/config_json.h"

namespace duhdr {
namespace {

/// Mean and the first `count` components of a space of curves with `samples` values each.
void set_basis(ResponseNet& net, const CurveSpace& space, const DuHdrConfig& config) {
  const std::int64_t samples = space.mean.shape()[0], components = space.components.shape()[1];
  if (samples != config.curve_samples)
    throw Error(ExitCode::usage,
                message("model.curve_samples ", config.curve_samples, ": the curve files have ", samples));
  if (components < config.curve_k)
    throw Error(ExitCode::usage, message("model.curve_k ", config.curve_k, ": the curve files have ", components));
  Tensor basis(Shape{samples, config.curve_k}, DType::f32);
  float* to = basis.mutable_data<float>();
  const float* from = space.components.data<float>();
  for (std::int64_t i = 0; i < samples; ++i)
    for (std::int64_t k = 0; k < config.curve_k; ++k) to[i * config.curve_k + k] = from[i * components + k];
  net.set_basis(space.mean, basis);
}

}  // namespace

DuHdr::DuHdr(const DuHdrConfig& config)
    : config_(config),
      dnet_(child<Dnet>("dnet", config)),
      innet_(child<ResponseNet>("innet", config)),
      nnet_(child<ResponseNet>("nnet", config)),
      itnet_(child<ITnet>("itnet", config)),
      oonet_(child<OOnet>("oonet", config)),
      to_hdr_(make_to_hdr()),
      to_ldr_(make_to_ldr()) {}

nlohmann::json DuHdr::architecture() const { return to_json(config_); }

std::string DuHdr::variant() const {
  const std::string without = config_.middle == Middle::none ? ", without MS-SE" : "";
  return message(name_of(config_.trunk), ", ", name_of(config_.down), without);
}

std::string DuHdr::label(std::string_view network) const {
  const std::string name(network);
  if (name == "innet" || name == "nnet") return name + ", trunk " + name_of(config_.trunk);
  if (name == "oonet") return name + ", " + name_of(config_.down) + " DownBlocks";
  return name;
}

void DuHdr::set_camera_curves(const CurveSpace& forward, const CurveSpace& inverse) {
  set_basis(innet_, inverse, config_);
  set_basis(nnet_, forward, config_);
}

std::vector<nlohmann::json> duhdr_variants() {
  DuHdrConfig counted;
  counted.trunk = Trunk::crfnet;
  counted.down = Down::conv;
  return {to_json(DuHdrConfig{}), to_json(counted)};
}

}  // namespace duhdr
