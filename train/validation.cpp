// SPDX-License-Identifier: Apache-2.0
#include "train/validation.h"

#include <algorithm>
#include <cmath>

#include "base/file.h"
#include "image/encode.h"
#include "image/preview.h"
#include "metrics/log_rmse.h"

namespace duhdr {
namespace {

constexpr double stops[] = {0, -2, -4};

/// While one lives, every network uses its running statistics and nothing needs a gradient.
class Evaluation {
 public:
  explicit Evaluation(Model& model) {
    for (const std::string& name : model.networks()) {
      before_.emplace_back(&model.network(name), model.network(name).training());
      model.network(name).set_training(false);
    }
  }
  ~Evaluation() {
    for (const auto& [network, training] : before_) network->set_training(training);
  }
  Evaluation(const Evaluation&) = delete;
  Evaluation& operator=(const Evaluation&) = delete;

 private:
  NoGrad no_grad_;
  std::vector<std::pair<Module*, bool>> before_;
};

Tensor reconstruct(const Model& model, const Tensor& ldr) {
  const Device device = model.parameters().front().variable.device();
  return forward(model.to_hdr(), Variable(ldr.to(device))).value().to(Device::cpu());
}

Tensor codes_of(const Tensor& ldr) {
  Tensor codes(ldr.shape(), DType::u8);
  std::uint8_t* out = codes.mutable_data<std::uint8_t>();
  const float* in = ldr.data<float>();
  for (std::int64_t i = 0; i < ldr.numel(); ++i)
    out[i] = static_cast<std::uint8_t>(std::clamp(std::floor(255 * in[i] + 0.5f), 0.0f, 255.0f));
  return codes;
}

std::filesystem::path numbered(const std::filesystem::path& folder, const std::string& name, std::size_t index) {
  return folder / message(name, '-', index, ".png");
}

}  // namespace

Validation::Validation(const Dataset& dataset, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) {
    Sample sample = dataset.sample(static_cast<std::uint64_t>(i));
    DUHDR_CHECK(sample.hdr.defined(), "validation needs samples with an HDR side");
    Sample kept;
    kept.ldr = std::move(sample.ldr);
    kept.hdr = std::move(sample.hdr);
    samples_.push_back(std::move(kept));
  }
}

ValidationResult Validation::run(Model& model) const {
  const Evaluation scope(model);
  LogRmse rmse;
  for (const Sample& sample : samples_) rmse.add(reconstruct(model, sample.ldr), sample.hdr);
  return {rmse.all(), rmse.clipped(), rmse.pixels(), rmse.clipped_pixels()};
}

void Validation::write_references(const std::filesystem::path& folder, std::int64_t count) const {
  for (std::size_t i = 0; i < samples_.size() && i < static_cast<std::size_t>(count); ++i) {
    write_file(numbered(folder, "input", i), encode_png8(codes_of(samples_[i].ldr)));
    write_file(numbered(folder, "target", i), encode_png8(preview_strip(samples_[i].hdr, stops)));
  }
}

void Validation::write_results(Model& model, const std::filesystem::path& folder, const std::string& name,
                               std::int64_t count) const {
  const Evaluation scope(model);
  for (std::size_t i = 0; i < samples_.size() && i < static_cast<std::size_t>(count); ++i)
    write_file(numbered(folder, name, i), encode_png8(preview_strip(reconstruct(model, samples_[i].ldr), stops)));
}

}  // namespace duhdr
