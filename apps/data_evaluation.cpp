// SPDX-License-Identifier: Apache-2.0
#include "apps/data_evaluation.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>

#include "apps/options.h"
#include "apps/pair_folder.h"
#include "apps/picture_facts.h"
#include "apps/program.h"
#include "apps/status_line.h"
#include "base/sha256.h"
#include "data/evaluation_manifest.h"
#include "data/file_list.h"
#include "image/encode.h"
#include "tensor/device.h"
#include "tensor/parallel.h"
#include "tensor/safetensors.h"

namespace duhdr {
namespace {

namespace fs = std::filesystem;
using Pairs = std::vector<EvaluationManifest::Pair>;

/// The name of a scene: the file's path up to the extension, of letters, digits and "-_." alone.
std::string scene_name(const fs::path& file) {
  std::string name = fs::path(file).replace_extension().generic_string();
  for (char& c : name) {
    const bool kept =
        (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '.';
    if (!kept) c = '_';
  }
  return name;
}

/// Scenes by name. Throws usage when two files would have the same.
std::map<std::string, fs::path> scenes_of(const fs::path& folder) {
  std::error_code error;
  const fs::file_status status = fs::status(folder, error);
  if (!fs::exists(status)) throw Error(ExitCode::io, shown(folder) + ": no such folder");
  if (!fs::is_directory(status)) throw Error(ExitCode::usage, shown(folder) + ": not a folder of HDR images");
  std::map<std::string, fs::path> scenes;
  for (const fs::path& file : list_files(folder, FileKind::hdr)) {
    const auto [at, added] = scenes.emplace(scene_name(file), file);
    if (!added)
      throw Error(ExitCode::usage, message(shown(folder / file), " and ", shown(folder / at->second),
                                           ": both would be the scene ", at->first, "; rename one"));
  }
  if (scenes.empty())
    throw Error(ExitCode::bad_image, shown(folder) + ": no HDR images (.exr, .hdr or .pfm) in this folder");
  return scenes;
}

std::string curve_name(std::size_t curve) { return message("evaluation-", curve); }

StatedFile written(const fs::path& folder, const std::string& path, const Bytes& bytes) {
  write_file(folder / path, bytes);
  return {path, sha256(bytes)};
}

/// What of the file is photographed, and the file's SHA-256. Any fault is the picture's: bad_image.
std::pair<Tensor, std::string> read_scene(const fs::path& path, const EvaluationOptions& camera) try {
  const std::string sum = sha256(read_file(path, ReadLimits{}.file_bytes, ExitCode::bad_image));
  return {evaluation_view(read_whole(path, Image::Referred::scene).pixels, camera), sum};
} catch (const Error& error) {
  throw Error(error.code() == ExitCode::io ? ExitCode::bad_image : error.code(), error.what());
}

/// All photographs of one scene.
Pairs make_scene(const EvaluationSetOptions& options, const EvaluationOptions& camera, const std::string& scene,
                 std::uint64_t number, const fs::path& file) {
  const fs::path path = fs::path(options.input) / file, folder = options.output;
  const auto [view, sum] = read_scene(path, camera);
  std::vector<EvaluationPicture> pictures;  // all, before anything is written: a scene is whole or not there
  for (const std::int64_t percent : camera.clipped)
    pictures.push_back(evaluation_picture(view, percent, number, camera, shown(path)));
  Pairs pairs;
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    check_interrupt();
    const EvaluationPicture& picture = pictures[i];
    const std::string name = fmt::format("{}_c{:02d}", scene, camera.clipped[i]);
    const bool half = count_above_half(picture.reference) == 0;
    pairs.push_back({.name = name,
                     .scene = scene,
                     .source = {escaped(file.generic_string()), sum},
                     .ldr = written(folder, "ldr/" + name + ".jpg", picture.jpeg),
                     .hdr = written(folder, "hdr/" + name + ".exr", encode_exr(picture.reference, {.half = half})),
                     .clip_level = 1,
                     .clipped = picture.clipped,
                     .exposure = picture.exposure,
                     .quality = picture.quality,
                     .curve = curve_name(picture.curve)});
  }
  return pairs;
}

/// What became of a scene; `error` is empty where it was made.
struct Made {
  Pairs pairs;
  std::string error;
};

/// All scenes, on all threads. A picture that cannot be used is an error of its own; everything else ends the run.
std::vector<Made> make_scenes(const EvaluationSetOptions& options, const EvaluationOptions& camera,
                              const std::map<std::string, fs::path>& scenes) {
  const std::vector<std::pair<std::string, fs::path>> all(scenes.begin(), scenes.end());
  std::vector<Made> made(all.size());
  StatusLine line(!options.quiet);
  std::mutex mutex;
  std::size_t done = 0;
  const auto begin = std::chrono::steady_clock::now();
  evaluation_curves();  // made by one thread
  parallel_for(static_cast<std::int64_t>(all.size()), [&](std::int64_t i) {
    check_interrupt();
    const auto& [scene, file] = all[static_cast<std::size_t>(i)];
    Made& out = made[static_cast<std::size_t>(i)];
    try {
      out.pairs = make_scene(options, camera, scene, static_cast<std::uint64_t>(i), file);
    } catch (const Error& error) {
      if (error.code() != ExitCode::bad_image) throw;
      out.error = error.what();
    }
    const std::lock_guard lock(mutex);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    ++done;
    line.show(fmt::format("{}/{} scenes, {:.0f} s left", done, all.size(),
                          seconds * static_cast<double>(all.size() - done) / static_cast<double>(done)));
  });
  return made;
}

/// The inverse responses that the pairs name, [1024] F32 each.
Bytes encode_curves(const Pairs& pairs) {
  std::map<std::string, Tensor> tensors;
  const CameraCurves& curves = evaluation_curves();
  for (std::size_t i = 0; i < curves.inverse.size(); ++i)
    if (std::any_of(pairs.begin(), pairs.end(), [&](const auto& pair) { return pair.curve == curve_name(i); })) {
      Tensor curve({static_cast<std::int64_t>(curves.inverse[i].size())}, DType::f32);
      std::transform(curves.inverse[i].begin(), curves.inverse[i].end(), curve.mutable_data<float>(),
                     [](double value) { return static_cast<float>(value); });
      tensors.emplace(curve_name(i), curve);
    }
  return encode_safetensors(tensors);
}

void print_json(const EvaluationManifest& manifest, const std::string& sum, std::size_t failed) {
  for (const EvaluationManifest::Pair& pair : manifest.pairs)
    std::printf("%s\n", nlohmann::json{{"name", pair.name},
                                       {"scene", pair.scene},
                                       {"ldr", pair.ldr.path},
                                       {"hdr", pair.hdr.path},
                                       {"clipped", pair.clipped},
                                       {"exposure", pair.exposure},
                                       {"jpeg_quality", pair.quality},
                                       {"curve", pair.curve}}
                            .dump()
                            .c_str());
  std::printf("%s\n",
              nlohmann::json{{"pairs", manifest.pairs.size()}, {"failed", failed}, {"sha256", sum}}.dump().c_str());
}

int write_set(const EvaluationSetOptions& options, const EvaluationOptions& camera,
              const std::map<std::string, fs::path>& scenes) {
  EvaluationManifest manifest;
  manifest.program = "duhdr " DUHDR_VERSION;
  manifest.options = camera;
  std::size_t failed = 0;
  for (Made& scene : make_scenes(options, camera, scenes)) {
    if (!scene.error.empty()) spdlog::error("error: {}", scene.error);
    failed += scene.error.empty() ? 0 : 1;
    for (EvaluationManifest::Pair& pair : scene.pairs) {
      spdlog::debug("{}: {:.2f} % clipped, curve {}, JPEG {}", pair.name, 100 * pair.clipped, pair.curve, pair.quality);
      manifest.pairs.push_back(std::move(pair));
    }
  }
  check_interrupt();
  if (manifest.pairs.empty())
    throw Error(ExitCode::bad_image,
                message(shown(options.input), ": none of its ", failed, " HDR images can be used"));
  manifest.curves = written(options.output, evaluation_curves_name, encode_curves(manifest.pairs));
  const std::string text = encode_evaluation_manifest(manifest);
  write_file(fs::path(options.output) / evaluation_manifest_name, std::as_bytes(std::span(text)));
  const std::string sum = sha256(std::as_bytes(std::span(text)));
  if (options.json) print_json(manifest, sum, failed);
  spdlog::info("{} pairs of {} scenes written to {}; {} images could not be used; SHA-256 {}", manifest.pairs.size(),
               scenes.size() - failed, shown(options.output), failed, sum);
  return static_cast<int>(failed == 0 ? ExitCode::done : ExitCode::partial);
}

}  // namespace

void EvaluationSetOptions::add_to(CLI::App& app) {
  app.add_option("-i,--input", input, "Folder of HDR images")->type_name("DIR")->required();
  app.add_option("-o,--output", output, "Folder for ldr/, hdr/ and evaluation.json; it is made")
      ->type_name("DIR")
      ->required();
  add_number(app, "--seed", camera.seed, "Of all random choices", std::int64_t{0})->capture_default_str();
  app.add_option("--size", size, "The middle of each image, N or WIDTHxHEIGHT; default: all of it");
  app.add_option_function<std::string>(
         "--clipped",
         [this](const std::string& text) {
           camera.clipped.clear();
           for (const std::string& part : CLI::detail::split(text, ','))
             camera.clipped.push_back(parse_number("--clipped", part, std::int64_t{1}, std::int64_t{50}));
         },
         "Pixels with a channel above the clip level in %, a photograph each")
      ->type_name("N,...")
      ->default_str("3,10");
  app.add_option("--quality", quality, "Of the JPEG compression")->type_name("LO..HI")->capture_default_str();
  add_number(app, "--signal-noise", camera.signal_noise, "Largest deviation relative to the signal", 0.0, 1.0)
      ->capture_default_str();
  add_number(app, "--constant-noise", camera.constant_noise, "Largest deviation in parts of the clip level", 0.0, 1.0)
      ->capture_default_str();
  add_number(app, "-j,--threads", threads, "CPU threads; 0 = all; they do not change the result", 0, 1024)
      ->capture_default_str();
  app.add_option("--if-exists", if_exists, "When the folder holds a set already: fail or overwrite")
      ->check(CLI::IsMember({"fail", "overwrite"}))
      ->capture_default_str();
  app.add_flag("--json", json, "One JSON object a pair on stdout, then a summary");
  app.add_flag("-q,--quiet", quiet, "Only errors");
  app.add_flag("-v,--verbose", verbose, "Details");
  app.add_flag("--dry-run", dry_run, "Check options and names, write nothing");
}

EvaluationOptions EvaluationSetOptions::resolved() const {
  EvaluationOptions resolved = camera;
  if (!size.empty()) {
    const Dimensions dimensions = parse_dimensions("--size", size);
    resolved.width = dimensions.width;
    resolved.height = dimensions.height;
  }
  std::sort(resolved.clipped.begin(), resolved.clipped.end());
  if (std::adjacent_find(resolved.clipped.begin(), resolved.clipped.end()) != resolved.clipped.end())
    throw Error(ExitCode::usage, "--clipped: a share that is named twice");
  const auto [lo, hi] = parse_range("--quality", quality, 1, 100);
  resolved.quality_lo = static_cast<int>(lo);
  resolved.quality_hi = static_cast<int>(hi);
  return resolved;
}

int make_evaluation_set(const EvaluationSetOptions& options) {
  set_verbosity(options.quiet, options.verbose);
  set_cpu_threads(options.threads);
  const EvaluationOptions camera = options.resolved();
  const auto scenes = scenes_of(options.input);
  const fs::path output = options.output;
  prepare_pair_folder(output, evaluation_manifest_name, options.if_exists == "overwrite", options.dry_run, [&] {
    std::vector<fs::path> files{evaluation_curves_name};
    for (const auto& pair : read_evaluation_manifest(output / evaluation_manifest_name).pairs)
      files.insert(files.end(), {pair.ldr.path, pair.hdr.path});
    return files;
  });
  if (!options.dry_run) return write_set(options, camera, scenes);
  std::printf("%s -> %s: %zu scenes, %zu pairs\n", shown(options.input).c_str(), shown(output).c_str(), scenes.size(),
              scenes.size() * camera.clipped.size());
  return 0;
}

}  // namespace duhdr
