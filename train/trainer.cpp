// SPDX-License-Identifier: Apache-2.0
#include "train/trainer.h"

#include <cmath>

namespace duhdr {
namespace {

const Stage& prepared(const Stage& stage, DuHdr& model, bool running_statistics) {
  prepare(stage, model, running_statistics);
  return stage;
}

/// The running statistics of BatchNorm are written in the forward pass: a skipped step puts them back.
class Snapshot {
 public:
  explicit Snapshot(std::vector<NamedVariable> buffers) : buffers_(std::move(buffers)) {
    for (const NamedVariable& buffer : buffers_) values_.push_back(buffer.variable.value().clone());
  }
  void restore() const {
    for (std::size_t i = 0; i < buffers_.size(); ++i) {
      Tensor destination = buffers_[i].variable.value();  // shares storage
      copy(destination, values_[i]);
    }
  }

 private:
  std::vector<NamedVariable> buffers_;
  std::vector<Tensor> values_;
};

}  // namespace

StageTrainer::StageTrainer(const Stage& stage, DuHdr& model, const Vgg16Features& vgg, const LossOptions& loss,
                           const AdamDesc& adam, bool running_statistics)
    : stage_(prepared(stage, model, running_statistics)),
      model_(model),
      vgg_(vgg),
      loss_(loss),
      optimiser_(trained(false), adam) {}

std::vector<NamedVariable> StageTrainer::trained(bool buffers) const {
  std::vector<NamedVariable> out;
  for (const std::string_view name : stage_.trained) {
    const Module& network = model_.network(name);
    for (NamedVariable& named : buffers ? network.buffers(std::string(name)) : network.parameters(std::string(name)))
      out.push_back(std::move(named));
  }
  return out;
}

bool StageTrainer::learn(const StageBatch& batch, double learning_rate, StepResult& result) {
  const LossTerms terms = stage_.loss({model_, vgg_, loss_}, batch);
  const Variable sum = total(terms);
  if (!sum.device().is_meta()) {
    for (const LossTerm& term : terms) result.terms.emplace_back(term.name, term.value.value().item());
    result.loss = sum.value().item();
    if (!std::isfinite(result.loss)) return false;
  }
  sum.backward();
  const Optimiser::Result update = optimiser_.step(learning_rate);
  result.gradient_norm = update.gradient_norm;
  return !update.skipped;
}

StepResult StageTrainer::step(const Batch& batch, double learning_rate) {
  StepResult result;
  if (batch.kept == 0) {
    result.skipped = true;
    return result;
  }
  const Snapshot before(trained(true));
  const Variable& any = model_.parameters().front().variable;
  if (!learn(on_device(batch, any.device(), any.dtype()), learning_rate, result)) {
    result.finite = false;
    result.skipped = true;
    before.restore();
  }
  return result;
}

}  // namespace duhdr
