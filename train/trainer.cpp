// SPDX-License-Identifier: Apache-2.0
#include "train/trainer.h"

namespace duhdr {
namespace {

const Stage& prepared(const Stage& stage, Model& model, bool running_statistics) {
  prepare(stage, model, running_statistics);
  return stage;
}

/// Which fields a batch has, and of which shapes.
std::string layout_of(const Batch& batch) {
  std::string text;
  for (const Tensor* field : {&batch.ldr, &batch.encoded, &batch.clipped, &batch.hdr, &batch.inverse_curve})
    text += (field->defined() ? field->shape().text() : "-") + ' ';
  return text;
}

}  // namespace

StageTrainer::StageTrainer(const Stage& stage, Model& model, const Vgg16Features& vgg, const LossOptions& loss,
                           const AdamDesc& adam, bool running_statistics)
    : stage_(prepared(stage, model, running_statistics)),
      model_(model),
      vgg_(vgg),
      loss_(loss),
      optimiser_(trained(false), adam),
      statistics_(trained(true)),
      recorder_(model.parameters().front().variable.device()) {}

std::vector<NamedVariable> StageTrainer::trained(bool buffers) const {
  std::vector<NamedVariable> out;
  for (const std::string_view name : stage_.trained) {
    const Module& network = model_.network(name);
    for (NamedVariable& named : buffers ? network.buffers(std::string(name)) : network.parameters(std::string(name)))
      out.push_back(std::move(named));
  }
  return out;
}

void StageTrainer::learn(Lane& lane) {
  optimiser_.begin();
  Tensor statistics = statistics_.values();
  const Tensor before = statistics.defined() ? statistics.clone() : Tensor();
  const LossTerms terms = stage_.loss({model_, vgg_, loss_}, lane.batch);
  const Variable sum = total(terms);
  optimiser_.forget_derived();
  sum.backward();
  optimiser_.step(sum.value());
  if (before.defined()) optimiser_.undo_if_skipped(statistics, before);

  lane.names.clear();
  const auto tell = [&](const Variable& value) {
    Tensor place = lane.values.range(static_cast<std::int64_t>(lane.names.size()), Shape{1});
    copy(place, value.value());
  };
  for (const LossTerm& term : terms) {
    tell(term.value);
    lane.names.push_back(term.name);
  }
  tell(sum);
}

void StageTrainer::begin_step(const Batch& batch, double learning_rate) {
  begun_ = nullptr;
  if (batch.kept == 0) return;
  const std::string layout = layout_of(batch);
  Lane& lane = lane_of(batch, layout);
  optimiser_.set_learning_rate(learning_rate);
  optimiser_.begin();  // a recorded step does not see what validation has derived from the weights
  recorder_.run(layout, [&] { learn(lane); });
  begun_ = &lane;
}

StepResult StageTrainer::end_step() {
  StepResult result;
  result.skipped = begun_ == nullptr;
  if (!begun_ || begun_->values.device().is_meta()) return result;
  const std::vector<double> values = begun_->values.to_vector<double>();
  for (std::size_t i = 0; i < begun_->names.size(); ++i) result.terms.emplace_back(begun_->names[i], values[i]);
  result.loss = values[begun_->names.size()];
  const Optimiser::Outcome outcome = optimiser_.outcome();
  result.gradient_norm = outcome.gradient_norm;
  result.skipped = outcome.skipped;
  result.finite = !outcome.skipped;
  return result;
}

StepResult StageTrainer::step(const Batch& batch, double learning_rate) {
  begin_step(batch, learning_rate);
  return end_step();
}

/// The lane of this layout, with the batch in it.
StageTrainer::Lane& StageTrainer::lane_of(const Batch& batch, const std::string& layout) {
  const auto [entry, is_new] = lanes_.try_emplace(layout);
  Lane& lane = entry->second;
  if (is_new) {
    const Variable any = model_.parameters().front().variable;
    lane.batch = empty_like(batch, any.device(), any.dtype());
    lane.values = Tensor::zeros(Shape{most_terms + 1}, DType::f64, any.device());
  }
  copy(lane.batch, batch);
  return lane;
}

}  // namespace duhdr
