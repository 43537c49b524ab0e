// SPDX-License-Identifier: Apache-2.0
#include "infer/engine.h"

#include <algorithm>

#include "infer/tiles.h"
#include "kernels/camera/curve.h"
#include "kernels/camera/mask.h"
#include "kernels/execution.h"
#include "kernels/layout.h"
#include "kernels/op_counter.h"
#include "models/duhdr/camera.h"
#include "tensor/allocator.h"

namespace duhdr {
namespace {

constexpr std::int64_t smallest_core = 64;
constexpr std::size_t gibibyte = std::size_t{1} << 30;

Variable cut(const Tensor& image, const Rect& rect) {
  if (rect.height == image.shape().h() && rect.width == image.shape().w()) return Variable(image);
  return crop(Variable(image), rect.top, rect.left, rect.height, rect.width);
}

/// The part of an image that a tile reads; on `meta` for a dry run.
Variable at(const Tensor& image, const Rect& rect, Device where) {
  if (!where.is_meta()) return cut(image, rect);
  return Variable(Tensor(Shape{1, rect.height, rect.width, image.shape().c()}, image.dtype(), where));
}

Tensor like(const Tensor& image, std::int64_t channels) {
  return Tensor(image.shape().with(3, channels), DType::f32, image.device());
}

Rect scaled(const Rect& rect, std::int64_t divisor) {
  return {rect.top / divisor, rect.left / divisor, rect.height / divisor, rect.width / divisor};
}

}  // namespace

/// One pass over the image by tiles. `run` makes the result of a tile's input rectangle, at 1/scale of its size.
struct Engine::Stage {
  std::string name;
  std::int64_t halo;
  std::int64_t scale = 1;
  double begin, end;  // share of the whole work before and after it
  std::function<Tensor(const Rect& input, Device device)> run;
  std::function<bool(const Tile&, Tensor& out)> skip = {};  // true: the tile is done without computing
};

Engine::Engine(std::unique_ptr<DuHdr> model, const EngineOptions& options)
    : model_(std::move(model)), options_(options) {
  model_->set_precision(options.precision);
  model_->to(options.device);
  model_->freeze();
}

/// Bytes of tensors that an image may take: a share of what is free. On the CPU, where other programs live in the same
/// memory, no more than 4 GiB, or what the whole-image tensors of a very large picture take.
std::size_t Engine::budget(std::size_t image_bytes) const {
  if (options_.max_memory != 0) return options_.max_memory;
  const MemoryStats stats = allocator_of(options_.device).stats();
  const std::size_t free_share = (info_of(options_.device).available + stats.reserved) / 10 * 8;
  if (options_.device.is_cuda()) return free_share;
  return std::min(free_share, std::max(4 * gibibyte, stats.in_use + 10 * image_bytes));
}

/// The largest tile whose dry run fits into what the budget leaves.
std::int64_t Engine::core_for(const Stage& stage, std::int64_t h, std::int64_t w) const {
  if (options_.tile >= 0) return options_.tile;
  const std::size_t in_use = allocator_of(options_.device).stats().in_use;
  const std::size_t limit = allocator_of(options_.device).limit();
  const std::size_t room = limit > in_use ? limit - in_use : 0;
  CachingAllocator& meta = allocator_of(Device::meta());
  const auto need = [&](std::int64_t core) {
    std::size_t largest = 0;
    for (const Tile& tile : make_tiles(h, w, core, stage.halo, DuHdr::alignment)) {
      meta.trim();
      meta.reset_peak();
      (void)stage.run(tile.input, Device::meta());
      largest = std::max(largest, meta.stats().peak);
      if (largest > room) break;
    }
    return largest;
  };
  if (need(EngineOptions::whole) <= room) return EngineOptions::whole;
  for (const std::int64_t core : {3072, 2048, 1536, 1024, 768, 512, 384, 256, 192, 128})
    if (core < std::max(h, w) && need(core) <= room) return core;
  return smallest_core;
}

void Engine::run_tiles(const Stage& stage, std::int64_t h, std::int64_t w, Tensor& out, const Progress& progress,
                       HdrResult& result) {
  std::int64_t core = core_for(stage, h, w);
  std::size_t done = 0;
  std::vector<Tile> tiles = make_tiles(h, w, core, stage.halo, DuHdr::alignment);
  while (done < tiles.size()) {
    const Tile& tile = tiles[done];
    if (progress)
      progress(stage.name,
               stage.begin + (stage.end - stage.begin) * static_cast<double>(done) / static_cast<double>(tiles.size()));
    if (stage.skip && stage.skip(tile, out)) {
      ++done;
      continue;
    }
    try {
      const Tensor part = stage.run(tile.input, options_.device);
      const Rect to = scaled(tile.core, stage.scale), from = scaled(tile.input, stage.scale);
      paste(out, to.top, to.left, cut(part, {to.top - from.top, to.left - from.left, to.height, to.width}).value());
      ++result.computed;
      ++done;
    } catch (const Error& error) {
      if (error.code() != ExitCode::out_of_memory || core == smallest_core || options_.tile >= 0) throw;
      allocator_of(options_.device).trim();
      const std::int64_t side = core == EngineOptions::whole ? std::max(h, w) : core;
      core = std::max(smallest_core, side / 2);  // start the pass again: every tile gives the same bits at any size
      tiles = make_tiles(h, w, core, stage.halo, DuHdr::alignment);
      done = 0;
    }
  }
  result.tiles += static_cast<std::int64_t>(tiles.size());
}

Engine::HdrResult Engine::ldr_to_hdr(const Tensor& image, const Progress& progress) {
  const NoGrad inference;
  const ExecutionScope tiled({.size_independent = true});
  const Device device = options_.device;
  CachingAllocator& allocator = allocator_of(device);
  if (image.shape() != last_shape_) allocator.trim();  // blocks of another size would only fill the memory
  last_shape_ = image.shape();
  allocator.set_limit(budget(image.bytes()));
  allocator.reset_peak();
  const std::int64_t true_h = image.shape().h(), true_w = image.shape().w();
  const Tensor padded = pad_to_multiple(Variable(image.to(device)), DuHdr::alignment).value();
  const std::int64_t h = padded.shape().h(), w = padded.shape().w();
  const auto cropped = [&](const Tensor& whole) { return crop(Variable(whole), 0, 0, true_h, true_w); };
  HdrResult unused, result;

  Tensor dequantised = like(padded, 3);
  run_tiles({.name = "Dnet",
             .halo = Dnet::halo,
             .begin = 0,
             .end = 0.09,
             .run = [&](const Rect& rect, Device where) { return model_->dnet()(at(padded, rect, where)).value(); }},
            h, w, dequantised, progress, unused);

  if (progress) progress("INnet", 0.09);
  const Variable curve = model_->innet()(cropped(dequantised));
  const Tensor linear = apply_curve(curve, Variable(dequantised)).value();

  const std::vector<float> mask = exposure_mask(Variable(linear), model_->itnet().alpha()).value().to_vector<float>();
  const auto any_clipped = [&](const Rect& rect) {
    for (std::int64_t y = rect.top; y < rect.top + rect.height; ++y)
      for (std::int64_t x = rect.left; x < rect.left + rect.width; ++x)
        if (mask[static_cast<std::size_t>(y * w + x)] > 0) return true;
    return false;
  };
  Tensor hdr = like(padded, 3);
  run_tiles({.name = "ITnet",
             .halo = ITnet::halo * model_->config().itnet_iterations,
             .begin = 0.2,
             .end = 0.9,
             .run =
                 [&](const Rect& rect, Device where) {
                   return model_->itnet()(at(linear, rect, where), model_->config().itnet_iterations).value();
                 },
             .skip =
                 [&](const Tile& tile, Tensor& out) {
                   if (any_clipped(tile.core)) return false;
                   paste(out, tile.core.top, tile.core.left, cut(linear, tile.core).value());  // x + 0 * residual
                   return true;
                 }},
            h, w, hdr, progress, result);
  std::int64_t clipped = 0;
  for (std::int64_t y = 0; y < true_h; ++y)
    for (std::int64_t x = 0; x < true_w; ++x) clipped += mask[static_cast<std::size_t>(y * w + x)] > 0;
  result.clipped = static_cast<double>(clipped) / static_cast<double>(true_h * true_w);

  const Tensor refined = refine(hdr, linear, dequantised, progress);
  result.pixels = cropped(refined).value().to(Device::cpu());
  result.peak_memory = allocator.stats().peak;
  allocator.set_limit(options_.max_memory);
  if (progress) progress("done", 1);
  return result;
}

/// OOnet. By tiles it takes three steps: every tile's last level, the bottleneck of the whole image, every tile's way
/// up (which makes the tile's skips again: keeping them for the whole image would cost more than the rest together).
Tensor Engine::refine(const Tensor& hdr, const Tensor& linear, const Tensor& dequantised, const Progress& progress) {
  const OOnet& oonet = model_->oonet();
  const std::int64_t h = hdr.shape().h(), w = hdr.shape().w();
  const Shape level_shape{1, h / 16, w / 16, model_->config().oonet_widths[4]};
  Tensor level, middle, refined = like(hdr, 3);
  HdrResult unused;
  const auto levels_of = [&](const Rect& rect, Device where) {
    return oonet.encode(OOnet::input(at(hdr, rect, where), at(linear, rect, where), at(dequantised, rect, where)));
  };
  const Stage way_up{.name = "OOnet",
                     .halo = OOnet::decoder_halo,
                     .begin = 0.95,
                     .end = 1,
                     .run = [&](const Rect& rect, Device where) {
                       std::vector<Variable> levels = levels_of(rect, where);
                       Variable part =
                           middle.defined() ? at(middle, scaled(rect, 16), where) : oonet.bottleneck(levels.back());
                       return oonet.decode(at(hdr, rect, where), std::move(levels), std::move(part)).value();
                     }};
  if (core_for(way_up, h, w) != EngineOptions::whole) {
    level = Tensor(level_shape, options_.precision, options_.device);
    run_tiles({.name = "OOnet",
               .halo = OOnet::encoder_halo,
               .scale = 16,
               .begin = 0.9,
               .end = 0.94,
               .run = [&](const Rect& rect, Device where) { return levels_of(rect, where).back().value(); }},
              h, w, level, progress, unused);
    middle = oonet.bottleneck(Variable(level)).value();
  }
  run_tiles(way_up, h, w, refined, progress, unused);
  return refined;
}

Tensor Engine::hdr_to_ldr(const Tensor& hdr, const Progress& progress) {
  const NoGrad inference;
  const ExecutionScope tiled({.size_independent = true});
  allocator_of(options_.device).set_limit(options_.max_memory);
  if (progress) progress("Nnet", 0);
  const Tensor result = model_->hdr_to_ldr(Variable(hdr.to(options_.device))).result.value().to(Device::cpu());
  if (progress) progress("done", 1);
  return result;
}

std::vector<Cost> costs_of(const DuHdr& model, std::int64_t height, std::int64_t width) {
  const NoGrad inference;
  const ExecutionScope tiled({.size_independent = true});
  CachingAllocator& meta = allocator_of(Device::meta());
  const auto picture = [&] { return Variable(Tensor(Shape{1, height, width, 3}, DType::f32, Device::meta())); };
  const auto cost = [&](const char* name, const std::function<void()>& run) {
    meta.trim();
    meta.reset_peak();
    const OpCounter counter;
    run();
    return Cost{name, model.network(name).parameter_count(), counter.flop(), meta.stats().peak};
  };
  const Variable x = picture();
  return {cost("dnet", [&] { (void)model.dnet()(x); }), cost("innet", [&] { (void)model.innet()(x); }),
          cost("itnet", [&] { (void)model.itnet()(x, model.config().itnet_iterations); }),
          cost("oonet", [&] { (void)model.oonet()(x, x, x); }), cost("nnet", [&] { (void)model.nnet()(x); })};
}

}  // namespace duhdr
