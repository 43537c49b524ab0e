// SPDX-License-Identifier: Apache-2.0
#include "infer/chain_run.h"

#include <algorithm>

#include "models/padding.h"
#include "tensor/allocator.h"

namespace duhdr {
namespace {

constexpr double least_work = 1;                         // FLOP of a chain that has none to count
constexpr std::size_t kept_free = std::size_t{1} << 30;  // bytes for what comes after a picture: writing it, say

}  // namespace

ChainRun::ChainRun(const Chain& chain, const std::map<std::string, Footprint>& footprints, const EngineOptions& options,
                   const Progress& progress)
    : chain_(chain), footprints_(footprints), options_(options), progress_(progress) {}

void ChainRun::tell(const std::string& what, double flop) const {
  if (progress_) progress_(what, flop / total_work_);
}

void ChainRun::lay_out(const Shape& picture, const Shape& padded) {
  picture_ = picture;
  total_work_ = least_work;
  layout_ = {padded.h(), padded.w(), {}, {{chain_.source, 1}}};
  layout_.blanks = blanks_of(chain_, padded, [&](const Pass& pass, const Need& need) {
    total_work_ += work_[pass.name] = need.flop;
    bytes_[pass.name] = need.bytes;
    for (std::size_t i = 0; i < pass.outputs.size(); ++i)
      layout_.scales[pass.outputs[i]] = footprints_.at(pass.name).scales[i];
  });
}

/// The number after that of the last pass of a group.
std::size_t ChainRun::group_end(std::size_t first) const {
  std::size_t end = first + 1;
  const std::string& group = chain_.passes[first].group;
  while (!group.empty() && end < chain_.passes.size() && chain_.passes[end].group == group) ++end;
  return end;
}

/// What passes from this one on read, and what the result keeps.
std::set<std::string> ChainRun::read_after(std::size_t pass) const {
  std::set<std::string> names = read_from(chain_, pass);
  names.insert(options_.layers.begin(), options_.layers.end());
  return names;
}

Engine::Result ChainRun::run(Tensor picture) {
  const Shape shape = picture.shape();
  Tensor padded = pad_to_multiple(Variable(std::move(picture)), chain_.alignment).value();
  lay_out(shape, padded.shape());
  values_[chain_.source].append(0, std::move(padded));
  for (std::size_t p = 0, end = 0; p < chain_.passes.size(); p = end) {
    end = group_end(p);
    for (std::size_t i = p; i < end; ++i)
      DUHDR_CHECK(end == p + 1 || !footprints_.at(chain_.passes[i].name).global, "pass ", chain_.passes[i].name,
                  " sees the whole image and cannot be one of a group");
    tell(chain_.passes[p].shown_as(), work_done_);
    if (footprints_.at(chain_.passes[p].name).global)
      run_whole(chain_.passes[p]);
    else
      run_tiles(p, end);
    for (std::size_t i = p; i < end; ++i) {
      work_done_ += work_.at(chain_.passes[i].name);
      for (const std::string& output : chain_.passes[i].outputs)
        if (output == chain_.mask) read_mask();
    }
    const std::set<std::string> later = read_after(end);
    std::erase_if(values_, [&](const auto& entry) { return !later.contains(entry.first); });
  }
  const auto taken = [&](const std::string& name) {
    return cut(std::exchange(values_[name], {}).whole(), {0, 0, shape.h(), shape.w()}).to(Device::cpu());
  };
  result_.pixels = taken(chain_.result);
  for (const std::string& layer : options_.layers)
    if (values_.contains(layer)) result_.layers[layer] = taken(layer);
  make_room(kept_free);
  tell("done", total_work_);
  return std::move(result_);
}

void ChainRun::run_whole(const Pass& pass) {
  std::vector<Variable> inputs;
  for (const Pass::Input& input : pass.inputs) {
    Tensor whole = values_.at(input.name).whole();
    if (!input.padded) whole = cut(whole, {0, 0, picture_.h(), picture_.w()});
    inputs.emplace_back(std::move(whole));
  }
  make_room(bytes_.at(pass.name));
  const std::vector<Variable> results = pass.run(inputs);
  for (std::size_t i = 0; i < results.size(); ++i) values_[pass.outputs[i]].append(0, results[i].value());
}

void ChainRun::run_tiles(std::size_t first, std::size_t end) {
  PlanInput input{.passes = std::span(chain_.passes).subspan(first, end - first),
                  .footprints = {},
                  .work = {},
                  .height = layout_.height,
                  .width = layout_.width,
                  .read_later = read_after(end),
                  .is_masked = [this](const Rect& rect) { return is_masked(rect); }};
  input.read_later.insert(chain_.mask);  // by read_mask()
  for (const Pass& pass : input.passes) {
    DUHDR_CHECK(pass.only_where.empty() || pass.only_where == chain_.mask, "pass ", pass.name, " asks for the mask ",
                pass.only_where);
    input.footprints.push_back(footprints_.at(pass.name));
    input.work.push_back(work_.at(pass.name));
  }
  const GroupPlan plan = plan_for(input);
  result_.tiles += plan.cells;
  result_.computed += plan.computed;
  std::vector<double> shares(input.passes.size());
  const auto told = [&](std::size_t pass, double done) {
    shares[pass] = done;
    double flop = work_done_;
    for (std::size_t p = 0; p < shares.size(); ++p) flop += shares[p] * work_.at(input.passes[p].name);
    tell(input.passes[pass].shown_as(), flop);
  };
  GroupRun(input, plan, layout_, values_,
           {.device = options_.device, .splits = options_.tile == EngineOptions::automatic, .told = told})
      .run();
}

void ChainRun::read_mask() {
  const Tensor mask = values_.at(chain_.mask).whole().to(Device::cpu());
  const float* value = mask.data<float>();
  const std::int64_t columns = mask_columns();
  mask_.assign(static_cast<std::size_t>((layout_.height + mask_grain - 1) / mask_grain * columns), 0);
  std::int64_t clipped = 0;
  for (std::int64_t y = 0; y < layout_.height; ++y)
    for (std::int64_t x = 0; x < layout_.width; ++x) {
      if (!(value[y * layout_.width + x] > 0)) continue;
      mask_[static_cast<std::size_t>(y / mask_grain * columns + x / mask_grain)] = 1;
      if (y < picture_.h() && x < picture_.w()) ++clipped;
    }
  result_.clipped = static_cast<double>(clipped) / static_cast<double>(picture_.h() * picture_.w());
}

std::int64_t ChainRun::mask_columns() const { return (layout_.width + mask_grain - 1) / mask_grain; }

/// Of the blocks that the rectangle touches: cells of plans, which ask this again and again, lie on their borders.
bool ChainRun::is_masked(const Rect& rect) const {
  for (std::int64_t y = rect.top / mask_grain; y * mask_grain < rect.bottom(); ++y) {
    const auto row = mask_.begin() + y * mask_columns();
    const auto end = row + (rect.right() + mask_grain - 1) / mask_grain;
    if (std::find(row + rect.left / mask_grain, end, 1) != end) return true;
  }
  return false;
}

}  // namespace duhdr
