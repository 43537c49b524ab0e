// SPDX-License-Identifier: Apache-2.0
// Training on a GPU: against the CPU, recorded steps against ordinary ones, and batches on their way.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "data/feed.h"
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

/// Networks on a device with a stage that trains them.
class Training {
 public:
  Training(const TrainConfig& config, const std::string& stage, Device device)
      : config_(config),
        device_(device),
        stage_(stage_named(stage)),
        model_(new_model(config, run_into(""))),
        vgg_(new_vgg(config.perceptual, device, config.precision)) {
    set_precision(*model_, config.precision);
    model_->to(device);
    renew();
  }

  /// Another trainer with the state of this one: nothing recorded yet.
  void renew() {
    Tensors state;
    if (trainer_)
      for (const auto& [name, tensor] : trainer_->optimiser().state()) state[name] = tensor.clone();
    trainer_ = std::make_unique<StageTrainer>(stage_, *model_, *vgg_, config_.loss, config_.adam, false);
    if (!state.empty()) trainer_->optimiser().set_state(state);
  }

  Batch batch(std::uint64_t first) const {
    StagePlan plan;
    plan.batch = 2;
    plan.patch = 32;
    const std::unique_ptr<Dataset> dataset = stage_dataset(config_, stage_, plan);
    Batch out = stack(first, dataset->pairing(), {dataset->sample(first), dataset->sample(first + 1)});
    fill(out.weight, 1);
    out.kept = 2;
    return out;
  }
  StepResult step(const Batch& samples, double rate = 1e-4) { return trainer_->step(samples, rate); }
  StepResult step(std::uint64_t first, double rate = 1e-4) { return step(batch(first), rate); }

  /// Weights, statistics and moments, on the CPU.
  Tensors everything() const {
    Tensors out;
    for (const std::string& name : model_->networks())
      for (const auto& list : {model_->network(name).parameters(name), model_->network(name).buffers(name)})
        for (const NamedVariable& named : list) out[named.name] = named.variable.value().to(Device::cpu()).clone();
    for (const auto& [name, tensor] : trainer_->optimiser().state())
      if (name != "adam.control") out[name] = tensor.to(Device::cpu()).clone();
    return out;
  }
  Model& model() { return *model_; }
  const StageTrainer& trainer() const { return *trainer_; }

 private:
  const TrainConfig& config_;
  Device device_;
  const Stage& stage_;
  std::unique_ptr<Model> model_;
  std::unique_ptr<Vgg16Features> vgg_;
  std::unique_ptr<StageTrainer> trainer_;
};

class GpuTrain : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string reason = cuda_unavailable_reason(); !reason.empty()) GTEST_SKIP() << reason;
  }
  static void expect_same(const Tensors& a, const Tensors& b) {
    ASSERT_EQ(a.size(), b.size());
    for (const auto& [name, tensor] : a) EXPECT_TRUE(same_bits(tensor, b.at(name))) << name;
  }

  TrainConfig config_ = training_of(tiny_training());
};

// The first loss is the same function. Then Adam turns gradients near 0, which are rounding errors, into whole steps.
TEST_F(GpuTrain, EveryStageGoesTheWayOfTheCpu) {
  for (const Stage& stage : all_stages()) {
    SCOPED_TRACE(stage.name);
    const TrainConfig config = with_family(config_, stage.family);
    Training cpu(config, std::string(stage.name), Device::cpu()), gpu(config, std::string(stage.name), Device::cuda());
    for (std::uint64_t i = 0; i < 10; ++i) {
      const StepResult expected = cpu.step(2 * i, 1e-5), found = gpu.step(2 * i, 1e-5);
      EXPECT_FALSE(found.skipped);
      EXPECT_NEAR(found.loss, expected.loss, (i == 0 ? 1e-4 : 1e-2) * expected.loss + 1e-9) << "step " << i;
      ASSERT_EQ(found.terms.size(), expected.terms.size());
    }
    EXPECT_EQ(gpu.trainer().recorder().refusal(), "");
  }
}

