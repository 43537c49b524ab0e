// SPDX-License-Identifier: Apache-2.0
#include "apps/infer_options.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "apps/options.h"
#include "apps/program.h"
#include "image/formats.h"
#include "operators/inverse_operator.h"

namespace duhdr {

namespace {

std::string refusal_of_method(const std::string& name) {
  try {
    (void)inverse_operator(name);
    return {};
  } catch (const Error& error) {
    return error.what();
  }
}

std::vector<std::string> names_of_primaries() {
  std::vector<std::string> names;
  for (const NamedPrimaries& named : named_primaries) names.emplace_back(named.name);
  return names;
}

using Part = bool Format::Uses::*;

constexpr std::pair<const char*, Part> options_of_formats[] = {{"--exr", &Format::Uses::exr},
                                                               {"--exr-compression", &Format::Uses::exr},
                                                               {"--primaries", &Format::Uses::primaries},
                                                               {"--quality", &Format::Uses::quality},
                                                               {"--depth", &Format::Uses::depth},
                                                               {"--gain-map", &Format::Uses::map_size},
                                                               {"--colour-gain-map", &Format::Uses::display},
                                                               {"--white-nits", &Format::Uses::display},
                                                               {"--peak-nits", &Format::Uses::display}};

/// The formats of the kind that an option applies to: "OpenEXR, Radiance HDR"; "no format of this direction".
std::string titles_with(Part part, Image::Referred kind) {
  std::string titles;
  for (const Format& format : formats())
    if (format.uses.*part && format.referred == kind) titles += message(titles.empty() ? "" : ", ", format.title);
  return titles.empty() ? "no format of this direction" : titles;
}

}  // namespace

void InferOptions::add_to(CLI::App& app) {
  app_ = &app;
  app.add_option("-i,--input,input", inputs, "Picture files and folders (" + readable_formats() + ")")
      ->type_name("PATH");
  app.add_option("-o,--output", output, "File, or folder for several inputs")->type_name("PATH");
  app.add_option("-m,--model", model,
                 "Model directory (model.json and its weight files). Default: the one that comes with duhdr")
      ->check([](const std::string& text) { return std::string(text.empty() ? "no folder is named" : ""); })
      ->type_name("DIR");
  CLI::Option* by_method = app.add_option("--method", method, "An operator of --list-methods instead of a model")
                               ->check(refusal_of_method)
                               ->type_name("NAME");
  app.add_flag("--list-methods", list_methods, "List the operators: name, what it does, source; and stop");
  app.add_option("-d,--device", device, "auto, cpu, cuda or cuda:N")->capture_default_str();
  app.add_flag("--list-devices", list_devices, "List the devices that can be used, and stop");
  app.add_option(
         "-f,--format", format,
         "exr, hdr, pfm, uhdr (a JPEG with a gain map), png-pq or avif (both BT.2100 PQ); with --reverse png or jpg. "
         "Default: the output's extension")
      ->type_name("FORMAT");
  app.add_option("-t,--tile", tile, "Tile side in pixels, auto (by memory) or none")->capture_default_str();
  app.add_option("--max-memory", max_memory, "Limit of the memory for tensors, for example 4G")->type_name("SIZE");
  app.add_option("--precision", precision, "f32, or mixed (bf16 activations)")
      ->check(CLI::IsMember({"f32", "mixed"}))
      ->capture_default_str();
  add_number(app, "-j,--threads", threads, "CPU threads; 0 = all", 0, 1024)->capture_default_str();
  add_number(app, "--exposure", exposure, "Multiply the HDR image by 2^EV", -32.0, 32.0)
      ->type_name("EV")
      ->capture_default_str();
  app.add_flag("--preview", preview, "Also write <output>.preview.png: -6, -4, -2 and 0 EV");
  app.add_option("--report", report,
                 "Write <DIR>/report.html, a page that shows the pictures and what was made of them")
      ->check([](const std::string& text) { return std::string(text.empty() ? "no folder is named" : ""); })
      ->type_name("DIR");
  app.add_option("--layers", layers, "Pictures in an EXR: hdr (always there), linear (before the reconstruction), mask")
      ->delimiter(',')
      ->check(CLI::IsMember({"hdr", "linear", "mask"}))
      ->type_name("LIST");
  app.add_option("--exr", exr, "Floats of an EXR: half (16 bits) or float (32 bits)")
      ->check(CLI::IsMember({"half", "float"}))
      ->capture_default_str();
  app.add_option("--exr-compression", compression, "Of an EXR")
      ->check(CLI::IsMember(std::vector<std::string>(exr_compressions.begin(), exr_compressions.end())))
      ->capture_default_str();
  app.add_option("--primaries", primaries, "Colour space of an EXR or Radiance .hdr")
      ->check(CLI::IsMember(names_of_primaries()))
      ->capture_default_str();
  app.add_option("--gain-map", map_size,
                 "Size of the gain map of an Ultra HDR JPEG: full, half or quarter of the picture's")
      ->check(CLI::IsMember({"full", "half", "quarter"}))
      ->capture_default_str();
  app.add_flag("--colour-gain-map", write.colour_gain,
               "One gain a channel instead of one a pixel (uhdr, png-pq, avif)");
  add_number(app, "--white-nits", write.white,
             "cd/m^2 of the photograph's white on an HDR display (uhdr, png-pq, avif)", 1.0, 5000.0)
      ->capture_default_str();
  add_number(app, "--peak-nits", write.peak,
             "cd/m^2 of the brightest display that is written for (uhdr, png-pq, avif); above --white-nits", 1.0,
             10000.0)
      ->capture_default_str();
  add_number(app, "--quality", write.quality, "Of a JPEG or AVIF that is encoded", 1, 100)->capture_default_str();
  app.add_option("--depth", write.depth, "Bits of an AVIF: 10 or 12")
      ->check(CLI::IsMember({10, 12}))
      ->capture_default_str();
  app.add_flag("--strip-metadata", write.strip_metadata,
               "Leave out what the photograph's file says beside the picture");
  app.add_flag("--reverse", reverse, "HDR -> LDR by the learned camera");
  app.add_flag("--describe", describe, "Parameters, operations and memory of every network, and stop");
  app.add_option("--size", size, "Size for --describe: N or WIDTHxHEIGHT")->capture_default_str();
  app.add_option("--if-exists", if_exists,
                 "skip, overwrite or fail. Default: a named file is overwritten, a folder run skips")
      ->check(CLI::IsMember({"skip", "overwrite", "fail"}));
  add_number(app, "--max-pixels", limits.pixels, "Largest picture that is read", std::int64_t{1}, std::int64_t{1} << 34)
      ->capture_default_str();
  app.add_flag("--lenient", limits.lenient, "Decode damaged JPEG files as far as they go");
  add_number(app, "--part", limits.exr_part, "Part of a multi-part EXR", 0, 65535);
  app.add_flag("--json", json, "One JSON object a picture on stdout, then a summary");
  app.add_flag("-q,--quiet", quiet, "Only errors");
  app.add_flag("-v,--verbose", verbose, "Resolved options and timings");
  app.add_flag("--dry-run", dry_run, "Check everything, read the pictures' names, write nothing");
  for (const char* of_models : {"--model", "--reverse", "--tile", "--precision", "--describe", "--layers"})
    by_method->excludes(app.get_option(of_models));
  for (const char* of_light : {"--layers", "--report"}) app.get_option("--reverse")->excludes(app.get_option(of_light));
}

EngineOptions InferOptions::engine_options() const {
  EngineOptions options;
  if (method.empty())
    options.device = parse_device(device);
  else if (device != "auto" && device != "cpu")
    throw Error(ExitCode::usage, message("--device ", escaped(device), ": --method runs on the CPU (auto, cpu)"));
  options.precision = precision == "mixed" ? DType::bf16 : DType::f32;
  options.layers.insert(layers.begin(), layers.end());
  options.layers.erase("hdr");  // the result itself
  if (!max_memory.empty()) options.max_memory = parse_size("--max-memory", max_memory);
  if (tile == "none") {
    options.tile = EngineOptions::whole;
  } else if (tile != "auto") {
    const auto [end, error] = std::from_chars(tile.data(), tile.data() + tile.size(), options.tile);
    if (error != std::errc() || end != tile.data() + tile.size() || options.tile < 32 || options.tile > 65536)
      throw Error(ExitCode::usage, message("--tile ", escaped(tile), ": not auto, none or 32..65536"));
  }
  return options;
}

/// Refuses what does not go together with the format.
void InferOptions::check(const Format& chosen) const {
  for (const auto& [option, part] : options_of_formats)
    if (app_->count(option) > 0 && !(chosen.uses.*part))
      throw Error(ExitCode::usage, message(option, ": does not apply to ", chosen.title, " (to ",
                                           titles_with(part, chosen.referred), ")"));
  if (chosen.uses.display && write.peak <= write.white)
    throw Error(ExitCode::usage, message("--peak-nits ", write.peak, ": not above --white-nits ", write.white));
  if (chosen.shows_photograph && !method.empty())
    throw Error(ExitCode::usage, message("--method ", method, ": ", chosen.title, " needs a model"));
  if (chosen.shows_photograph && exposure != 0)
    throw Error(ExitCode::usage, message("--exposure: ", chosen.title,
                                         " shows the photograph as it is; --white-nits sets its brightness"));
}

JobRequest InferOptions::job_request() const {
  JobRequest request;
  for (const std::string& input : inputs) request.inputs.emplace_back(input);
  request.output = output;
  request.format = format;
  request.if_exists = if_exists == "skip"        ? IfExists::skip
                      : if_exists == "overwrite" ? IfExists::overwrite
                      : if_exists == "fail"      ? IfExists::fail
                                                 : IfExists::automatic;
  request.reverse = reverse;
  request.preview = preview;
  request.layers = !layers.empty();
  request.dry_run = dry_run;
  request.check = [this](const Format& chosen) { check(chosen); };
  return request;
}

BatchOptions InferOptions::batch_options() const {
  BatchOptions batch;
  batch.exposure = exposure;
  batch.reverse = reverse;
  batch.replace = if_exists != "fail";
  batch.limits = limits;
  batch.write = write;
  batch.write.half = exr == "half";
  batch.write.compression =
      static_cast<ExrCompression>(std::ranges::find(exr_compressions, compression) - exr_compressions.begin());
  batch.write.primaries = std::ranges::find(named_primaries, primaries, &NamedPrimaries::name)->primaries;
  batch.write.map_size = map_size == "full" ? MapSize::full : map_size == "quarter" ? MapSize::quarter : MapSize::half;
  return batch;
}

nlohmann::json InferOptions::resolved(const EngineOptions& engine) const {
  return {{"device", engine.device.text()}, {"precision", precision}, {"exposure", exposure}, {"reverse", reverse}};
}

}  // namespace duhdr
