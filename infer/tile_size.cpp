// SPDX-License-Identifier: Apache-2.0
// How large the tiles of a group's passes are: little work first, then little memory.
#include <algorithm>
#include <limits>

#include "infer/chain_run.h"
#include "tensor/allocator.h"

namespace duhdr {
namespace {

constexpr std::int64_t cores[] = {4096, 3072, 2048, 1536, 1024, 768, 512, 384, 256, 192, 128, 64};  // largest first
constexpr std::int64_t stages[] = {EngineOptions::whole, 1024, 512, 384, 256};                      // heights
constexpr std::size_t mebibyte = std::size_t{1} << 20, gibibyte = std::size_t{1} << 30;
constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();
/// Bytes that one tile may take.
constexpr std::size_t shares[] = {unlimited,      1024 * mebibyte, 512 * mebibyte,
                                  256 * mebibyte, 128 * mebibyte,  64 * mebibyte,
                                  32 * mebibyte,  16 * mebibyte,   0};

/// On the CPU, where other programs live in the same memory, values and work on them stay below this as long as that
/// costs hardly any work.
constexpr std::size_t modest = gibibyte * 3 / 4;
constexpr double hardly_more = 1.1;

}  // namespace

/// Bytes on the device that are not those of the chain's values: weights, what the caller holds.
std::size_t ChainRun::bytes_of_others() const {
  std::size_t others = allocator_of(options_.device).stats().in_use;
  for (const auto& [name, value] : values_) others -= std::min(others, value.bytes());
  return others;
}

/// Before something that takes `bytes`, values included: gives cached memory back where both would be immodest.
void ChainRun::make_room(std::size_t bytes) const {
  CachingAllocator& allocator = allocator_of(options_.device);
  const MemoryStats stats = allocator.stats();
  if (options_.device.is_cpu() && stats.reserved - stats.in_use + bytes > modest) allocator.trim();
}

/// Whether the values that are there and all that comes need no more than `room` bytes at any time.
bool ChainRun::fits(const PlanInput& input, const GroupPlan& plan, std::size_t room) const {
  const NoGrad dry;
  CachingAllocator& meta = allocator_of(Device::meta());
  meta.trim();
  const MemoryLimit limit(meta, meta.stats().reserved + std::max<std::size_t>(room, 1));
  try {
    BandedValues twins;
    for (const auto& [name, value] : values_) twins[name] = value.on_meta();
    GroupRun(input, plan, layout_, twins, {.device = Device::meta()}).run();
    return true;
  } catch (const Error& error) {
    if (error.code() != ExitCode::out_of_memory) throw;
    return false;
  }
}

/// Bytes that the largest tile takes.
std::size_t ChainRun::need_of(const Pass& pass, const Footprint& footprint, std::int64_t core) {
  const auto [entry, is_new] = needs_.try_emplace({pass.name, core});
  if (!is_new) return entry->second;
  allocator_of(Device::meta()).trim();  // or the inputs would lie in a block of the tile before
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

/// The side of the largest core whose tile takes at most so many bytes.
std::int64_t ChainRun::core_for(const Pass& pass, const Footprint& footprint, std::size_t bytes) {
  if (bytes == unlimited) return EngineOptions::whole;
  const std::int64_t longest = std::max(layout_.height, layout_.width);
  for (const std::int64_t core : cores) {
    const std::int64_t side = rounded_up(core, footprint.align);
    if (need_of(pass, footprint, std::min(side, longest)) <= bytes) return side;
  }
  return cores[std::size(cores) - 1];
}

/// Plans from least to most work. Large tiles have little halo; low stages let the passes hand on small windows.
std::vector<GroupPlan> ChainRun::plans(const PlanInput& input) {
  std::vector<GroupPlan> list;
  for (const std::size_t bytes : shares) {
    std::vector<std::int64_t> sides;
    for (std::size_t p = 0; p < input.passes.size(); ++p)
      sides.push_back(core_for(input.passes[p], input.footprints[p], bytes));
    for (const std::int64_t stage : stages)
      if (stage < layout_.height) list.push_back(make_plan(input, stage, sides));
  }
  std::stable_sort(list.begin(), list.end(), [](const GroupPlan& a, const GroupPlan& b) { return a.work < b.work; });
  return list;
}

/// The plan with the least work among those that fit: into modest memory, or into a little more and so on as long as
/// that saves much work, or into all that the memory limit leaves.
GroupPlan ChainRun::plan_for(const PlanInput& input) {
  if (options_.tile != EngineOptions::automatic)
    return make_plan(input, options_.tile, std::vector<std::int64_t>(input.passes.size(), options_.tile));
  const std::vector<GroupPlan> candidates = plans(input);
  const std::size_t limit = allocator_of(options_.device).limit(), others = bytes_of_others();
  const std::size_t room = (limit > others ? limit - others : 0) / 8 * 7;  // the rest: gaps between living blocks
  const auto first_within = [&](std::size_t bytes, double most_work) -> const GroupPlan* {
    for (const GroupPlan& plan : candidates)
      if (plan.work <= most_work && fits(input, plan, bytes)) return &plan;
    return nullptr;
  };
  if (options_.device.is_cpu() && options_.max_memory == 0)
    for (std::size_t bytes = modest; bytes < room; bytes += bytes / 16)
      if (const GroupPlan* plan = first_within(bytes, hardly_more * candidates.front().work)) return *plan;
  const GroupPlan* plan = first_within(room, std::numeric_limits<double>::infinity());
  return plan ? *plan : candidates.back();
}

}  // namespace duhdr
