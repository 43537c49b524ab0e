// SPDX-License-Identifier: Apache-2.0
// A golden case of training (tests/golden/make_training.py): its file, batches and networks.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "models/duhdr/duhdr.h"
#include "tests/golden/fill.h"
#include "train/trainer.h"

namespace duhdr::test {

using Tensors = std::map<std::string, Tensor>;

constexpr std::int64_t dropping_step = 3;  // whose second image has weight 0

struct TrainingCase {
  std::string name;
  nlohmann::json options, widths;
  std::set<std::string> zero_gradients;  // parameters that a BatchNorm in training mode cancels
  Tensors expected;

  std::string text(const char* option, const char* otherwise) const { return options.value(option, otherwise); }
  bool paired() const { return options.value("paired", false); }
  double learning_rate() const { return options.value("learning_rate", 1e-4); }
  std::int64_t steps() const { return expected.at("loss").numel(); }
  const Stage& stage() const { return stage_named(options.at("stage").get<std::string>()); }
};

TrainingCase read_case(const std::filesystem::path& path);

LossOptions loss_options(const TrainingCase& c);
AdamDesc adam_of(const TrainingCase& c);

/// The batch of a step, counted from 0.
Batch batch_of(const TrainingCase& c, std::int64_t step);

/// f32 values of the fill rule.
Tensor filled(const Shape& shape, const std::string& name, golden::Range range);

/// The networks with their start values. The bottleneck of ITnet and of HDRCNN starts with gain 1 where it is trained:
/// batch statistics remove the scale, and the small weights of the fill rule would leap with every step of Adam.
struct Networks {
  std::unique_ptr<Model> owner;
  Model& model;
  Vgg16Features vgg;

  Networks(const TrainingCase& c, DType dtype);

  /// Sampled parameters ("weight/...") and running statistics ("buffer/...").
  Tensors state() const;
};

}  // namespace duhdr::test
