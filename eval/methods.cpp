// SPDX-License-Identifier: Apache-2.0
#include "eval/methods.h"

#include <algorithm>
#include <map>
#include <set>
#include <system_error>
#include <utility>

#include "base/file.h"
#include "base/sha256.h"
#include "eval/sanity.h"
#include "image/formats.h"
#include "infer/engine.h"
#include "models/model_directory.h"
#include "operators/inverse_operator.h"
#include "operators/linearised.h"

namespace duhdr {
namespace {

namespace fs = std::filesystem;

/// A model or an operator: what duhdr-infer does to the photograph.
class Reconstruction : public EvaluatedMethod {
 public:
  Reconstruction(std::string name, std::string description, std::unique_ptr<Method> method)
      : EvaluatedMethod(std::move(name), std::move(description)), method_(std::move(method)) {}
  Tensor estimate(const EvaluationPair&, const LoadedPair& loaded) override {
    return method_->ldr_to_hdr(loaded.codes).pixels;
  }

 private:
  std::unique_ptr<Method> method_;
};

fs::path last_name(const fs::path& folder) {
  return folder.has_filename() ? folder.filename() : folder.parent_path().filename();
}

/// The HDR images below a folder, by their names in it without the extension.
std::map<std::string, fs::path> pictures_below(const fs::path& folder) {
  std::map<std::string, fs::path> found;
  std::error_code error;
  for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    const fs::path& file = at->path();
    if (!names_picture(file, Image::Referred::scene)) continue;
    const auto [other, is_new] = found.emplace(file.lexically_relative(folder).replace_extension().string(), file);
    if (!is_new)
      throw Error(ExitCode::usage, message(shown(folder), ": two results of one name (",
                                           shown(other->second.filename()), ", ", shown(file.filename()), ")"));
  }
  if (error) throw Error(ExitCode::io, message(shown(folder), ": cannot open (", error.message(), ")"));
  if (found.empty())
    throw Error(ExitCode::bad_image, shown(folder) + ": holds neither a model (model.json) nor results (HDR images)");
  return found;
}

/// A folder of results of somebody else's program.
class Results : public EvaluatedMethod {
 public:
  Results(std::string name, const fs::path& folder, const EvaluationSet& set, const ReadLimits& limits)
      : EvaluatedMethod(std::move(name), "results in " + shown(last_name(folder))),
        folder_(folder),
        files_(pictures_below(folder)),
        limits_(limits) {
    for (const EvaluationPair& pair : set.pairs)
      for (const std::string& stem : stems_of(pair)) ++pairs_of_[stem];
  }
  std::string identity(const EvaluationPair& pair) const override {
    return sha256(read_file(file_of(pair), limits_.file_bytes, ExitCode::bad_image));
  }
  bool is_from_elsewhere() const override { return true; }
  Tensor estimate(const EvaluationPair& pair, const LoadedPair&) override { return read_light(file_of(pair), limits_); }

 private:
  static std::set<std::string> stems_of(const EvaluationPair& pair) {
    return {pair.hdr.stem().string(), pair.ldr.stem().string()};
  }

  /// By the pair's name, or that of one of its pictures where no other pair has it, as versions of a scene do.
  const fs::path& file_of(const EvaluationPair& pair) const {
    if (const auto found = files_.find(pair.name); found != files_.end()) return found->second;
    for (const std::string& stem : stems_of(pair))
      if (const auto found = files_.find(stem); found != files_.end() && pairs_of_.at(stem) == 1) return found->second;
    throw Error(ExitCode::bad_image, message(shown(folder_), ": no result for ", pair.name));
  }

  fs::path folder_;
  std::map<std::string, fs::path> files_;         // by their names below the folder, without extension
  std::map<std::string, std::int64_t> pairs_of_;  // that have a picture of this name
  ReadLimits limits_;
};

class Sanity : public EvaluatedMethod {
 public:
  explicit Sanity(std::string name, const SanityRow& row)
      : EvaluatedMethod(std::move(name), std::string(row.title)), row_(row) {}
  Tensor estimate(const EvaluationPair& pair, const LoadedPair& loaded) override {
    const std::vector<float> curve(pair.inverse_curve.begin(), pair.inverse_curve.end());
    const Tensor response = Tensor::of<float>(Shape{std::ssize(curve)}, curve);
    return row_.estimate(linear_by_curve(loaded.codes, response), loaded.reference, loaded.clipped);
  }

 private:
  const SanityRow& row_;
};

void need_photographs(const std::string& text, const EvaluationSet& set) {
  for (const EvaluationPair& pair : set.pairs)
    if (pair.ldr.empty())
      throw Error(ExitCode::usage,
                  message("method ", escaped(text), " needs photographs, and ", pair.name, " has none"));
}

std::unique_ptr<EvaluatedMethod> model(std::string label, const fs::path& folder, const EngineOptions& options) {
  auto engine = std::make_unique<Engine>(load_model(folder), options);
  const Provenance& model = engine->provenance();
  if (label.empty()) label = escaped(model.model);
  const std::string description = message("model ", escaped(model.model), ", SHA-256 ", model.model_sha256);
  return std::make_unique<Reconstruction>(label, description, std::move(engine));
}

/// The label, safe to print (empty: none), and the name of "[LABEL=]NAME". A folder's name may itself hold '='.
std::pair<std::string, std::string> parted(const std::string& text) {
  std::error_code ignored;
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || fs::is_directory(text, ignored)) return {"", text};
  return {escaped(text.substr(0, equals)), text.substr(equals + 1)};
}

}  // namespace

std::unique_ptr<EvaluatedMethod> make_results(const std::string& text, const EvaluationSet& set,
                                              const ReadLimits& limits) {
  const auto [label, name] = parted(text);
  const fs::path folder = fs::path(name).lexically_normal();
  return std::make_unique<Results>(label.empty() ? shown(last_name(folder)) : label, folder, set, limits);
}

std::unique_ptr<EvaluatedMethod> make_method(const std::string& text, const EvaluationSet& set,
                                             const EngineOptions& options, const ReadLimits& limits,
                                             const std::function<std::unique_ptr<Method>(const std::string&)>& named) {
  auto [label, name] = parted(text);
  std::error_code ignored;
  if (fs::exists(fs::path(name) / "model.json", ignored)) {
    need_photographs(text, set);
    return model(label, name, options);
  }
  if (fs::is_directory(name, ignored)) return make_results(text, set, limits);
  if (name.find('/') != std::string::npos) throw Error(ExitCode::io, escaped(name) + ": no such folder");
  if (label.empty()) label = escaped(name);
  need_photographs(text, set);
  for (const SanityRow& row : sanity_rows()) {
    if (row.name != name) continue;
    for (const EvaluationPair& pair : set.pairs)
      if (pair.inverse_curve.empty())
        throw Error(ExitCode::usage, message("method ", escaped(text), " needs the cameras' true curves, and ",
                                             pair.name, " has none (a set made by duhdr-data evaluation has them)"));
    return std::make_unique<Sanity>(label, row);
  }
  const InverseOperator& row = inverse_operator(name);
  return std::make_unique<Reconstruction>(label, message(row.title, " (", row.source, ")"), named(name));
}

}  // namespace duhdr
