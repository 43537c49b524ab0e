// SPDX-License-Identifier: Apache-2.0
#include "infer/chain_run.h"

#include <algorithm>

#include "kernels/layout.h"
#include "models/padding.h"
#include "tensor/allocator.h"

namespace duhdr {
namespace {

constexpr double least_work = 1;  // FLOP of a chain that has none to count

Rect scaled(const Rect& rect, std::int64_t divisor) {
  return {rect.top / divisor, rect.left / divisor, rect.height / divisor, rect.width / divisor};
}

Variable cut(const Variable& image, const Rect& rect) {
  if (rect.height == image.shape().h() && rect.width == image.shape().w()) return image;
  return crop(image, rect.top, rect.left, rect.height, rect.width);
}

}  // namespace

ChainRun::ChainRun(const Chain& chain, const std::map<std::string, Footprint>& footprints, const EngineOptions& options,
                   const Progress& progress)
    : chain_(chain), footprints_(footprints), options_(options), progress_(progress), scales_{{chain.source, 1}} {
  for (const Pass& pass : chain.passes) {
    scales_[pass.output] = footprints.at(pass.name).scale;
    for (const Pass& part : pass.parts) scales_[part.output] = footprints.at(part.name).scale;
  }
}

void ChainRun::tell(const std::string& pass, double done) const {
  if (progress_) progress_(pass, done);
}

Engine::Result ChainRun::run(const Tensor& picture) {
  picture_ = picture.shape();
  values_[chain_.source] = pad_to_multiple(Variable(picture), chain_.alignment);
  padded_ = values_.at(chain_.source).shape();
  double total = least_work, done = 0;
  blanks_ = blanks_of(chain_, padded_, [&](const Pass& pass, const Need& need) { work_[pass.name] = need.flop; });
  for (const Pass& pass : chain_.passes) total += work_.at(pass.name);
  for (std::size_t i = 0; i < chain_.passes.size(); ++i) {
    const Pass& pass = chain_.passes[i];
    const double begin = done;
    done += work_.at(pass.name);
    run_pass(pass, {begin / total, done / total});
    if (pass.output == chain_.mask) mask_ = values_.at(chain_.mask).value().to_vector<float>();
    release_values(i + 1);
  }
  if (!mask_.empty()) {
    std::int64_t clipped = 0;
    for (std::int64_t y = 0; y < picture_.h(); ++y)
      for (std::int64_t x = 0; x < picture_.w(); ++x)
        clipped += mask_[static_cast<std::size_t>(y * padded_.w() + x)] > 0 ? 1 : 0;
    result_.clipped = static_cast<double>(clipped) / static_cast<double>(picture_.h() * picture_.w());
  }
  result_.pixels = cut(values_.at(chain_.result), {0, 0, picture_.h(), picture_.w()}).value().to(Device::cpu());
  tell("done", 1);
  return std::move(result_);
}

/// Drops what no later pass reads.
void ChainRun::release_values(std::size_t passes_done) {
  std::set<std::string> needed{chain_.result};
  for (std::size_t i = passes_done; i < chain_.passes.size(); ++i) {
    for (const Pass::Input& input : chain_.passes[i].inputs) needed.insert(input.name);
    needed.insert(chain_.passes[i].otherwise);
  }
  std::erase_if(values_, [&](const auto& entry) { return !needed.contains(entry.first); });
}

void ChainRun::run_pass(const Pass& pass, Share share) {
  const Footprint& footprint = footprints_.at(pass.name);
  tell(pass.name, share.begin);
  if (!footprint.global) return run_tiles(pass, core_for(pass), share);
  if (pass.parts.empty()) return run_whole(pass);
  if (core_for(pass) == EngineOptions::whole && fits_after_all([&] { run_whole(pass); })) return;
  double total = least_work, done = 0;
  for (const Pass& part : pass.parts) total += work_.at(part.name);
  const double width = share.end - share.begin;
  for (const Pass& part : pass.parts) {
    const double begin = done;
    done += work_.at(part.name);
    run_pass(part, {share.begin + width * begin / total, share.begin + width * done / total});
  }
}

/// Runs `work`, which a dry run found to fit. False: there was no memory after all, and smaller pieces may be tried.
bool ChainRun::fits_after_all(const std::function<void()>& work) const {
  try {
    work();
    return true;
  } catch (const Error& error) {
    if (error.code() != ExitCode::out_of_memory || options_.tile >= 0) throw;
  }
  allocator_of(options_.device).trim();
  return false;
}

void ChainRun::run_whole(const Pass& pass) {
  std::vector<Variable> whole = inputs_of(pass, values_);
  for (std::size_t i = 0; i < whole.size(); ++i)
    if (!pass.inputs[i].padded) whole[i] = cut(whole[i], {0, 0, picture_.h(), picture_.w()});
  values_[pass.output] = pass.run(whole);
}

/// What a tile reads; blanks for a dry run.
std::vector<Variable> ChainRun::inputs(const Pass& pass, const Rect& rect, Device where) const {
  std::vector<Variable> list;
  for (const Pass::Input& input : pass.inputs) {
    Blank blank = blanks_.at(input.name);
    const std::int64_t scale = scales_.at(input.name);
    const bool is_image = scale > 0;
    const Rect part = is_image ? scaled(rect, scale) : rect;
    if (where.is_meta()) {
      if (is_image) blank.shape = Shape{1, part.height, part.width, blank.shape.c()};
      list.push_back(on_meta(blank));
    } else {
      list.push_back(is_image ? cut(values_.at(input.name), part) : values_.at(input.name));
    }
  }
  return list;
}

bool ChainRun::is_left_out(const Pass& pass, const Rect& core) const {
  if (pass.only_where.empty()) return false;
  DUHDR_CHECK(pass.only_where == chain_.mask, "pass ", pass.name, " asks for the mask ", pass.only_where);
  for (std::int64_t y = core.top; y < core.top + core.height; ++y) {
    const auto row = mask_.begin() + y * padded_.w() + core.left;
    if (std::any_of(row, row + core.width, [](float value) { return value > 0; })) return false;
  }
  return true;
}

void ChainRun::run_tiles(const Pass& pass, std::int64_t core, Share share) {
  const Footprint& footprint = footprints_.at(pass.name);
  const Blank& blank = blanks_.at(pass.output);
  std::vector<Tile> tiles;
  Tensor out;
  const auto cut_into_tiles = [&] {
    tiles = make_tiles(padded_.h(), padded_.w(), core, footprint.halo(), footprint.align);
    if (tiles.size() > 1 && !out.defined()) out = Tensor(blank.shape, blank.dtype, options_.device);
  };
  cut_into_tiles();
  std::size_t done = 0, computed = 0;
  while (done < tiles.size()) {
    const Tile& tile = tiles[done];
    tell(pass.name,
         share.begin + (share.end - share.begin) * static_cast<double>(done) / static_cast<double>(tiles.size()));
    const Rect to = scaled(tile.core, footprint.scale), from = scaled(tile.input, footprint.scale);
    Variable part;
    const auto run_tile = [&] {
      if (is_left_out(pass, tile.core)) {
        part = cut(values_.at(pass.otherwise), to);
      } else {
        const Variable result = pass.run(inputs(pass, tile.input, options_.device));
        part = cut(result, {to.top - from.top, to.left - from.left, to.height, to.width});
        ++computed;
      }
    };
    if (core == smallest_core) {
      run_tile();
    } else if (!fits_after_all(run_tile)) {  // start the pass again: every tile gives the same bits at any size
      const std::int64_t side = core == EngineOptions::whole ? std::max(padded_.h(), padded_.w()) : core;
      core = std::max(smallest_core, side / 2);
      cut_into_tiles();
      done = computed = 0;
      continue;
    }
    if (tiles.size() == 1)
      out = part.value();
    else
      paste(out, to.top, to.left, part.value());
    ++done;
  }
  values_[pass.output] = Variable(out);
  if (pass.only_where.empty()) return;
  result_.tiles += static_cast<std::int64_t>(tiles.size());
  result_.computed += static_cast<std::int64_t>(computed);
}

}  // namespace duhdr
