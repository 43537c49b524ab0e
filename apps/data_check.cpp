// SPDX-License-Identifier: Apache-2.0
#include "apps/data_check.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <nlohmann/json.hpp>

#include "apps/picture_facts.h"
#include "apps/program.h"
#include "base/sha256.h"
#include "data/dataset.h"
#include "data/file_list.h"
#include "metrics/exposure_ratio.h"

namespace duhdr {
namespace {

namespace fs = std::filesystem;

/// One file of a source, or one pair.
struct Entry {
  fs::path file, partner;  // partner: the HDR image of a pair
  PictureFacts facts;      // of the HDR image of a pair
  double photograph_clipped = 0;
  std::optional<double> ratio;
  std::string error;  // empty: good
  ExitCode code = ExitCode::done;
};

struct Source {
  DataSource data;
  std::vector<FilePair> pairs;  // of one file each when not paired
};

Source open(const std::string& text) {
  Source source{DataSource::parse(text), {}};
  const fs::path& folder = source.data.folder;
  switch (source.data.kind) {
    case DataSource::Kind::paired: {
      PairList list = list_pairs(folder);
      source.pairs = std::move(list.pairs);
      for (const fs::path& file : list.alone) spdlog::warn("warning: {}: has no partner", shown(folder / file));
      break;
    }
    case DataSource::Kind::hdr:
      for (const fs::path& file : list_files(folder, FileKind::hdr)) source.pairs.push_back({{}, file, 0});
      break;
    case DataSource::Kind::ldr:
    case DataSource::Kind::pseudo:
      for (const fs::path& file : list_files(folder, FileKind::photograph)) source.pairs.push_back({file, {}, 0});
      break;
    case DataSource::Kind::scenes:
      break;
  }
  return source;
}

/// Reads a file, whose SHA-256 has to be the stated one where one is stated.
Image read_stated(const fs::path& path, const std::string& stated, Image::Referred wanted) {
  if (!stated.empty() && sha256(read_file(path, ReadLimits{}.file_bytes, ExitCode::bad_image)) != stated)
    throw Error(ExitCode::bad_image, shown(path) + ": is not the file of the manifest (its SHA-256 differs)");
  return read_whole(path, wanted);
}

/// Reads one entry; what is wrong with it is its `error`.
Entry read_entry(const Source& source, const FilePair& pair) {
  Entry entry;
  entry.file = pair.ldr.empty() ? pair.hdr : pair.ldr;
  entry.partner = pair.ldr.empty() ? fs::path() : pair.hdr;
  try {
    Image photograph, light;
    const fs::path& folder = source.data.folder;
    if (!pair.ldr.empty()) photograph = read_stated(folder / pair.ldr, pair.ldr_sha256, Image::Referred::display);
    if (!pair.hdr.empty()) light = read_stated(folder / pair.hdr, pair.hdr_sha256, Image::Referred::scene);
    if (pair.hdr.empty()) {
      entry.facts = facts_of(photograph, 0);
      return entry;
    }
    entry.facts = facts_of(light, pair.clip_level);
    if (entry.facts.light.largest <= 0) throw Error(ExitCode::bad_image, shown(folder / pair.hdr) + ": black");
    if (pair.ldr.empty()) return entry;
    if (photograph.width() != light.width() || photograph.height() != light.height())
      throw Error(ExitCode::bad_image,
                  message(shown(folder / pair.ldr), ": the sizes of the pair differ (", photograph.width(), "x",
                          photograph.height(), ", ", light.width(), "x", light.height(), ")"));
    entry.photograph_clipped = facts_of(photograph, 0).clipped;
    entry.ratio = exposure_ratio(photograph.pixels, light.pixels);
  } catch (const Error& error) {
    entry.code = error.code();
    entry.error = error.what();
  }
  return entry;
}

nlohmann::json to_json(const Source& source, const Entry& entry) {
  nlohmann::json line{{"source", source.data.text()}, {"file", shown(entry.file)}, {"ok", entry.error.empty()}};
  if (!entry.partner.empty()) line["hdr"] = shown(entry.partner);
  if (!entry.error.empty()) {
    line["error"] = entry.error;
    line["code"] = static_cast<int>(entry.code);
    return line;
  }
  line["format"] = entry.facts.format;
  line["w"] = entry.facts.width;
  line["h"] = entry.facts.height;
  line["median"] = entry.facts.light.median;
  line["max"] = entry.facts.light.largest;
  line["stops"] = entry.facts.light.stops;
  line["clipped"] = entry.facts.clipped;
  if (!entry.partner.empty()) line["ldr_clipped"] = entry.photograph_clipped;
  if (entry.ratio) line["ratio"] = *entry.ratio;
  return line;
}

struct Range {
  double lo = 0, hi = 0;
  bool any = false;
  void add(double value) {
    lo = any ? std::min(lo, value) : value;
    hi = any ? std::max(hi, value) : value;
    any = true;
  }
};

struct Counts {
  std::int64_t good = 0, bad = 0;
  Range width, height, stops, clipped, ratio;
  ExitCode first_code = ExitCode::done;

