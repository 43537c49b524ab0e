// SPDX-License-Identifier: Apache-2.0
#include "train/validation.h"

#include <algorithm>
#include <cmath>

#include "base/file.h"
#include "image/encode.h"
#include "image/preview.h"
#include "models/model_directory.h"

namespace duhdr {
namespace {

constexpr double darkest = 1e-5;
constexpr double stops[] = {0, -2, -4};

/// While one lives, every network uses its running statistics and nothing needs a gradient.
class Evaluation {
 public:
  explicit Evaluation(DuHdr& model) : model_(model) {
    for (const char* name : network_names) {
      before_.push_back(model.network(name).training());
      model.network(name).set_training(false);
    }
  }
  ~Evaluation() {
    for (std::size_t i = 0; i < before_.size(); ++i) model_.network(network_names[i]).set_training(before_[i]);
  }
  Evaluation(const Evaluation&) = delete;
  Evaluation& operator=(const Evaluation&) = delete;

 private:
  NoGrad no_grad_;
  DuHdr& model_;
  std::vector<bool> before_;
};

Tensor reconstruct(const DuHdr& model, const Tensor& ldr) {
  const Device device = model.parameters().front().variable.device();
  return model.ldr_to_hdr(Variable(ldr.to(device))).result.value().to(Device::cpu());
}

struct Sums {
  double all = 0, clipped = 0;
  std::int64_t pixels = 0, clipped_pixels = 0;
};

void add(Sums& sums, const Tensor& estimate, const Tensor& target) {
  const float* a = estimate.data<float>();
  const float* b = target.data<float>();
  const auto log = [](float x) { return std::log10(std::max(static_cast<double>(x), darkest)); };
  for (std::int64_t pixel = 0; pixel < target.numel() / 3; ++pixel) {
    double square = 0;
    bool clipped = false;
    for (std::int64_t i = 3 * pixel; i < 3 * pixel + 3; ++i) {
      const double difference = log(a[i]) - log(b[i]);
      square += difference * difference;
      clipped = clipped || b[i] > 1;
    }
    sums.all += square;
    ++sums.pixels;
    if (!clipped) continue;
    sums.clipped += square;
    ++sums.clipped_pixels;
  }
}

double root_mean(double sum, std::int64_t pixels) {
  return pixels == 0 ? 0 : std::sqrt(sum / (3 * static_cast<double>(pixels)));
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

ValidationResult Validation::run(DuHdr& model) const {
  const Evaluation scope(model);
  Sums sums;
  for (const Sample& sample : samples_) add(sums, reconstruct(model, sample.ldr), sample.hdr);
  return {root_mean(sums.all, sums.pixels), root_mean(sums.clipped, sums.clipped_pixels), sums.pixels,
          sums.clipped_pixels};
}

void Validation::write_references(const std::filesystem::path& folder, std::int64_t count) const {
  for (std::size_t i = 0; i < samples_.size() && i < static_cast<std::size_t>(count); ++i) {
    write_file(numbered(folder, "input", i), encode_png8(codes_of(samples_[i].ldr)));
    write_file(numbered(folder, "target", i), encode_png8(preview_strip(samples_[i].hdr, stops)));
  }
}

void Validation::write_results(DuHdr& model, const std::filesystem::path& folder, const std::string& name,
                               std::int64_t count) const {
  const Evaluation scope(model);
  for (std::size_t i = 0; i < samples_.size() && i < static_cast<std::size_t>(count); ++i)
    write_file(numbered(folder, name, i), encode_png8(preview_strip(reconstruct(model, samples_[i].ldr), stops)));
}

}  // namespace duhdr
