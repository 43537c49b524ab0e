// SPDX-License-Identifier: Apache-2.0
// What a run will take and what it will see, before it begins.
#include "models/precision.h"
#include "tensor/allocator.h"
#include "train/run.h"
#include "train/stage_data.h"
#include "train/trainer.h"

namespace duhdr {
namespace {

Batch meta_batch(const StagePlan& plan, bool with_hdr) {
  const auto tensor = [](Shape shape) { return Tensor(shape, DType::f32, Device::meta()); };
  const Shape images{plan.batch, plan.patch, plan.patch, 3};
  Batch batch;
  batch.kept = plan.batch;
  batch.ldr = tensor(images);
  batch.weight = tensor(Shape{plan.batch, 1, 1, 1});
  if (with_hdr) {
    batch.encoded = tensor(images);
    batch.clipped = tensor(images);
    batch.hdr = tensor(images);
  }
  return batch;
}

}  // namespace

std::vector<StageMemory> memory_plan(const TrainConfig& config) {
  std::vector<StageMemory> plans;
  const ConstructOn nowhere(Device::meta());
  CachingAllocator& allocator = allocator_of(Device::meta());
  for (const StagePlan& plan : config.schedule) {
    allocator.trim();
    allocator.reset_peak();
    const std::unique_ptr<Model> model = make_model(config.model);
    Vgg16Features vgg(config.perceptual.widths);
    model->to(Device::meta());
    set_precision(*model, config.precision);
    set_precision(vgg, config.precision);
    for (NamedVariable& parameter : vgg.parameters()) parameter.variable.set_requires_grad(false);
    const Stage& stage = stage_named(plan.stage);
    StageTrainer trainer(stage, *model, vgg, config.loss, config.adam, plan.running_statistics);
    trainer.step(meta_batch(plan, stage.needs_hdr()), 0);
    plans.push_back({plan.stage, plan.batch, plan.patch, allocator.stats().peak});
  }
  allocator.trim();
  return plans;
}

std::vector<std::string> check_data(const TrainConfig& config) {
  std::vector<std::string> lines;
  const auto look = [&](const std::string& what, const Dataset& dataset) {
    (void)dataset.sample(0);
    lines.push_back(what + ": " + dataset.text());
    for (const std::string& bad : dataset.bad_files().messages) lines.push_back("  not used: " + bad);
  };
  for (const StagePlan& plan : config.schedule) look(plan.stage, *stage_dataset(config, stage_named(plan.stage), plan));
  if (const std::unique_ptr<Dataset> dataset = validation_dataset(config)) look("validation", *dataset);
  return lines;
}

}  // namespace duhdr