TEST_F(GpuTrain, ARecordedStepGivesTheBitsOfAnOrdinaryOne) {
  for (const DType precision : {DType::f32, DType::bf16}) {
    config_.precision = precision;
    config_.adam.ema_decay = 0.9;
    for (const Stage& stage : all_stages()) {
      SCOPED_TRACE(testing::Message() << stage.name << " " << name_of(precision));
      const std::string name(stage.name);
      const TrainConfig config = with_family(config_, stage.family);
      Training recorded(config, name, Device::cuda()), ordinary(config, name, Device::cuda());
      for (std::uint64_t i = 0; i < 6; ++i) {
        const double rate = 1e-4 / static_cast<double>(i + 1);
        const StepResult a = recorded.step(2 * i, rate), b = ordinary.step(2 * i, rate);
        EXPECT_EQ(a.loss, b.loss);
        EXPECT_EQ(a.terms, b.terms);
        EXPECT_EQ(a.gradient_norm, b.gradient_norm);
        ordinary.renew();
      }
      EXPECT_EQ(recorded.trainer().recorder().refusal(), "");
      EXPECT_EQ(recorded.trainer().recorder().recorded(), 1u);
      EXPECT_EQ(ordinary.trainer().recorder().recorded(), 0u);
      expect_same(recorded.everything(), ordinary.everything());
    }
  }
}

/// Validation derives packed weights from those that train, and they must not be seen by a recorded step, nor may the
/// next validation see them.
TEST_F(GpuTrain, ValidationBetweenRecordedStepsSeesTheWeightsAndChangesNothing) {
  Training looked_at(config_, "finetune", Device::cuda()), alone(config_, "finetune", Device::cuda());
  const Validation validation(*validation_dataset(config_), 1);
  double before = validation.run(looked_at.model()).log_rmse;
  for (std::uint64_t i = 0; i < 6; ++i) {
    looked_at.step(2 * i, 1e-2);
    alone.step(2 * i, 1e-2);
    const double now = validation.run(looked_at.model()).log_rmse;
    EXPECT_NE(now, before) << "step " << i;
    before = now;
  }
  expect_same(looked_at.everything(), alone.everything());
}

TEST_F(GpuTrain, WhatIsNotFiniteChangesNothing) {
  for (const char* stage : {"dnm-joint", "itnet-joint", "finetune"}) {
    SCOPED_TRACE(stage);
    Training training(config_, stage, Device::cuda());
    for (std::uint64_t i = 0; i < 6; ++i) {
      EXPECT_FALSE(training.step(2 * i).skipped);
      const Tensors before = training.everything();
      Batch bad = training.batch(2 * i);
      bad.hdr.mutable_data<float>()[7] = std::numeric_limits<float>::quiet_NaN();
      bad.clipped.mutable_data<float>()[7] = std::numeric_limits<float>::quiet_NaN();
      const StepResult result = training.step(bad);
      EXPECT_TRUE(result.skipped);
      EXPECT_FALSE(result.finite);
      expect_same(training.everything(), before);
    }
    EXPECT_EQ(training.trainer().recorder().recorded(), 1u);
  }
}

TEST_F(GpuTrain, MixedPrecisionLearns) {
  config_.precision = DType::bf16;
  Training training(config_, "finetune", Device::cuda());
  const double first = training.step(0, 1e-3).loss;
  double last = first;
  for (int i = 0; i < 200; ++i) last = training.step(0, 1e-3).loss;
  EXPECT_LT(last, 0.7 * first);
}

TEST_F(GpuTrain, BatchesArriveAsTheyLeft) {
  StagePlan plan;
  plan.stage = "finetune";
  plan.batch = 2;
  plan.patch = 64;
  const std::unique_ptr<Dataset> dataset = stage_dataset(config_, stage_named(plan.stage), plan);
  Loader loader(*dataset, 2, 0, 2), same_loader(*dataset, 2, 0, 2);
  Feed feed(loader, Device::cuda(), 12);
  for (int i = 0; i < 12; ++i) {
    const Batch found = feed.next(), expected = same_loader.next();
    if (i % 3 != 0) feed.prefetch();
    EXPECT_TRUE(same_bits(found.ldr.to(Device::cpu()), expected.ldr));
    EXPECT_TRUE(same_bits(found.hdr.to(Device::cpu()), expected.hdr));
    EXPECT_TRUE(same_bits(found.encoded.to(Device::cpu()), expected.encoded));
    EXPECT_TRUE(same_bits(found.clipped.to(Device::cpu()), expected.clipped));
    EXPECT_TRUE(same_bits(found.weight.to(Device::cpu()), expected.weight));
    EXPECT_EQ(found.kept, expected.kept);
  }
}

}  // namespace
}  // namespace duhdr
