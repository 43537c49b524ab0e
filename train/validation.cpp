// SPDX-License-Identifier: Apache-2.0
#include "train/validation.h"

#include <algorithm>
#include <cmath>

#include "base/file.h"
#include "image/colour.h"
#include "image/encode.h"
#include "image/preview.h"
#include "metrics/clipped_mask.h"
#include "metrics/highlights.h"
#include "metrics/log_rmse.h"
#include "metrics/psnr.h"
#include "metrics/scale_fit.h"

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

std::filesystem::path numbered(const std::filesystem::path& folder, const std::string& name, std::size_t index) {
  return folder / message(name, '-', index, ".png");
}

}  // namespace

const std::vector<ValidationMetric>& validation_metrics() {
  using R = ValidationResult;
  static const std::vector<ValidationMetric> rows{
      {"log_rmse", "log-RMSE", &R::log_rmse},
      {"log_rmse_clipped", "over clipped pixels", &R::log_rmse_clipped},
      {"log_rmse_offset", "without the mean difference", &R::log_rmse_offset},
      {"energy", "highlight energy, stops off", &R::energy},
      {"structure", "highlight structure", &R::structure},
      {"pu21_psnr", "PU21-PSNR, dB", &R::pu21_psnr, true}};
  return rows;
}

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
  ValidationResult result;
  double with_highlights = 0;
  for (const Sample& sample : samples_) {
    const Tensor estimate = reconstruct(model, sample.ldr);
    rmse.add(estimate, sample.hdr);
    if (const auto found = highlights(estimate, sample.hdr, clipped_light(sample.hdr))) {
      result.energy += std::abs(found->energy);
      result.structure += found->structure;
      ++with_highlights;
    }
    result.pu21_psnr += pu21_psnr(scaled(estimate, static_cast<double>(reference_white)),
                                  scaled(sample.hdr, static_cast<double>(reference_white))) /
                        static_cast<double>(samples_.size());
  }
  result.energy /= std::max(with_highlights, 1.0);
  result.structure /= std::max(with_highlights, 1.0);
  result.log_rmse = rmse.all();
  result.log_rmse_clipped = rmse.clipped();
  result.log_rmse_offset = rmse.without_offset();
  result.pixels = rmse.pixels();
  result.clipped_pixels = rmse.clipped_pixels();
  return result;
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
