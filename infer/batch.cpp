// SPDX-License-Identifier: Apache-2.0
#include "infer/batch.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/sha256.h"
#include "image/colour.h"
#include "image/encode.h"
#include "image/formats.h"
#include "image/preview.h"

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

Tensor mapped(const Tensor& pixels, const std::function<float(float)>& f) {
  Tensor out(pixels.shape(), DType::f32);
  const float* from = pixels.data<float>();
  float* to = out.mutable_data<float>();
  const std::int64_t n = pixels.numel();
#pragma omp parallel for schedule(static)
  for (std::int64_t i = 0; i < n; ++i) to[i] = f(from[i]);
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
Tensor exposed(const Tensor& pixels, double exposure, std::vector<std::string>& warnings) {
  const auto gain = static_cast<float>(std::exp2(exposure));
  const Tensor out = gain == 1 ? pixels : mapped(pixels, [gain](float x) { return gain * x; });
  const float* value = out.data<float>();
  for (std::int64_t i = 0; i < out.numel(); ++i)
    if (!std::isfinite(value[i]))
      throw Error(ExitCode::bad_weights, "the model made a value that is not finite: its weights are unusable");
  if (const std::int64_t above = count_above_half(out); above > 0)
    warnings.push_back(message(above, " values above 65504, the largest half float; lower --exposure"));
  return out;
}

std::map<std::string, std::string> provenance(const BatchOptions& options) {
  return {{"duhdr.version", DUHDR_VERSION},
          {"duhdr.model", options.model_name},
          {"duhdr.modelSha256", options.model_sha256},
          {"duhdr.options", options.options_json},
          {"duhdr.clipLevel", message(std::exp2(options.exposure))}};
}

Bytes encoded(const Tensor& pixels, const BatchOptions& options) {
  const auto white = static_cast<float>(reference_white / std::exp2(options.exposure));
  return format_of(options.format)
      ->encode({.pixels = pixels, .white_luminance = white, .attributes = provenance(options)});
}

void write(const fs::path& path, const Bytes& bytes, const BatchOptions& options, JobReport& report) {
  options.replace ? write_file(path, bytes) : write_new_file(path, bytes);
  report.written.push_back(path);
}

void save(const Tensor& pixels, const BatchOptions& options, JobReport& report) {
  const Bytes bytes = encoded(pixels, options);
  report.sha256 = sha256(bytes);
  write(report.job.output, bytes, options, report);
  if (report.job.preview.empty()) return;
  constexpr std::array stops{-4.0, -2.0, 0.0};
  const Tensor preview = options.reverse ? codes_of(pixels) : preview_strip(pixels, stops);
  write(report.job.preview, encode_png8(preview), options, report);
}

void run(Engine& engine, const BatchOptions& options, const Progress& progress, JobReport& report) {
  Stopwatch watch;
  if (!report.job.refusal.empty()) throw Error(ExitCode::io, report.job.refusal);
  if (progress) progress("read", 0);
  if (std::error_code ignored; fs::is_socket(report.job.input, ignored))  // it cannot even be opened
    throw Error(ExitCode::bad_image, shown(report.job.input) + ": not a regular file (a socket)");
  Image image = read_image(report.job.input, options.limits);
  report.warnings = image.warnings;
  report.width = image.width();
  report.height = image.height();
  Tensor input = prepared(image, options, report.warnings);
  image.pixels = {};
  report.load_s = watch.lap();

  Tensor pixels;
  if (options.reverse) {
    Engine::Result result = engine.hdr_to_ldr(std::move(input), progress);
    report.peak_memory = result.peak_memory;
    pixels = result.pixels;
  } else {
    Engine::Result result = engine.ldr_to_hdr(std::move(input), progress);
    report.clipped = result.clipped;
    report.tiles = result.tiles;
    report.computed = result.computed;
    report.peak_memory = result.peak_memory;
    pixels = exposed(result.pixels, options.exposure, report.warnings);
    if (result.clipped == 0) report.warnings.push_back("no clipped pixel: the result is close to the linearised input");
  }
  report.infer_s = watch.lap();

  if (progress) progress("write", 1);
  report.values = value_range(pixels);
  save(pixels, options, report);
  report.save_s = watch.lap();
}

}  // namespace

JobReport run_job(Engine& engine, const Job& job, const BatchOptions& options, const Progress& progress) {
  JobReport report;
  report.job = job;
  try {
    run(engine, options, progress, report);
  } catch (const Error& error) {
    report.code = error.code();
    report.error = error.what();
    if (report.error.find(shown(job.input)) == std::string::npos &&
        report.error.find(shown(job.output)) == std::string::npos)
      report.error = shown(job.input) + ": " + report.error;
  } catch (const std::bad_alloc&) {
    report.code = ExitCode::out_of_memory;
    report.error = shown(job.input) + ": out of memory";
  }
  return report;
}

std::string to_json_line(const JobReport& report, const Engine& engine) {
  nlohmann::json out = nlohmann::json::array();
  for (const fs::path& path : report.written) out.push_back(shown(path));
  nlohmann::json json = {{"in", shown(report.job.input)}, {"out", out}, {"ok", report.error.empty()}};
  if (!report.error.empty()) {
    json["error"] = report.error;
    json["code"] = static_cast<int>(report.code);
    return json.dump();
  }
  json["w"] = report.width;
  json["h"] = report.height;
  json["clipped_pct"] = 100 * report.clipped;
  json["max"] = report.values.maximum;
  json["p50"] = report.values.median;
  json["p99"] = report.values.p99;
  json["device"] = engine.options().device.text();
  json["tiles"] = report.tiles;
  json["tiles_computed"] = report.computed;
  json["peak_tensor_bytes"] = report.peak_memory;
  json["ms"] = {{"load", 1e3 * report.load_s}, {"infer", 1e3 * report.infer_s}, {"save", 1e3 * report.save_s}};
  json["warnings"] = report.warnings;
  json["sha256"] = report.sha256;
  return json.dump();
}

}  // namespace duhdr
