// SPDX-License-Identifier: Apache-2.0
// Single steps of training: numbers that are not finite, batches without a usable image, what a stage may touch, and
// validation beside it.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <set>

#include "kernels/camera/truncation.h"
#include "kernels/pointwise.h"
#include "models/precision.h"
#include "tests/support/train_files.h"
#include "train/session.h"
#include "train/stage_data.h"
#include "train/validation.h"

namespace duhdr {
namespace {

using Tensors = std::map<std::string, Tensor>;

bool same_bits(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() && a.dtype() == b.dtype() && std::memcmp(a.raw(), b.raw(), a.bytes()) == 0;
}

/// Networks, and the samples of a stage.
class Steps : public testing::Test {
 protected:
  Steps() { set_cpu_threads(1); }

  StageTrainer trainer(const std::string& stage, const AdamDesc& adam = {.ema_decay = 0.9},
                       bool running_statistics = false) {
    if (const std::string_view family = stage_named(stage).family; family != model_->family())
      model_ = new_model(with_family(config_, family), options_);
    return {stage_named(stage), *model_, *vgg_, config_.loss, adam, running_statistics};
  }
  Batch batch(const std::string& stage, std::uint64_t first = 0) const {
    StagePlan plan;
    plan.stage = stage;
    plan.batch = 2;
    plan.patch = 32;
    const std::unique_ptr<Dataset> dataset = stage_dataset(config_, stage_named(stage), plan);
    Batch out = stack(first, dataset->pairing(), {dataset->sample(first), dataset->sample(first + 1)});
    fill(out.weight, 1);
    out.kept = 2;
    return out;
  }
  /// Weights, running statistics and moments.
  Tensors everything(const StageTrainer& trainer) const {
    Tensors out;
    for (const auto& [name, tensor] : model_tensors(*model_)) out[name] = tensor.clone();
    for (const auto& [name, tensor] : trainer.optimiser().state())
      if (name != "adam.control") out[name] = tensor.clone();
    out["steps"] = trainer.optimiser().state().at("adam.control").range(AdamControl::steps, {1}).clone();
    return out;
  }
  static std::set<std::string> changed(const Tensors& before, const Tensors& after) {
    std::set<std::string> out;
    for (const auto& [name, tensor] : before)
      if (!same_bits(tensor, after.at(name))) out.insert(name);
    return out;
  }

