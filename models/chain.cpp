// SPDX-License-Identifier: Apache-2.0
#include "models/chain.h"

#include <algorithm>

#include "kernels/layout.h"
#include "kernels/reach.h"
#include "models/padding.h"

namespace duhdr {
namespace {

bool is_image(const Variable& value) { return value.shape().rank() == 4; }

/// `image` without the padding, if it has the padded picture's size.
Variable unpadded(const Variable& image, const Shape& padded, const Shape& picture) {
  if (padded.h() == picture.h() && padded.w() == picture.w()) return image;
  if (!is_image(image) || image.shape().h() != padded.h() || image.shape().w() != padded.w()) return image;
  return crop(image, 0, 0, picture.h(), picture.w());
}

/// The passes that make something of `wanted`, or of what these read.
std::vector<const Pass*> passes_for(const Chain& chain, std::set<std::string> wanted) {
  std::vector<const Pass*> passes;
  for (auto pass = chain.passes.rbegin(); pass != chain.passes.rend(); ++pass) {
    if (std::none_of(pass->outputs.begin(), pass->outputs.end(), [&](const auto& o) { return wanted.contains(o); }))
      continue;
    for (const Pass::Input& input : pass->inputs) wanted.insert(input.name);
    passes.insert(passes.begin(), &*pass);
  }
  return passes;
}

/// Takes the values out of the map that none of `later` reads.
void drop_unread(Values& values, std::span<const Pass* const> later, const std::set<std::string>& wanted) {
  std::erase_if(values, [&](const auto& entry) {
    return !wanted.contains(entry.first) && std::none_of(later.begin(), later.end(), [&](const Pass* pass) {
      return std::any_of(pass->inputs.begin(), pass->inputs.end(),
                         [&](const Pass::Input& input) { return input.name == entry.first; });
    });
  });
}

std::vector<Variable> inputs_of(const Pass& pass, const Values& values) {
  std::vector<Variable> inputs;
  for (const Pass::Input& input : pass.inputs) {
    const auto found = values.find(input.name);
    DUHDR_CHECK(found != values.end(), "pass ", pass.name, " reads ", input.name, ", which nothing has made");
    inputs.push_back(found->second);
  }
  return inputs;
}

/// What a pass sees, from its layers' own words on a run without memory.
class DryRun {
 public:
  explicit DryRun(const Chain& chain) : chain_(chain) {
    const std::int64_t side = 4 * chain.alignment;  // any size gives the same answer
    values_[chain.source] = Variable(Tensor(Shape{1, side, side, 3}, DType::f32, Device::meta()));
    scales_[chain.source] = 1;
  }

  Footprint footprint_of(const Pass& pass) {
    ReachTrace trace;
    std::vector<Variable> inputs;
    for (const Pass::Input& input : pass.inputs) {
      inputs.push_back(Variable(values_.at(input.name).value()));  // a variable of its own: no trace of earlier passes
      if (scales_.at(input.name) > 0) trace.watch(inputs.back(), scales_.at(input.name));
    }
    const std::vector<Variable> results = pass.run(inputs);
    DUHDR_CHECK(results.size() == pass.outputs.size(), "pass ", pass.name, " makes ", results.size(), " of ",
                pass.outputs.size(), " values");
    Footprint found{.align = trace.coarsest(), .scales = {}};
    for (std::size_t i = 0; i < results.size(); ++i) {
      const Sight sight = trace.of(results[i]);
      found.global |= sight.global;
      found.reach = std::max(found.reach, sight.reach);
      found.scales.push_back(sight.scale);
      values_[pass.outputs[i]] = results[i];
      scales_[pass.outputs[i]] = sight.scale;
    }
    DUHDR_CHECK(found.global || chain_.alignment % trace.coarsest_pixel() == 0, "pass ", pass.name,
                " needs an alignment of ", trace.coarsest_pixel(), ", the chain's is ", chain_.alignment);
    return found;
  }

 private:
  const Chain& chain_;
  Values values_;
  std::map<std::string, std::int64_t> scales_;  // 0: not an image
};

}  // namespace

Values forward(const Chain& chain, const Variable& picture, const std::set<std::string>& wanted) {
  const Shape shape = picture.shape();
  const std::vector<const Pass*> passes = passes_for(chain, wanted);
  Values values{{chain.source, pad_to_multiple(picture, chain.alignment)}};
  const Shape padded = values.at(chain.source).shape();
  for (std::size_t p = 0; p < passes.size(); ++p) {
    const Pass& pass = *passes[p];
    std::vector<Variable> inputs = inputs_of(pass, values);
    drop_unread(values, std::span(passes).subspan(p + 1), wanted);  // what only this pass reads goes as it is used
    for (std::size_t i = 0; i < inputs.size(); ++i)
      if (!pass.inputs[i].padded) inputs[i] = unpadded(inputs[i], padded, shape);
    const std::vector<Variable> results = pass.run(inputs);
    for (std::size_t i = 0; i < results.size(); ++i) values[pass.outputs[i]] = results[i];
  }
  drop_unread(values, {}, wanted);
  for (auto& [name, value] : values) value = unpadded(value, padded, shape);
  return values;
}

Variable forward(const Chain& chain, const Variable& picture) {
  return forward(chain, picture, {chain.result}).at(chain.result);
}

std::map<std::string, Footprint> footprints(const Chain& chain) {
  const NoGrad dry;
  DryRun run(chain);
  std::map<std::string, Footprint> found;
  for (const Pass& pass : chain.passes)
    DUHDR_CHECK(found.emplace(pass.name, run.footprint_of(pass)).second, "two passes are called ", pass.name);
  return found;
}

std::set<std::string> read_from(const Chain& chain, std::size_t first) {
  std::set<std::string> names{chain.result};
  for (const Pass& pass : std::span(chain.passes).subspan(first)) {
    for (const Pass::Input& input : pass.inputs) names.insert(input.name);
    if (!pass.otherwise.empty()) names.insert(pass.otherwise);
  }
  return names;
}

}  // namespace duhdr
