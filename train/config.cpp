// SPDX-License-Identifier: Apache-2.0
#include "train/config.h"

#include <algorithm>

#include "base/fields.h"
#include "base/file.h"
#include "models/registry.h"
#include "train/stages.h"
#include "train/validation.h"

namespace duhdr {
namespace {

constexpr std::int64_t many = 1'000'000'000;
constexpr double large = 1e9;
constexpr std::int64_t patch_unit = 32;  // of any model
constexpr std::size_t mebibyte = std::size_t{1} << 20;

/// Reads a file's keys and, in the other direction, writes them: each key stands here once.
class Fields {
 public:
  explicit Fields(JsonObject& reader) : reader_(&reader) {}
  explicit Fields(nlohmann::json& out) : out_(&out) {}
  bool reading() const { return reader_ != nullptr; }

  template <class T>
  void integer(const char* key, T& value, std::int64_t lo, std::int64_t hi) {
    if (reading())
      value = static_cast<T>(reader_->integer(key, lo, hi, static_cast<std::int64_t>(value)));
    else
      (*out_)[key] = value;
  }
  void number(const char* key, double& value, double lo, double hi) {
    if (reading())
      value = reader_->number(key, lo, hi, value);
    else
      (*out_)[key] = value;
  }
  void boolean(const char* key, bool& value) {
    if (reading())
      value = reader_->boolean(key, value);
    else
      (*out_)[key] = value;
  }
  void text(const char* key, std::string& value) {
    if (reading())
      value = reader_->text(key, value);
    else
      (*out_)[key] = value;
  }
  void texts(const char* key, std::vector<std::string>& value) {
    if (!reading())
      (*out_)[key] = value;
    else if (reader_->has(key))
      value = reader_->texts(key);
  }
  /// One of the names, in the order of the enumeration's values.
  template <class E>
  void choice(const char* key, E& value, std::initializer_list<std::string_view> names) {
    const auto index = static_cast<std::size_t>(value);
    if (!reading()) {
      (*out_)[key] = std::string(names.begin()[index]);
      return;
    }
    const std::string text = reader_->one_of(key, names, std::string(names.begin()[index]));
    value = static_cast<E>(std::find(names.begin(), names.end(), text) - names.begin());
  }
  /// The name of one of the rows.
  template <class Rows>
  void name(const char* key, std::string& value, const Rows& rows) {
    text(key, value);
    std::string names;
    for (const auto& row : rows) {
      if (row.name == value) return;
      names += (names.empty() ? "" : ", ") + std::string(row.name);
    }
    refuse(key, message("\"", escaped(value), "\" is none of ", names));
  }
  template <std::size_t N>
  void integers(const char* key, std::array<std::int64_t, N>& value, std::int64_t lo, std::int64_t hi) {
    if (!reading()) {
      (*out_)[key] = value;
      return;
    }
    if (!reader_->has(key)) return;
    const std::vector<std::int64_t> found = reader_->integers(key, lo, hi);
    if (found.size() != N) reader_->refuse(key, message(found.size(), " numbers, expected ", N));
    std::copy(found.begin(), found.end(), value.begin());
  }
  /// [least, most], each in [lo, hi]; absent is [].
  void range(const char* key, std::optional<std::array<double, 2>>& value, double lo, double hi) {
    if (!reading()) {
      (*out_)[key] = nlohmann::json::array();
      if (value) (*out_)[key] = *value;
      return;
    }
    if (!reader_->has(key)) return;
    const std::vector<double> found = reader_->numbers(key, lo, hi);
    if (found.empty()) return value.reset();
    if (found.size() != 2) refuse(key, message(found.size(), " numbers, expected 2"));
    if (found[0] > found[1]) refuse(key, message(found[0], " is above ", found[1]));
    value = {found[0], found[1]};
  }
  /// A nested object whose fields `visit` goes through; absent = all defaults.
  template <class F>
  void object(const char* key, F visit) {
    if (!reading()) {
      Fields nested((*out_)[key] = nlohmann::json::object());
      visit(nested);
    } else if (reader_->has(key)) {
      JsonObject inner = reader_->object(key);
      Fields nested(inner);
      visit(nested);
      inner.finish();
    }
  }
  [[noreturn]] void refuse(const char* key, const std::string& reason) const { reader_->refuse(key, reason); }

