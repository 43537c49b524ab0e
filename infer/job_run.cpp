// SPDX-License-Identifier: Apache-2.0
#include "infer/job_run.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <new>
#include <utility>

#include "base/sha256.h"
#include "image/colour.h"
#include "image/encode.h"
#include "image/formats.h"
#include "image/preview.h"
#include "tensor/parallel.h"

namespace duhdr {
namespace {

namespace fs = std::filesystem;

class Stopwatch {
 public:
  double lap() {
    const auto now = std::chrono::steady_clock::now();
    const double seconds = std::chrono::duration<double>(now - last_).count();
    last_ = now;
    return seconds;
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

constexpr std::int64_t least_range = 8192;  // values for a thread

template <class F>
Tensor mapped(const Tensor& pixels, const F& f) {
  Tensor out(pixels.shape(), DType::f32);
  const float* from = pixels.data<float>();
  float* to = out.mutable_data<float>();
  parallel_range(pixels.numel(), least_range, [&](std::int64_t begin, std::int64_t end) {
    std::transform(from + begin, from + end, to + begin, f);
  });
  return out;
}

/// What the chain reads: code values for LDR -> HDR, light for HDR -> LDR. A picture of the other kind is converted.
Tensor prepared(const Image& image, const BatchOptions& options, std::vector<std::string>& warnings) {
  const bool light = image.referred == Image::Referred::scene;
  if (!options.reverse && light) {
    warnings.push_back("linear input: clipped at 1.0 and encoded with the sRGB curve first");
    return mapped(image.pixels, [](float x) { return linear_to_srgb(std::clamp(x, 0.f, 1.f)); });
  }
  if (options.reverse) {
    const auto gain = static_cast<float>(std::exp2(options.exposure));
    if (!light) warnings.push_back("display-referred input: linearised with the sRGB curve first");
    if (!light) return mapped(image.pixels, [gain](float x) { return gain * srgb_to_linear(x); });
    if (gain != 1) return mapped(image.pixels, [gain](float x) { return gain * x; });
  }
  return image.pixels;
}

/// Multiplies by the exposure and makes sure that every value can be written.
Tensor exposed(const Tensor& pixels, const BatchOptions& options, std::vector<std::string>& warnings) {
  const auto gain = static_cast<float>(std::exp2(options.exposure));
  const bool halves = options.format->uses.exr && options.write.half;
  const Tensor out = gain == 1 ? pixels : mapped(pixels, [gain](float x) { return gain * x; });
  const float* value = out.data<float>();
  for (std::int64_t i = 0; i < out.numel(); ++i)
    if (!std::isfinite(value[i]))
      throw Error(ExitCode::bad_weights, "the model made a value that is not finite: its weights are unusable");
  if (const std::int64_t above = halves ? count_above_half(out) : 0; above > 0)
    warnings.push_back(
        message(above, " values above 65504, the largest half float; lower --exposure or use --exr float"));
  return out;
}

std::map<std::string, std::string> attributes_of(const Provenance& provenance, const BatchOptions& options) {
  std::map<std::string, std::string> attributes{{"duhdr.version", DUHDR_VERSION},
                                                {"duhdr.options", options.options_json},
                                                {"duhdr.clipLevel", message(std::exp2(options.exposure))}};
  if (!provenance.method.empty()) {
    attributes["duhdr.method"] = provenance.method;
  } else {
    attributes["duhdr.model"] = provenance.model;
    attributes["duhdr.modelSha256"] = provenance.model_sha256;
  }
  return attributes;
}

void write_bytes(const fs::path& path, const Bytes& bytes, const BatchOptions& options, JobReport& report) {
  options.replace ? write_file(path, bytes) : write_new_file(path, bytes);
  report.written.push_back(path);
}

}  // namespace

JobRun::JobRun(const Job& job, const BatchOptions& options) : options_(options) { report_.job = job; }

/// `step`, unless an earlier one failed; its error goes into the report.
void JobRun::take(const std::function<void()>& step) {
  if (!report_.error.empty()) return;
  const std::string input = shown(report_.job.input);
  try {
    step();
    return;
  } catch (const Error& error) {
    report_.code = error.code();
    report_.error = error.what();
    if (report_.error.find(input) == std::string::npos &&
        report_.error.find(shown(report_.job.output)) == std::string::npos)
      report_.error = input + ": " + report_.error;
  } catch (const std::bad_alloc&) {
    report_.code = ExitCode::out_of_memory;
    report_.error = input + ": out of memory";
  }
}

void JobRun::retry() {
  report_.code = ExitCode::done;
  report_.error.clear();
}

std::size_t JobRun::bytes() const {
  std::size_t sum = pixels_.defined() ? pixels_.bytes() : 0;
  for (const auto& [name, layer] : layers_) sum += layer.bytes();
  if (photograph_.codes.defined()) sum += photograph_.codes.bytes();
  return sum;
}

void JobRun::read() {
  take([&] {
    Stopwatch watch;
    if (!report_.job.refusal.empty()) throw Error(ExitCode::io, report_.job.refusal);
    if (std::error_code ignored; fs::is_socket(report_.job.input, ignored))  // it cannot even be opened
      throw Error(ExitCode::bad_image, shown(report_.job.input) + ": not a regular file (a socket)");
    Bytes bytes = read_file(report_.job.input, options_.limits.file_bytes, ExitCode::bad_image);
    const Image image = decode_image(bytes, shown(report_.job.input), options_.limits, extension_of(report_.job.input));
    if (!options_.format->keeps_jpeg) bytes = {};
    report_.warnings = image.warnings;
    report_.width = image.width();
    report_.height = image.height();
    pixels_ = prepared(image, options_, report_.warnings);
    if (options_.format->holds_metadata && !options_.write.strip_metadata)
      metadata_ = upright_metadata(image, report_.warnings);
    if (options_.format->shows_photograph) {
      photograph_.orientation = image.orientation;
      if (options_.format->keeps_jpeg && image.format == "jpeg") {
        photograph_.jpeg = std::move(bytes);
        photograph_.icc = image.icc;
      } else {
        photograph_.codes = pixels_;
      }
    }
    report_.load_s = watch.lap();
  });
}

void JobRun::compute(Method& method, const Progress& progress, bool keep_picture) {
  take([&] {
    Stopwatch watch;
    if (options_.copy_side > 0) copy_ = copy_of_photograph(pixels_, options_.copy_side);
    run(method, progress, keep_picture ? pixels_ : std::exchange(pixels_, {}));
    report_.infer_s = watch.lap();
  });
}

void JobRun::run(Method& method, const Progress& progress, Tensor picture) {
  const Method::Result result = options_.reverse ? method.hdr_to_ldr(std::move(picture), progress)
                                                 : method.ldr_to_hdr(std::move(picture), progress);
  provenance_ = method.provenance();
  report_.peak_memory = result.peak_memory;
  if (options_.reverse) {
    pixels_ = result.pixels;
    return;
  }
  report_.clipped = result.clipped;
  report_.clip_level = std::exp2(options_.exposure);
  report_.tiles = result.tiles;
  report_.computed = result.computed;
  pixels_ = exposed(result.pixels, options_, report_.warnings);
  layers_ = result.layers;
  for (auto& [name, layer] : layers_)
    if (layer.shape().c() == 3) layer = exposed(layer, options_, report_.warnings);  // light, as the result
  report_.warnings.insert(report_.warnings.end(), result.warnings.begin(), result.warnings.end());
}

/// Nothing is written before all is encoded.
void JobRun::write() {
  take([&] {
    Stopwatch watch;
    report_.values = value_range(pixels_);
    if (options_.copy_side > 0 && !report_.copies)
      report_.copies = std::make_shared<PageCopies>(
          copies_of(copy_, pixels_, layers_.contains("mask") ? layers_.at("mask") : Tensor(), report_.clip_level));
    std::erase_if(layers_, [&](const auto& layer) { return !options_.layers.contains(layer.first); });
    const Bytes bytes =
        options_.format->encode({.pixels = pixels_,
                                 .white_luminance = static_cast<float>(reference_white / std::exp2(options_.exposure)),
                                 .attributes = attributes_of(provenance_, options_),
                                 .layers = layers_,
                                 .photograph = &photograph_,
                                 .metadata = metadata_,
                                 .options = options_.write});
    Bytes preview;
    if (!report_.job.preview.empty()) {
      constexpr std::array stops{-6.0, -4.0, -2.0, 0.0};
      preview = encode_png8(options_.reverse ? codes_of(pixels_) : preview_strip(pixels_, stops));
    }
    report_.sha256 = sha256(bytes);
    write_bytes(report_.job.output, bytes, options_, report_);
    if (!preview.empty()) write_bytes(report_.job.preview, preview, options_, report_);
    pixels_ = {};
    layers_.clear();
    photograph_ = {};
    copy_ = {};
    report_.save_s = watch.lap();
  });
}

}  // namespace duhdr