  void add(const Entry& entry) {
    if (!entry.error.empty()) {
      if (bad++ == 0) first_code = entry.code;
      return;
    }
    ++good;
    width.add(static_cast<double>(entry.facts.width));
    height.add(static_cast<double>(entry.facts.height));
    stops.add(entry.facts.light.stops);
    clipped.add(100 * entry.facts.clipped);
    if (entry.ratio) ratio.add(*entry.ratio);
  }
  ExitCode code() const {
    if (bad == 0) return ExitCode::done;
    return good == 0 || bad > std::max<std::int64_t>(1, (good + bad) / 100) ? ExitCode::bad_image : ExitCode::partial;
  }
};

/// 3 before 9 before 0.
ExitCode worse(ExitCode a, ExitCode b) {
  if (a == ExitCode::bad_image || b == ExitCode::bad_image) return ExitCode::bad_image;
  return a == ExitCode::done ? b : a;
}

void sum_up(const Source& source, const Counts& counts, bool json) {
  const std::string name = source.data.text();
  if (json) {
    nlohmann::json line{{"source", name}, {"good", counts.good}, {"bad", counts.bad}};
    if (counts.good > 0) {
      line["w"] = {counts.width.lo, counts.width.hi};
      line["h"] = {counts.height.lo, counts.height.hi};
      line["stops"] = {counts.stops.lo, counts.stops.hi};
    }
    std::printf("%s\n", line.dump().c_str());
  }
  if (source.data.kind == DataSource::Kind::scenes) return spdlog::info("{}: procedural, no files", name);
  spdlog::info("{}: {} {}, {} good, {} bad", name, source.pairs.size(),
               source.data.kind == DataSource::Kind::paired ? "pairs" : "files", counts.good, counts.bad);
  if (counts.good == 0) return;
  spdlog::info("  width {:.0f}..{:.0f}, height {:.0f}..{:.0f} pixels", counts.width.lo, counts.width.hi,
               counts.height.lo, counts.height.hi);
  spdlog::info("  range {:.1f}..{:.1f} stops, clipped {:.2f}..{:.2f} % of the pixels", counts.stops.lo, counts.stops.hi,
               counts.clipped.lo, counts.clipped.hi);
  if (counts.ratio.any) spdlog::info("  photograph : HDR image {:.3g}..{:.3g}", counts.ratio.lo, counts.ratio.hi);
}

using EachEntry = std::function<void(const Source&, const Entry&)>;

int walk(const CheckOptions& options, bool summary, const EachEntry& each) {
  set_verbosity(options.quiet, options.verbose);
  std::vector<Source> sources;
  for (const std::string& text : options.sources) sources.push_back(open(text));
  ExitCode code = ExitCode::done;
  for (const Source& source : sources) {
    Counts counts;
    for (const FilePair& pair : source.pairs) {
      check_interrupt();
      const Entry entry = read_entry(source, pair);
      if (!entry.error.empty()) spdlog::error("error: {}", entry.error);
      counts.add(entry);
      each(source, entry);
    }
    if (summary) sum_up(source, counts, options.json);
    code = worse(code, counts.code());
    if (counts.code() == ExitCode::bad_image)
      spdlog::error("error: {}: {} of {} are unusable (allowed: 1, or 1 %)", source.data.text(), counts.bad,
                    source.pairs.size());
  }
  return static_cast<int>(code);
}

}  // namespace

void CheckOptions::add_to(CLI::App& app) {
  app.add_option("sources", sources, "hdr:DIR, paired:DIR, ldr:DIR, pseudo:DIR, scenes, or a folder")
      ->type_name("SOURCE")
      ->required();
  app.add_flag("--json", json, "JSON objects on stdout, one a line");
  app.add_flag("-q,--quiet", quiet, "Only errors");
  app.add_flag("-v,--verbose", verbose, "Details");
}

int check_sources(const CheckOptions& options) {
  return walk(options, true, [&](const Source& source, const Entry& entry) {
    if (entry.error.empty())
      spdlog::debug("{}: {}x{}, {:.1f} stops", shown(source.data.folder / entry.file), entry.facts.width,
                    entry.facts.height, entry.facts.light.stops);
  });
}

int list_sources(const CheckOptions& options) {
  return walk(options, false, [&](const Source& source, const Entry& entry) {
    if (options.json) {
      std::printf("%s\n", to_json(source, entry).dump().c_str());
    } else if (entry.error.empty()) {
      const PictureFacts& facts = entry.facts;
      std::printf("%-32s %-4s %5lldx%-5lld median %-9.4g max %-9.4g %5.1f stops %6.2f %% clipped\n",
                  shown(entry.file).c_str(), facts.format.c_str(), static_cast<long long>(facts.width),
                  static_cast<long long>(facts.height), facts.light.median, facts.light.largest, facts.light.stops,
                  100 * facts.clipped);
    }
    std::fflush(stdout);
  });
}

}  // namespace duhdr
