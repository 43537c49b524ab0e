// SPDX-License-Identifier: Apache-2.0
#include "train/stages.h"

#include <algorithm>
#include <array>
#include <limits>

#include "kernels/arithmetic.h"
#include "kernels/camera/curve.h"
#include "kernels/camera/mask.h"
#include "kernels/camera/truncation.h"
#include "kernels/layout.h"
#include "kernels/reduce.h"
#include "models/duhdr/duhdr.h"
#include "models/hdrcnn/hdrcnn_model.h"

namespace duhdr {
namespace {

DuHdr& duhdr(const StageContext& c) { return dynamic_cast<DuHdr&>(c.model); }

LossWeights images(const StageBatch& batch) { return {.image = batch.weight}; }

/// The image through its own curve: Eq. 9 and 10.
Variable mapped(const ResponseNet& net, const Variable& image) { return apply_curve(net(image), image); }

/// I_n and I_clip: known where the data were synthesised, else C(H) and Nnet's picture of it, taken with its running
/// statistics also while Nnet itself trains.
struct Truth {
  Variable encoded, clipped;
};
Variable true_clipped(const StageBatch& batch) {
  return batch.clipped.defined() ? batch.clipped : truncation(batch.hdr);
}
/// The same for the response nets, which may be shown another truncation.
Variable response_clipped(const StageContext& c, const StageBatch& batch) {
  if (c.options.dnm_clipped == ClippedTarget::known) return true_clipped(batch);
  const NoGrad constant;
  return c.options.dnm_clipped == ClippedTarget::process ? truncation(batch.hdr) : clamp(batch.hdr, 0, 1);
}
Truth truth(const StageContext& c, const StageBatch& batch, const Variable& clipped) {
  if (batch.encoded.defined()) return {batch.encoded, clipped};
  const NoGrad constant;
  ResponseNet& nnet = duhdr(c).nnet();
  const bool training = nnet.training();
  nnet.set_training(false);
  const Variable encoded = mapped(nnet, clipped);
  nnet.set_training(training);
  return {encoded, clipped};
}

LossTerms dequantisation_terms(const StageContext& c, const StageBatch& batch, const Variable& estimate,
                               const Truth& target) {
  return {{"encoded", 1, squared_error(estimate, target.encoded, images(batch))},
          {"quantised", c.options.dn_dual, squared_error(quantise(estimate), batch.ldr, images(batch))}};
}

LossTerms dnet_individual(const StageContext& c, const StageBatch& batch) {  // Eq. 4
  return {{"encoded", 1,
           squared_error(duhdr(c).dnet()(batch.ldr), truth(c, batch, true_clipped(batch)).encoded, images(batch))}};
}

LossTerms dnet_joint(const StageContext& c, const StageBatch& batch) {  // Eq. 5
  return dequantisation_terms(c, batch, duhdr(c).dnet()(batch.ldr), truth(c, batch, true_clipped(batch)));
}

LossTerms nnet_individual(const StageContext& c, const StageBatch& batch) {  // Eq. 11
  const Variable x = response_clipped(c, batch);
  const Variable target = batch.encoded.defined() ? batch.encoded : duhdr(c).dnet()(batch.ldr);
  return {{"encoded", 1, squared_error(mapped(duhdr(c).nnet(), x), target, images(batch))}};
}

LossTerms innet_individual(const StageContext& c, const StageBatch& batch) {  // Eq. 12
  const Variable x = batch.encoded.defined() ? batch.encoded : duhdr(c).dnet()(batch.ldr);
  const Variable curve = duhdr(c).innet()(x);
  LossTerms terms{{"clipped", 1,
                   response_loss(apply_curve(curve, x), response_clipped(c, batch), c.options.response, batch.weight)}};
  if (c.options.curve > 0 && batch.inverse_curve.defined()) {
    const Shape row{curve.shape()[0], 1, 1, curve.shape()[1]};
    terms.push_back({"curve", c.options.curve,
                     squared_error(reshape(curve, row), reshape(batch.inverse_curve, row), images(batch))});
  }
  return terms;
}

/// The first two terms of Eq. 13, of what the chain made of a photograph.
LossTerms response_terms(const StageContext& c, const StageBatch& batch, const Values& values, const Variable& target) {
  const Variable encoded = values.at("dequantised"), clipped = values.at("linear");
  const Variable again = mapped(duhdr(c).nnet(), clipped);
  return {{"clipped", 1, response_loss(clipped, target, c.options.response, batch.weight)},
          {"cycle", c.options.dnm_dual, squared_error(again, encoded, images(batch))}};
}

LossTerms responses_joint(const StageContext& c, const StageBatch& batch) {  // Eq. 13, Dnet constant
  const Values values = forward(c.model.to_hdr(), batch.ldr, {"dequantised", "linear"});
  return response_terms(c, batch, values, response_clipped(c, batch));
}

LossTerms dnm_joint(const StageContext& c, const StageBatch& batch) {  // Eq. 13
  const Truth target = truth(c, batch, response_clipped(c, batch));    // before Nnet's running statistics move
  const Values values = forward(c.model.to_hdr(), batch.ldr, {"dequantised", "linear"});
  const Variable encoded = values.at("dequantised");
  LossTerms terms = response_terms(c, batch, values, target.clipped);
  for (LossTerm& term : dequantisation_terms(c, batch, encoded, target)) {
    term.weight *= c.options.dnm_dn;
    terms.push_back(std::move(term));
  }
  return terms;
}

void add_highlights(LossTerms& terms, const StageContext& c, const Variable& estimate, const StageBatch& batch) {
  if (!c.options.highlights.any()) return;
  for (LossTerm& term : highlight_terms(estimate, batch.hdr, c.options.highlights, batch.weight))
    terms.push_back(std::move(term));
}

LossTerms truncation_terms(const StageContext& c, const StageBatch& batch, const Variable& estimate,
                           const Variable& mask) {
  LossTerms terms{{"log", 1, log_loss(estimate, batch.hdr, c.options.log, batch.weight)}};
  if (c.options.perceptual > 0)
    terms.push_back({"perceptual", c.options.perceptual,
                     perceptual_loss(c.vgg, estimate, batch.hdr, mask, c.options.raw_perceptual, batch.weight)});
  if (c.options.total_variation > 0)
    terms.push_back({"tv", c.options.total_variation, total_variation(estimate, batch.weight)});
  add_highlights(terms, c, estimate, batch);
  return terms;
}

Variable itnet_input(const StageContext& c, const StageBatch& batch) {
  if (c.options.itnet_input == ItnetInput::truth) return true_clipped(batch);
  const NoGrad constant;
  return forward(c.model.to_hdr(), batch.ldr, {"linear"}).at("linear");
}

LossTerms itnet_individual(const StageContext& c, const StageBatch& batch) {  // Eq. 16
  const Variable x = itnet_input(c, batch);
  return truncation_terms(c, batch, duhdr(c).itnet()(x), exposure_mask(x, duhdr(c).itnet().alpha()));
}

LossTerms itnet_joint(const StageContext& c, const StageBatch& batch) {  // Eq. 17-19
  const Variable x = itnet_input(c, batch), mask = exposure_mask(x, duhdr(c).itnet().alpha());
  const Variable estimate = duhdr(c).itnet()(x, c.options.itnet_iterations, c.options.literal);
  LossTerms terms = truncation_terms(c, batch, estimate, mask);
  terms.push_back({"normal_area", c.options.itn_dual, normal_area_loss(estimate, batch.hdr, mask, batch.weight)});
  return terms;
}

/// Eq. 24; OOnet alone and the whole chain differ only in what trains.
LossTerms refinement(const StageContext& c, const StageBatch& batch) {
  const Variable result = forward(c.model.to_hdr(), batch.ldr);
  LossTerms terms{{"hdr", 1, refinement_loss(result, batch.hdr, c.options, batch.weight)}};
  add_highlights(terms, c, result, batch);
  return terms;
}

LossTerms dnet_unpaired(const StageContext& c, const StageBatch& batch) {  // Eq. 6
  return {{"quantised", 1, squared_error(quantise(duhdr(c).dnet()(batch.ldr)), batch.ldr, images(batch))}};
}

LossTerms dnm_unpaired(const StageContext& c, const StageBatch& batch) {  // Eq. 14
  const Values values = forward(c.model.to_hdr(), batch.ldr, {"dequantised", "linear"});
  const Variable encoded = values.at("dequantised"), again = mapped(duhdr(c).nnet(), values.at("linear"));
  return {{"cycle", 1, squared_error(again, encoded, images(batch))}};
}

LossTerms itnet_unpaired(const StageContext& c, const StageBatch& batch) {  // Eq. 20
  const Variable x = forward(c.model.to_hdr(), batch.ldr, {"linear"}).at("linear");
  const Variable estimate = duhdr(c).itnet()(x, c.options.itnet_iterations, c.options.literal);
  return {{"clipped", 1, squared_error(truncation(estimate), x, images(batch))}};
}

LossTerms oonet_unpaired(const StageContext& c, const StageBatch& batch) {  // Eq. 25
  const Variable photograph = forward(*c.model.to_ldr(), forward(c.model.to_hdr(), batch.ldr));
  return {{"ldr", 1, squared_error(photograph, batch.ldr, images(batch))}};
}

/// Each image from its least value 0 to its largest value 1; what is all the same becomes 0.
Variable normalised(const Variable& light) {
  const Variable lowest = affine(max_per_image(affine(light, -1, 0)), -1, 0);
  const Variable range = clamp(sub(max_per_image(light), lowest), 1e-12, std::numeric_limits<double>::infinity());
  return div(sub(light, lowest), range);
}

LossTerms expansion(const StageContext& c, const StageBatch& batch) {  // Marnerides et al. 2018
  constexpr double cosine = 5;
  const Variable estimate = forward(c.model.to_hdr(), batch.ldr, {"estimate"}).at("estimate");
  const Variable target = normalised(batch.hdr);
  return {{"absolute", 1, absolute_error(estimate, target, images(batch))},
          {"cosine", cosine, cosine_error(estimate, target, images(batch))}};
}

LossTerms reconstruction(const StageContext& c, const StageBatch& batch) {  // Eilertsen et al. 2017
  return reconstruction_terms(dynamic_cast<const HdrcnnModel&>(c.model).net()(batch.ldr), batch.hdr, batch.weight);
}

const std::array table{
    Stage{"dnet", "duhdr", 1, "dequantisation alone, Eq. 4", {"dnet"}, dnet_individual},
    Stage{"dnet-joint", "duhdr", 1, "dequantisation with the quantiser, Eq. 5", {"dnet"}, dnet_joint},
    Stage{"nnet", "duhdr", 1, "camera response, Eq. 11", {"nnet"}, nnet_individual},
    Stage{"innet", "duhdr", 1, "inverse camera response, Eq. 12", {"innet"}, innet_individual},
    Stage{"responses-joint",
          "duhdr",
          1,
          "both responses, Dnet frozen, Eq. 13 without it",
          {"innet", "nnet"},
          responses_joint},
    Stage{"dnm-joint", "duhdr", 1, "both responses and dequantisation, Eq. 13", {"dnet", "innet", "nnet"}, dnm_joint},
    Stage{"itnet", "duhdr", 1, "highlights alone, Eq. 16", {"itnet"}, itnet_individual},
    Stage{"itnet-joint", "duhdr", 1, "highlights with the truncation, iterated, Eq. 17-19", {"itnet"}, itnet_joint},
    Stage{"oonet", "duhdr", 1, "refinement of the frozen chain, Eq. 24", {"oonet"}, refinement},
    Stage{"finetune", "duhdr", 1, "the whole chain, Eq. 24", {"dnet", "innet", "itnet", "oonet"}, refinement},
    Stage{"dnet-unpaired", "duhdr", 2, "dequantisation from photographs, Eq. 6", {"dnet"}, dnet_unpaired},
    Stage{"dnm-unpaired", "duhdr", 2, "both responses from photographs, Eq. 14", {"innet", "nnet"}, dnm_unpaired},
    Stage{"itnet-unpaired", "duhdr", 2, "highlights from photographs, iterated, Eq. 20", {"itnet"}, itnet_unpaired},
    Stage{"oonet-unpaired", "duhdr", 2, "refinement from photographs, Eq. 25", {"oonet"}, oonet_unpaired},
    Stage{"expandnet", "expandnet", 1, "colour and relative radiance, L1 and cosine", {"expandnet"}, expansion},
    Stage{"hdrcnn", "hdrcnn", 1, "illumination and reflectance of clipped areas", {"hdrcnn"}, reconstruction},
};

}  // namespace

StageBatch empty_like(const Batch& batch, Device device, DType dtype) {
  const auto like = [&](const Tensor& tensor) {
    return tensor.defined() ? Variable(Tensor(tensor.shape(), dtype, device)) : Variable();
  };
  return {like(batch.ldr), like(batch.encoded),       like(batch.clipped),
          like(batch.hdr), like(batch.inverse_curve), Tensor(batch.weight.shape(), DType::f32, device)};
}

void copy(StageBatch& to, const Batch& from) {
  const auto move = [](const Variable& field, const Tensor& tensor) {
    Tensor place = field.defined() ? field.value() : Tensor();  // shares storage
    if (place.defined()) copy(place, tensor);
  };
  move(to.ldr, from.ldr);
  move(to.encoded, from.encoded);
  move(to.clipped, from.clipped);
  move(to.hdr, from.hdr);
  move(to.inverse_curve, from.inverse_curve);
  copy(to.weight, from.weight);
}

std::span<const Stage> all_stages() { return table; }

const Stage& stage_named(std::string_view name) {
  const auto found = std::find_if(table.begin(), table.end(), [&](const Stage& stage) { return stage.name == name; });
  if (found != table.end()) return *found;
  std::string known;
  for (const Stage& stage : table) known += (known.empty() ? "" : ", ") + std::string(stage.name);
  throw Error(ExitCode::usage, message("no training stage \"", escaped(name), "\" (", known, ")"));
}

void prepare(const Stage& stage, Model& model, bool running_statistics) {
  if (stage.family != model.family())
    throw Error(ExitCode::usage, message("training stage \"", stage.name, "\" is for models of the family ",
                                         stage.family, ", not ", model.family()));
  for (const std::string& name : model.networks()) {
    const bool trained = std::find(stage.trained.begin(), stage.trained.end(), name) != stage.trained.end();
    Module& network = model.network(name);
    network.set_training(trained && !running_statistics);
    for (NamedVariable& parameter : network.parameters()) {
      parameter.variable.zero_grad();
      parameter.variable.set_requires_grad(trained);
    }
  }
}

}  // namespace duhdr