  const TrainConfig config_ = training_of(tiny_training());
  const RunOptions options_ = run_into("");
  std::unique_ptr<Model> model_ = new_model(config_, options_);  // of the family of the last trainer's stage
  const std::unique_ptr<Vgg16Features> vgg_ = new_vgg(config_.perceptual, Device::cpu(), DType::f32);
};

void inject(Tensor& tensor, float value) {
  if (tensor.defined()) tensor.mutable_data<float>()[tensor.numel() / 2] = value;
}

/// Where the trained networks see nothing but what frozen ones made of the photograph, and a curve brings all of it to
/// [0, 1]: such a step may be taken. ExpandNet's sigmoid and its normalised target do the same with a large number.
bool may_be_absorbed(const std::string& stage, float value) {
  return (stage == "expandnet" && value == 1e38f) || stage == "itnet-unpaired" ||
         (stage == "dnm-unpaired" && value == 1e38f);
}

TEST_F(Steps, WhatIsNotFiniteChangesNothing) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  for (const Stage& stage : all_stages()) {
    const std::string name(stage.name);
    StageTrainer train = trainer(name);
    ASSERT_FALSE(train.step(batch(name), 1e-3).skipped) << name;
    for (const float bad : {std::nanf(""), infinity, -infinity, 1e38f}) {
      SCOPED_TRACE(testing::Message() << name << " " << bad);
      const Tensors before = everything(train);
      Batch spoilt = batch(name, 2);
      for (Tensor* field : {&spoilt.ldr, &spoilt.encoded, &spoilt.clipped, &spoilt.hdr}) inject(*field, bad);
      const StepResult result = train.step(spoilt, 1e-3);
      EXPECT_EQ(result.skipped, !result.finite);
      if (!may_be_absorbed(name, bad)) {
        EXPECT_TRUE(result.skipped);
      }
      const Tensors after = everything(train);
      if (result.skipped) {
        EXPECT_EQ(changed(before, after), std::set<std::string>{});
      }
      for (const auto& [tensor_name, tensor] : after)
        for (const double value : tensor.to(DType::f64).to_vector<double>())
          ASSERT_TRUE(std::isfinite(value)) << tensor_name;
      const StepResult next = train.step(batch(name, 4), 1e-3);
      EXPECT_FALSE(next.skipped);
      EXPECT_TRUE(std::isfinite(next.loss));
    }
  }
}

/// The two directions pack weights differently: memory for both at once would be several times that of the weights.
TEST_F(Steps, BackwardFindsNothingThatForwardDerivedFromTheWeights) {
  static int derivations;
  static const auto derive = [](const Model& model) {
    (void)model.network("dnet").parameters().front().variable.value().derived<int>(
        "probe", [] { return std::make_shared<const int>(++derivations); });
  };
  Stage stage = stage_named("dnet");
  stage.loss = [](const StageContext& context, const StageBatch& batch) {
    LossTerms terms = stage_named("dnet").loss(context, batch);
    Variable& value = terms.front().value;
    derive(context.model);
    derive(context.model);
    EXPECT_EQ(derivations, 1);
    value = Variable::of_op(value.value(), {value}, [&model = context.model](const Tensor& dy, const auto&) {
      derive(model);
      derive(model);
      return std::vector<Tensor>{dy};
    });
    return terms;
  };
  derivations = 0;
  StageTrainer train(stage, *model_, *vgg_, config_.loss, {}, false);
  ASSERT_FALSE(train.step(batch("dnet"), 1e-3).skipped);
  EXPECT_EQ(derivations, 2);
}

/// Whatever I_clip the batch has, the response nets are shown the one that the option names.
TEST_F(Steps, ResponseNetsAreShownTheTruncationOfTheOption) {
  for (const std::string name : {"nnet", "innet", "responses-joint", "dnm-joint"})
    for (const ClippedTarget target : {ClippedTarget::process, ClippedTarget::hard}) {
      SCOPED_TRACE(testing::Message() << name << " " << static_cast<int>(target));
      LossOptions options;
      const auto loss = [&](const Batch& batch) {
        const std::unique_ptr<Model> model = new_model(config_, options_);
        return StageTrainer(stage_named(name), *model, *vgg_, options, {}, false).step(batch, 1e-3).loss;
      };
      Batch shown = batch(name);
      const Variable light(shown.hdr);
      shown.clipped = target == ClippedTarget::process ? truncation(light).value() : clamp(light, 0, 1).value();
      const double expected = loss(shown);
      fill(shown.clipped, 0.25f);
      EXPECT_NE(loss(shown), expected);
      options.dnm_clipped = target;
      EXPECT_EQ(loss(shown), expected);
    }
}

/// I_clip, or what the chain before ITnet makes of the photograph.
TEST_F(Steps, ItnetSeesWhatTheOptionNames) {
  for (const std::string name : {"itnet", "itnet-joint"})
    for (const ItnetInput input : {ItnetInput::truth, ItnetInput::chain}) {
      SCOPED_TRACE(testing::Message() << name << " " << static_cast<int>(input));
      LossOptions options;
      options.itnet_input = input;
      const auto loss = [&](const Batch& batch) {
        const std::unique_ptr<Model> model = new_model(config_, options_);
        return StageTrainer(stage_named(name), *model, *vgg_, options, {}, false).step(batch, 1e-3).loss;
      };
      const double before = loss(batch(name));
      Batch other_photograph = batch(name), other_truth = batch(name);
      fill(other_photograph.ldr, 0.25f);
      fill(other_truth.clipped, 0.25f);
      EXPECT_EQ(loss(other_photograph) != before, input == ItnetInput::chain);
      EXPECT_EQ(loss(other_truth) != before, input == ItnetInput::truth);
    }
}

TEST_F(Steps, ABatchWithoutAUsableImageIsLeftOut) {
  StageTrainer train = trainer("finetune");
  ASSERT_FALSE(train.step(batch("finetune"), 1e-3).skipped);
  const Tensors before = everything(train);
  Batch dark = batch("finetune", 2);
  fill(dark.weight, 0);
  dark.kept = 0;
  const StepResult result = train.step(dark, 1e-3);
  EXPECT_TRUE(result.skipped);
  EXPECT_TRUE(result.finite);
  EXPECT_EQ(changed(before, everything(train)), std::set<std::string>{});
}

TEST_F(Steps, AStageTouchesItsNetworksAlone) {
  for (const Stage& stage : all_stages())
    for (const bool running_statistics : {false, true}) {
      const std::string name(stage.name);
      SCOPED_TRACE(testing::Message() << name << " " << running_statistics);
      StageTrainer train = trainer(name, {}, running_statistics);
      const std::set<std::string_view> trained(stage.trained.begin(), stage.trained.end());
      for (const std::string& network : model_->networks()) {
        EXPECT_EQ(model_->network(network).training(), trained.contains(network) && !running_statistics) << network;
        for (const NamedVariable& named : model_->network(network).parameters())
          EXPECT_EQ(named.variable.requires_grad(), trained.contains(network)) << network << " " << named.name;
      }
      const Tensors before = everything(train);
      ASSERT_FALSE(train.step(batch(name), 1e-3).skipped);
      ASSERT_FALSE(train.step(batch(name, 2), 1e-3).skipped);  // a head of zeros passes no gradient at first
      std::set<std::string_view> touched;
      bool statistics = false, has_statistics = false;
      for (const std::string_view network : trained)
        for (const NamedVariable& named : model_->network(network).buffers())
          has_statistics = has_statistics || named.name.find("running_") != std::string::npos;
      for (const std::string& tensor : changed(before, everything(train))) {
        if (tensor.starts_with("adam.") || tensor == "steps") continue;
        const std::string_view network = std::string_view(tensor).substr(0, tensor.find('.'));
        EXPECT_TRUE(trained.contains(network)) << tensor;
        EXPECT_FALSE(tensor.ends_with("curve.mean") || tensor.ends_with("curve.basis")) << tensor;
        statistics = statistics || tensor.find(".running_") != std::string::npos;
        touched.insert(*trained.find(network));
      }
      EXPECT_EQ(statistics, has_statistics && !running_statistics);
      EXPECT_FALSE(touched.empty());
    }
}

/// bf16 inside the networks rounds to 8 bits; weights, losses and the response networks stay f32.
TEST_F(Steps, MixedPrecisionStaysBesideF32) {
  for (const Stage& stage : all_stages()) {
    const std::string name(stage.name);
    SCOPED_TRACE(name);
    std::vector<double> losses[2];
    for (const DType precision : {DType::f32, DType::bf16}) {
      const std::unique_ptr<Model> model = new_model(with_family(config_, stage.family), options_);
      const std::unique_ptr<Vgg16Features> vgg = new_vgg(config_.perceptual, Device::cpu(), precision);
      set_precision(*model, precision);
      StageTrainer train(stage, *model, *vgg, config_.loss, {}, false);
      for (std::uint64_t i = 0; i < 5; ++i) {
        const StepResult result = train.step(batch(name, 2 * i), 1e-4);
        EXPECT_FALSE(result.skipped);
        losses[precision == DType::bf16].push_back(result.loss);
      }
      for (const NamedVariable& named : model->parameters()) EXPECT_EQ(named.variable.dtype(), DType::f32);
    }
    double difference = 0, all = 0;
    for (std::size_t i = 0; i < losses[0].size(); ++i) {
      difference += std::abs(losses[1][i] - losses[0][i]);
      all += losses[0][i];
    }
    EXPECT_LE(difference, 0.05 * all);
    const bool at_rest = all == 0;  // a new Dnet changes nothing, which is all that Eq. 6 asks of it
    if (!at_rest && stage.trained.front() != std::string_view("nnet") &&
        stage.trained.front() != std::string_view("innet")) {
      EXPECT_NE(losses[0], losses[1]) << "nothing was computed in bf16";
    }
  }
}

TEST_F(Steps, ValidationIsRepeatableAndLeavesTrainingAlone) {
  const std::unique_ptr<Dataset> dataset = validation_dataset(config_);
  ASSERT_NE(dataset, nullptr);
  StageTrainer train = trainer("finetune");
  train.step(batch("finetune"), 1e-3);
  const Tensors before = everything(train);
  const Validation first(*dataset, 2), second(*validation_dataset(config_), 2);
  const ValidationResult a = first.run(*model_), b = first.run(*model_), c = second.run(*model_);
  for (const ValidationResult& other : {b, c}) {
    EXPECT_EQ(a.log_rmse, other.log_rmse);
    EXPECT_EQ(a.log_rmse_clipped, other.log_rmse_clipped);
    EXPECT_EQ(a.clipped_pixels, other.clipped_pixels);
  }
  EXPECT_GT(a.log_rmse, 0);
  EXPECT_EQ(a.pixels, 2 * 32 * 32);
  EXPECT_EQ(changed(before, everything(train)), std::set<std::string>{});
  for (const std::string& name : model_->networks())
    EXPECT_EQ(model_->network(name).training(), std::string_view(name) != "nnet") << name;
  EXPECT_FALSE(train.step(batch("finetune", 2), 1e-3).skipped);
}

TEST_F(Steps, ValidationSamplesAreNotThoseOfTraining) {
  const Sample kept_back = validation_dataset(config_)->sample(0);
  const Batch trained_on = batch("finetune", 0);
  EXPECT_FALSE(same_bits(kept_back.hdr, trained_on.hdr.range(0, kept_back.hdr.shape())));
}

}  // namespace
}  // namespace duhdr
