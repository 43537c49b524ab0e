// SPDX-License-Identifier: Apache-2.0
#include "data/evaluation_manifest.h"

#include <algorithm>
#include <limits>
#include <set>

#include "base/fields.h"
#include "data/file_list.h"

namespace duhdr {
namespace {

using nlohmann::ordered_json;

constexpr std::int64_t format_version = 1;
constexpr std::size_t byte_limit = std::size_t{64} << 20;

ordered_json to_json(const StatedFile& file) { return {{"file", file.path}, {"sha256", file.sha256}}; }

ordered_json to_json(const EvaluationOptions& options) {
  return {{"seed", options.seed},
          {"width", options.width},
          {"height", options.height},
          {"clipped_percent", options.clipped},
          {"jpeg_quality", {options.quality_lo, options.quality_hi}},
          {"signal_noise", options.signal_noise},
          {"constant_noise", options.constant_noise}};
}

StatedFile file_of(JsonObject object, bool inside) {
  StatedFile file{object.text("file"), object.text("sha256")};
  if (inside && !path_inside(file.path))
    object.refuse("file", message("'", escaped(file.path), "' is not the path of a file inside the folder"));
  const bool digits = file.sha256.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (file.sha256.size() != 64 || !digits)
    object.refuse("sha256", message("'", escaped(file.sha256, 80), "' is not a SHA-256 (64 hexadecimal digits)"));
  object.finish();
  return file;
}

EvaluationOptions options_of(JsonObject object) {
  constexpr std::int64_t most_side = 65'536;
  EvaluationOptions options;
  options.seed = object.integer("seed", 0, std::numeric_limits<std::int64_t>::max());
  options.width = object.integer("width", 0, most_side);
  options.height = object.integer("height", 0, most_side);
  options.clipped = object.integers("clipped_percent", 1, 99);
  const std::vector<std::int64_t> quality = object.integers("jpeg_quality", 1, 100);
  if (quality.size() != 2) object.refuse("jpeg_quality", message("found ", quality.size(), " numbers, allowed: 2"));
  options.quality_lo = static_cast<int>(quality[0]);
  options.quality_hi = static_cast<int>(quality[1]);
  options.signal_noise = object.number("signal_noise", 0, 1);
  options.constant_noise = object.number("constant_noise", 0, 1);
  object.finish();
  return options;
}

std::string printable(JsonObject& object, std::string_view key) {
  const std::string text = object.text(key);
  if (text.empty() || escaped(text) != text)
    object.refuse(key, message("'", escaped(text), "' cannot be printed, or is empty"));
  return text;
}

EvaluationManifest::Pair pair_of(JsonObject& object) {
  constexpr double most = std::numeric_limits<double>::max(), least = std::numeric_limits<double>::min();
  EvaluationManifest::Pair pair;
  pair.name = printable(object, "name");
  pair.scene = printable(object, "scene");
  pair.source = file_of(object.object("source"), false);
  pair.ldr = file_of(object.object("ldr"), true);
  pair.hdr = file_of(object.object("hdr"), true);
  pair.clip_level = object.number("clip_level", least, most);
  pair.clipped = object.number("clipped_share", 0, 1);
  pair.exposure = object.number("exposure", least, most);
  pair.quality = object.integer("jpeg_quality", 1, 100);
  pair.curve = printable(object, "curve");
  object.finish();
  return pair;
}

}  // namespace

std::string encode_evaluation_manifest(const EvaluationManifest& manifest) {
  ordered_json pairs = ordered_json::array();
  for (const EvaluationManifest::Pair& pair : manifest.pairs)
    pairs.push_back({{"name", pair.name},
                     {"scene", pair.scene},
                     {"source", to_json(pair.source)},
                     {"ldr", to_json(pair.ldr)},
                     {"hdr", to_json(pair.hdr)},
                     {"clip_level", pair.clip_level},
                     {"clipped_share", pair.clipped},
                     {"exposure", pair.exposure},
                     {"jpeg_quality", pair.quality},
                     {"curve", pair.curve}});
  const ordered_json text{{"format_version", format_version},
                          {"program", manifest.program},
                          {"options", to_json(manifest.options)},
                          {"curves", to_json(manifest.curves)},
                          {"pairs", std::move(pairs)}};
  return text.dump(1) + "\n";
}

EvaluationManifest parse_evaluation_manifest(std::string_view text, const std::string& shown_name) {
  const nlohmann::json value = parse_json(text, shown_name, ExitCode::bad_image, {.bytes = byte_limit});
  JsonObject object(value, shown_name, ExitCode::bad_image);
  object.integer("format_version", format_version, format_version);
  EvaluationManifest manifest;
  manifest.program = printable(object, "program");
  manifest.options = options_of(object.object("options"));
  manifest.curves = file_of(object.object("curves"), true);
  std::set<std::string> names;
  for (JsonObject& pair : object.objects("pairs")) {
    manifest.pairs.push_back(pair_of(pair));
    const std::string& name = manifest.pairs.back().name;
    if (!names.insert(name).second) pair.refuse("name", message("'", name, "' appears twice"));
  }
  object.finish();
  if (manifest.pairs.empty()) object.refuse("pairs", "none");
  return manifest;
}

EvaluationManifest read_evaluation_manifest(const std::filesystem::path& path) {
  const Bytes bytes = read_file(path, byte_limit, ExitCode::bad_image);
  return parse_evaluation_manifest({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, shown(path));
}

}  // namespace duhdr
