// SPDX-License-Identifier: Apache-2.0
// How large the tiles of a group's passes are: as large as the memory limit allows.
#include <algorithm>
#include <limits>

#include "infer/chain_run.h"
#include "tensor/allocator.h"

namespace duhdr {
namespace {

constexpr std::int64_t cores[] = {4096, 3072, 2048, 1536, 1024, 768, 512, 384, 256, 192, 128, 64};  // largest first
constexpr std::size_t mebibyte = std::size_t{1} << 20;
constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();
/// Bytes that one tile may take, tried in this order.
constexpr std::size_t shares[] = {unlimited,      1024 * mebibyte, 512 * mebibyte,
                                  256 * mebibyte, 128 * mebibyte,  64 * mebibyte,
                                  32 * mebibyte,  16 * mebibyte,   0};

}  // namespace

/// Bytes of tensors on the device that the values of the chain and the work on them may take.
std::size_t ChainRun::room_for_values() const {
  const CachingAllocator& allocator = allocator_of(options_.device);
  std::size_t others = allocator.stats().in_use;
  for (const auto& [name, value] : values_) others -= std::min(others, value.bytes());
  return allocator.limit() > others ? allocator.limit() - others : 0;
}

/// The largest sum of living tensors: the values that are there already, and all that comes.
std::size_t ChainRun::peak_of(const PlanInput& input, const GroupPlan& plan) const {
  const NoGrad dry;
  CachingAllocator& meta = allocator_of(Device::meta());
  BandedValues twins;
  for (const auto& [name, value] : values_) twins[name] = value.on_meta();
  meta.trim();
  meta.reset_peak();
  GroupRun(input, plan, layout_, twins, {.device = Device::meta()}).run();
  return meta.stats().peak;
}

/// Bytes that the largest tile takes.
std::size_t ChainRun::need_of(const Pass& pass, const Footprint& footprint, std::int64_t core) {
  const auto [entry, is_new] = needs_.try_emplace({pass.name, core});
  if (!is_new) return entry->second;
  std::vector<Variable> inputs;
  const std::int64_t side = core + 2 * footprint.halo();
  for (const Pass::Input& input : pass.inputs) {
    Blank blank = layout_.blanks.at(input.name);
    if (const std::int64_t scale = layout_.scales.at(input.name); scale > 0)
      blank.shape =
          Shape{1, std::min(side, layout_.height) / scale, std::min(side, layout_.width) / scale, blank.shape.c()};
    inputs.push_back(on_meta(blank));
  }
  return entry->second = dry_run(pass, inputs).bytes;
}

std::int64_t ChainRun::core_for(const Pass& pass, const Footprint& footprint, std::size_t bytes) {
  if (bytes == unlimited) return EngineOptions::whole;
  const std::int64_t longest = std::max(layout_.height, layout_.width);
  for (std::int64_t core : cores) {
    core = rounded_up(core, footprint.align);
    if (need_of(pass, footprint, std::min(core, longest)) <= bytes) return core;
  }
  return cores[std::size(cores) - 1];
}

/// The plan with the largest tiles that fits into what the memory limit leaves.
GroupPlan ChainRun::plan_for(const PlanInput& input) {
  const auto with_share = [&](std::size_t bytes) {
    std::vector<std::int64_t> sides;
    for (std::size_t p = 0; p < input.passes.size(); ++p)
      sides.push_back(core_for(input.passes[p], input.footprints[p], bytes));
    return make_plan(input, sides);
  };
  if (options_.tile != EngineOptions::automatic)
    return make_plan(input, std::vector<std::int64_t>(input.passes.size(), options_.tile));
  const std::size_t room = room_for_values();
  for (const std::size_t bytes : shares) {
    GroupPlan plan = with_share(bytes);
    if (bytes == 0 || peak_of(input, plan) <= room) return plan;
  }
  return {};
}

}  // namespace duhdr
