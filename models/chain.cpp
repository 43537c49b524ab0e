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

/// The names that `wanted` depends on.
std::set<std::string> needed_for(const Chain& chain, std::set<std::string> wanted) {
  for (auto pass = chain.passes.rbegin(); pass != chain.passes.rend(); ++pass)
    if (wanted.contains(pass->output))
      for (const Pass::Input& input : pass->inputs) wanted.insert(input.name);
  return wanted;
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
    const Variable result = pass.run(inputs);
    const Sight sight = trace.of(result);
    const Footprint found{sight.global, sight.reach, trace.coarsest(), sight.scale};
    DUHDR_CHECK(found.global || chain_.alignment % trace.coarsest_pixel() == 0, "pass ", pass.name,
                " needs an alignment of ", trace.coarsest_pixel(), ", the chain's is ", chain_.alignment);
    values_[pass.output] = result;
    scales_[pass.output] = found.scale;
    return found;
  }

 private:
  const Chain& chain_;
  Values values_;
  std::map<std::string, std::int64_t> scales_;  // 0: not an image
};

}  // namespace

std::vector<Variable> inputs_of(const Pass& pass, const Values& values) {
  std::vector<Variable> inputs;
  for (const Pass::Input& input : pass.inputs) {
    const auto found = values.find(input.name);
    DUHDR_CHECK(found != values.end(), "pass ", pass.name, " reads ", input.name, ", which nothing has made");
    inputs.push_back(found->second);
  }
  return inputs;
}

Values forward(const Chain& chain, const Variable& picture, const std::set<std::string>& wanted) {
  const Shape shape = picture.shape();
  const std::set<std::string> needed = needed_for(chain, wanted);
  Values values{{chain.source, pad_to_multiple(picture, chain.alignment)}};
  const Shape padded = values.at(chain.source).shape();
  for (const Pass& pass : chain.passes) {
    if (!needed.contains(pass.output)) continue;
    std::vector<Variable> inputs = inputs_of(pass, values);
    for (std::size_t i = 0; i < inputs.size(); ++i)
      if (!pass.inputs[i].padded) inputs[i] = unpadded(inputs[i], padded, shape);
    values[pass.output] = pass.run(inputs);
  }
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
  const auto add = [&](const Pass& pass) {
    DUHDR_CHECK(found.emplace(pass.name, run.footprint_of(pass)).second, "two passes are called ", pass.name);
  };
  for (const Pass& pass : chain.passes) {
    add(pass);
    for (const Pass& part : pass.parts) add(part);
  }
  return found;
}

}  // namespace duhdr
