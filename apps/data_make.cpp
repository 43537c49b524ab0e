// SPDX-License-Identifier: Apache-2.0
#include "apps/data_make.h"

#include <spdlog/spdlog.h>

#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "apps/options.h"
#include "apps/pair_folder.h"
#include "apps/program.h"
#include "apps/status_line.h"
#include "base/file.h"
#include "base/sha256.h"
#include "data/file_list.h"
#include "image/encode.h"
#include "image/formats.h"

namespace duhdr {
namespace {

namespace fs = std::filesystem;

/// A value of the manifest: no tab, no end of line.
std::string cell(const std::string& text) { return escaped(text, 4096); }

struct Written {
  std::string ldr, hdr, ldr_sum, hdr_sum;
  std::int64_t lowered = 0;  // values above what a half can hold
};

Written write_pair(const fs::path& folder, std::int64_t number, const std::string& format, const Sample& sample) {
  char name[32];
  std::snprintf(name, sizeof name, "%06lld", static_cast<long long>(number));
  Written written{message("ldr/", name, ".png"), message("hdr/", name, ".", format), {}, {}, 0};
  const Bytes photograph = encode_png8(codes_of(sample.ldr));
  const Bytes light = format_of(format)->encode({.pixels = sample.hdr});
  if (format == "exr") written.lowered = count_above_half(sample.hdr);
  write_file(folder / written.ldr, photograph);
  write_file(folder / written.hdr, light);
  written.ldr_sum = sha256(photograph);
  written.hdr_sum = sha256(light);
  return written;
}

int write_pairs(const MakeOptions& options, const Dataset& dataset, const std::string& source) {
  const fs::path folder = options.output;
  std::string manifest = "ldr\thdr\tclip_level\tweight\tsource\tseed\tindex\tldr_sha256\thdr_sha256\n";
  std::int64_t kept = 0, lowered = 0;
  StatusLine line(!options.quiet);
  for (std::int64_t i = 0; i < options.count; ++i) {
    check_interrupt();
    line.show(message(i, "/", options.count, " pairs"));
    const Sample sample = dataset.sample(static_cast<std::uint64_t>(i));
    const Written written = write_pair(folder, i, options.format, sample);
    manifest += message(written.ldr, '\t', written.hdr, "\t1\t", sample.weight, '\t', cell(source), '\t',
                        options.data.seed, '\t', i, '\t', written.ldr_sum, '\t', written.hdr_sum, '\n');
    kept += sample.weight != 0 ? 1 : 0;
    lowered += written.lowered;
    if (options.json)
      std::printf("%s\n", nlohmann::json{{"ldr", written.ldr},
                                         {"hdr", written.hdr},
                                         {"weight", sample.weight},
                                         {"index", i},
                                         {"ldr_sha256", written.ldr_sum},
                                         {"hdr_sha256", written.hdr_sum}}
                              .dump()
                              .c_str());
  }
  check_interrupt();
  write_file(folder / manifest_name, std::as_bytes(std::span(manifest)));
  line.clear();
  const BadFiles bad = dataset.bad_files();
  for (const std::string& text : bad.messages) spdlog::error("error: {}", text);
  if (options.json)
    std::printf(
        "%s\n",
        nlohmann::json{{"done", options.count}, {"kept", kept}, {"failed", bad.messages.size()}}.dump().c_str());
  spdlog::info("{} pairs written to {}; {} are over- or under-exposed (weight 0)", options.count, shown(folder),
               options.count - kept);
  if (lowered > 0) spdlog::debug("{} values above {} were lowered to it", lowered, largest_half);
  return static_cast<int>(bad.messages.empty() ? ExitCode::done : ExitCode::partial);
}

}  // namespace

void MakeOptions::add_to(CLI::App& app) {
  app.add_option("-o,--output", output, "Folder for ldr/, hdr/ and manifest.tsv; it is made")
      ->type_name("DIR")
      ->required();
  app.add_option("--from", from, "hdr:DIR, pseudo:DIR, scenes (procedural), or a folder of HDR images")
      ->type_name("SOURCE")
      ->required();
  constexpr std::int64_t one = 1, most_pairs = 999'999, longest_side = 8192;
  add_number(app, "--count", count, "Pairs", one, most_pairs)->capture_default_str();
  add_number(app, "--size", data.patch, "Side of a picture in pixels", one, longest_side)->capture_default_str();
  add_number(app, "--seed", data.seed, "Of all random choices", std::uint64_t{0})->capture_default_str();
  app.add_option("-f,--format", format, "Of the HDR images: exr (16-bit) or hdr")
      ->check(CLI::IsMember({"exr", "hdr"}))
      ->capture_default_str();
  app.add_option("--split", split, "Files and camera curves of: train or validation")
      ->check(CLI::IsMember({"train", "validation"}))
      ->capture_default_str();
  add_number(app, "--validation-share", data.validation_share, "Of the files; 0: every file is in both parts", 0.0, 0.5)
      ->capture_default_str();
  app.add_option("--exposure", exposure, "EV; at 0 the mean of a scene is half the clip level")
      ->type_name("LO..HI")
      ->capture_default_str();
  app.add_option("--jpeg-quality", quality, "Of the photograph's compression, or none")
      ->type_name("LO..HI")
      ->capture_default_str();
  add_number(app, "--signal-noise", data.camera.signal_noise, "Largest deviation relative to the signal", 0.0, 1.0)
      ->capture_default_str();
  add_number(app, "--constant-noise", data.camera.constant_noise, "Largest deviation in parts of the clip level", 0.0,
             1.0)
      ->capture_default_str();
  app.add_flag("!--no-augment", data.augment, "Centred crops: no scaling, turns or flips");
  app.add_option("--if-exists", if_exists, "When the folder holds pairs already: fail or overwrite")
      ->check(CLI::IsMember({"fail", "overwrite"}))
      ->capture_default_str();
  app.add_flag("--json", json, "One JSON object a pair on stdout, then a summary");
  app.add_flag("-q,--quiet", quiet, "Only errors");
  app.add_flag("-v,--verbose", verbose, "Details");
  app.add_flag("--dry-run", dry_run, "Check options and source, write nothing");
}

DataOptions MakeOptions::resolved() const {
  DataOptions resolved = data;
  resolved.split = split == "train" ? Split::train : Split::validation;
  std::tie(resolved.camera.exposure_lo, resolved.camera.exposure_hi) = parse_range("--exposure", exposure, -16, 16);
  resolved.camera.jpeg_lo = resolved.camera.jpeg_hi = 0;
  if (quality == "none") return resolved;
  const auto [lo, hi] = parse_range("--jpeg-quality", quality, 1, 100);
  resolved.camera.jpeg_lo = static_cast<int>(lo);
  resolved.camera.jpeg_hi = static_cast<int>(hi);
  return resolved;
}

int make_pairs(const MakeOptions& options) {
  set_verbosity(options.quiet, options.verbose);
  const DataOptions data = options.resolved();
  const DataSource source = DataSource::parse(options.from);
  if (source.pairing() != Pairing::synthesised)
    throw Error(ExitCode::usage, message("--from ", escaped(options.from), ": the virtual camera needs HDR images ",
                                         "(allowed: hdr:DIR, pseudo:DIR, scenes, or a folder of HDR images)"));
  const auto dataset = open_dataset(source, data);
  prepare_pair_folder(options.output, manifest_name, options.if_exists == "overwrite", options.dry_run, [&] {
    std::vector<fs::path> files;
    for (const FilePair& pair : list_pairs(options.output).pairs) files.insert(files.end(), {pair.ldr, pair.hdr});
    return files;
  });
  spdlog::debug("{}: {} pairs of {} x {}, seed {}, {} part, exposure {} EV, JPEG {}", dataset->text(), options.count,
                data.patch, data.patch, data.seed, options.split, options.exposure, options.quality);
  if (options.dry_run) {
    std::printf("%s -> %s: %lld pairs\n", dataset->text().c_str(), shown(options.output).c_str(),
                static_cast<long long>(options.count));
    return 0;
  }
  return write_pairs(options, *dataset, source.text());
}

}  // namespace duhdr