 private:
  JsonObject* reader_ = nullptr;
  nlohmann::json* out_ = nullptr;
};

void visit_camera(Fields& f, CameraOptions& camera) {
  f.number("exposure_lo", camera.exposure_lo, -20, 20);
  f.number("exposure_hi", camera.exposure_hi, -20, 20);
  f.number("signal_noise", camera.signal_noise, 0, 1);
  f.number("constant_noise", camera.constant_noise, 0, 1);
  f.integer("jpeg_lo", camera.jpeg_lo, 0, 100);
  f.integer("jpeg_hi", camera.jpeg_hi, 0, 100);
  f.choice("exposure", camera.exposure, {"mean", "clipped"});
  f.number("clipped_lo", camera.clipped_lo, 1e-6, 0.5);
  f.number("clipped_hi", camera.clipped_hi, 1e-6, 0.5);
  f.number("unclipped", camera.unclipped, 0, 1);
  f.number("white_balance", camera.white_balance, 0, 4);
  f.number("glare", camera.glare, 0, 1);
  f.number("blur", camera.blur, 0, 1);
  f.number("sharpen", camera.sharpen, 0, 1);
  f.number("subsampling", camera.subsampling, 0, 1);
  f.number("srgb_like", camera.srgb_like, 0, 1);
  if (!f.reading()) return;
  if (camera.exposure_lo > camera.exposure_hi) f.refuse("exposure_lo", "above exposure_hi");
  if (camera.jpeg_lo > camera.jpeg_hi) f.refuse("jpeg_lo", "above jpeg_hi");
  if (camera.jpeg_lo == 0 && camera.jpeg_hi != 0) f.refuse("jpeg_lo", "quality 0 (1 to 100, or both 0 for none)");
  if (camera.clipped_lo > camera.clipped_hi) f.refuse("clipped_lo", "above clipped_hi");
}

void visit_data(Fields& f, TrainConfig& c) {
  f.texts("sources", c.sources);
  f.texts("unpaired", c.unpaired);
  f.texts("validation", c.validation_sources);
  f.boolean("augment", c.data.augment);
  f.number("lights", c.data.lights, 0, 1);
  f.number("validation_share", c.data.validation_share, 0, 0.5);
  std::size_t cache = c.data.cache_bytes / mebibyte;
  f.integer("cache_mib", cache, 0, std::int64_t{1} << 24);
  c.data.cache_bytes = cache * mebibyte;
  f.integer("threads", c.threads, 1, 1024);
  f.object("camera", [&](Fields& inner) { visit_camera(inner, c.data.camera); });
}

void visit_loss(Fields& f, LossOptions& loss) {
  f.number("dn_dual", loss.dn_dual, 0, large);
  f.number("dnm_dual", loss.dnm_dual, 0, large);
  f.number("dnm_dn", loss.dnm_dn, 0, large);
  f.number("perceptual", loss.perceptual, 0, large);
  f.number("itn_dual", loss.itn_dual, 0, large);
  f.number("total_variation", loss.total_variation, 0, large);
  f.number("curve", loss.curve, 0, large);
  f.choice("log", loss.log, {"l2", "l1"});
  f.choice("refinement", loss.refinement, {"l2", "log_l1", "log"});
  f.choice("response", loss.response, {"l2", "log"});
  f.choice("itnet_input", loss.itnet_input, {"truth", "chain"});
  f.choice("dnm_clipped", loss.dnm_clipped, {"known", "process", "hard"});
  f.object("highlights", [&](Fields& inner) {
    inner.number("log", loss.highlights.log, 0, large);
    inner.number("structure", loss.highlights.structure, 0, large);
    inner.number("energy", loss.highlights.energy, 0, large);
    inner.number("gradient", loss.highlights.gradient, 0, large);
    inner.number("colour", loss.highlights.colour, 0, large);
  });
  f.boolean("raw_perceptual", loss.raw_perceptual);
  f.integer("itnet_iterations", loss.itnet_iterations, 1, 16);
  f.boolean("literal", loss.literal);
}

void visit_adam(Fields& f, AdamDesc& adam) {
  f.number("beta1", adam.beta1, 0, 0.9999999);
  f.number("beta2", adam.beta2, 0, 0.9999999);
  f.number("eps", adam.eps, 1e-30, 1);
  f.number("clip_norm", adam.clip_norm, 0, large);
  f.number("ema_decay", adam.ema_decay, 0, 0.9999999);
}

void visit_perceptual(Fields& f, PerceptualOptions& perceptual) {
  f.text("weights", perceptual.weights);
  f.integer("seed", perceptual.seed, 0, many);
  f.integers("widths", perceptual.widths, 1, 4096);
}

void visit_validation(Fields& f, TrainConfig& c) {
  f.integer("every", c.validation.every, 1, many);
  f.integer("samples", c.validation.samples, 1, 10000);
  f.integer("patch", c.validation.patch, 32, 4096);
  f.integer("pictures", c.validation.pictures, 0, 64);
  f.name("best_by", c.validation.best_by, validation_metrics());
  if (f.reading() && c.validation.patch % patch_unit != 0) f.refuse("patch", "not a multiple of 32");
}

void visit_plan(Fields& f, StagePlan& plan) {
  f.text("stage", plan.stage);
  f.integer("steps", plan.steps, 1, many);
  f.integer("batch", plan.batch, 1, 4096);
  f.integer("patch", plan.patch, 32, 4096);
  f.range("view", plan.view, 0.01, 1);
  f.number("learning_rate", plan.learning_rate.start, 0, 1);
  f.choice("decay", plan.learning_rate.kind, {"constant", "cosine", "step"});
  f.number("end_factor", plan.learning_rate.end_factor, 0, 1);
  f.number("step_factor", plan.learning_rate.step_factor, 0, 1);
  f.integer("step_every", plan.learning_rate.step_every, 1, many);
  f.integer("warmup", plan.learning_rate.warmup, 0, many);
  f.boolean("running_statistics", plan.running_statistics);
  if (!f.reading()) return;
  try {
    (void)stage_named(plan.stage);
  } catch (const Error& error) {
    f.refuse("stage", error.what());
  }
  if (plan.patch % patch_unit != 0) f.refuse("patch", message(plan.patch, " is not a multiple of 32"));
}

void visit(Fields& f, TrainConfig& c) {
  f.text("name", c.name);
  f.integer("seed", c.seed, 0, std::numeric_limits<std::int64_t>::max());
  bool mixed = c.precision == DType::bf16;
  f.choice("precision", mixed, {"f32", "mixed"});
  c.precision = mixed ? DType::bf16 : DType::f32;
  f.object("data", [&](Fields& inner) { visit_data(inner, c); });
  f.object("loss", [&](Fields& inner) { visit_loss(inner, c.loss); });
  f.object("adam", [&](Fields& inner) { visit_adam(inner, c.adam); });
  f.object("perceptual", [&](Fields& inner) { visit_perceptual(inner, c.perceptual); });
  f.object("validation", [&](Fields& inner) { visit_validation(inner, c); });
  f.object("checkpoint", [&](Fields& inner) {
    inner.integer("every", c.checkpoint_every, 1, many);
    inner.number("minutes", c.checkpoint_minutes, 0.001, large);
  });
}

/// The architecture with the family's defaults for what is not named.
ModelSpec parse_model(nlohmann::json named, const std::string& shown_name) {
  ModelSpec spec = default_spec();
  JsonObject reader(named, shown_name, ExitCode::usage, "model");
  spec.family = reader.text("family", spec.family);
  named.erase("family");
  try {
    spec.architecture = model_family(spec.family).variants().front();
  } catch (const Error& error) {
    reader.refuse("family", error.what());
  }
  spec.architecture.merge_patch(named);
  const ConstructOn nowhere(Device::meta());
  spec.architecture = make_model(spec, shown_name, ExitCode::usage, "model")->architecture();
  return spec;
}

std::int64_t alignment_of(const ModelSpec& spec, const std::string& shown_name) {
  const ConstructOn nowhere(Device::meta());
  return make_model(spec, shown_name, ExitCode::usage, "model")->to_hdr().alignment;
}

StagePlan parse_plan(JsonObject reader) {
  Fields fields(reader);
  StagePlan plan;
  visit_plan(fields, plan);
  reader.finish();
  return plan;
}

}  // namespace

TrainConfig parse_config(const nlohmann::json& json, const std::string& shown_name) {
  TrainConfig config;
  JsonObject reader(json, shown_name, ExitCode::usage);
  reader.integer("format_version", 1, 1, 1);
  Fields fields(reader);
  visit(fields, config);
  if (reader.has("model")) {
    (void)reader.object("model");
    config.model = parse_model(json.at("model"), shown_name);
  }
  if (reader.has("schedule"))
    for (const JsonObject& row : reader.objects("schedule")) config.schedule.push_back(parse_plan(row));
  const std::int64_t alignment = alignment_of(config.model, shown_name);
  for (const StagePlan& plan : config.schedule) {
    if (plan.patch % alignment != 0)
      reader.refuse("schedule", message("a patch of ", plan.patch, ", the model needs multiples of ", alignment));
    if (const std::string_view family = stage_named(plan.stage).family; family != config.model.family)
      reader.refuse("schedule", message("stage ", plan.stage, " is for models of the family ", family, ", not ",
                                        config.model.family));
  }
  reader.finish();
  return config;
}

TrainConfig read_config(const std::filesystem::path& path) {
  const Bytes bytes = read_file(path, mebibyte, ExitCode::usage);
  const std::string_view text{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  return parse_config(parse_json(text, shown(path), ExitCode::usage), shown(path));
}

nlohmann::json to_json(const TrainConfig& config) {
  nlohmann::json out = nlohmann::json::object();
  out["format_version"] = 1;
  Fields fields(out);
  TrainConfig copy = config;
  visit(fields, copy);
  out["model"] = config.model.architecture;
  out["model"]["family"] = config.model.family;
  out["schedule"] = nlohmann::json::array();
  for (StagePlan plan : config.schedule) {
    Fields row(out["schedule"].emplace_back(nlohmann::json::object()));
    visit_plan(row, plan);
  }
  return out;
}

nlohmann::json identity(const TrainConfig& config) {
  nlohmann::json out = to_json(config);
  for (const char* key : {"name", "validation", "checkpoint"}) out.erase(key);
  for (const char* key : {"threads", "cache_mib", "validation"}) out["data"].erase(key);
  if (!config.validation_sources.empty()) out["data"]["validation_share"] = 0.0;  // training sees every file
  return out;
}

}  // namespace duhdr
