// SPDX-License-Identifier: Apache-2.0
#include "eval/methods.h"

#include <algorithm>
#include <map>

#include "base/file.h"
#include "base/sha256.h"
#include "eval/sanity.h"
#include "image/formats.h"
#include "infer/engine.h"
#include "models/model_directory.h"
#include "operators/inverse_operator.h"

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

/// A folder of results of somebody else's program.
class Results : public EvaluatedMethod {
 public:
  Results(std::string name, const fs::path& folder)
      : EvaluatedMethod(std::move(name), "results in " + shown(folder.filename())), folder_(folder) {
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
      const fs::path& file = entry.path();
      if (!names_picture(file, Image::Referred::scene)) continue;
      const auto [at, is_new] = files_.emplace(file.lexically_relative(folder).replace_extension().string(), file);
      if (!is_new)
        throw Error(ExitCode::usage, message(shown(folder), ": two results of one name (", shown(at->second.filename()),
                                             ", ", shown(file.filename()), ")"));
    }
  }
  std::string identity(const EvaluationPair& pair) const override {
    return sha256(read_file(file_of(pair), ReadLimits{}.file_bytes, ExitCode::bad_image));
  }
  Tensor estimate(const EvaluationPair& pair, const LoadedPair&) override { return read_light(file_of(pair)); }

 private:
  const fs::path& file_of(const EvaluationPair& pair) const {
    for (const fs::path& stem : {fs::path(pair.name), pair.hdr.stem(), pair.ldr.stem()})
      if (const auto found = files_.find(stem.string()); !stem.empty() && found != files_.end()) return found->second;
    throw Error(ExitCode::bad_image, message(shown(folder_), ": no result for ", pair.name));
  }

  fs::path folder_;
  std::map<std::string, fs::path> files_;  // by their names below the folder, without extension
};

class Sanity : public EvaluatedMethod {
 public:
  explicit Sanity(std::string name, const SanityRow& row)
      : EvaluatedMethod(std::move(name), std::string(row.title)), row_(row) {}
  Tensor estimate(const EvaluationPair& pair, const LoadedPair& loaded) override {
    return row_.estimate(linearised(loaded.codes, pair.inverse_curve), loaded.reference, loaded.clipped);
  }

 private:
  const SanityRow& row_;
};

void need_photographs(const std::string& text, const EvaluationSet& set) {
  for (const EvaluationPair& pair : set.pairs)
    if (pair.ldr.empty())
      throw Error(ExitCode::usage, message("method ", text, " needs photographs, and ", pair.name, " has none"));
}

std::unique_ptr<EvaluatedMethod> model(std::string label, const fs::path& folder, const EngineOptions& options) {
  auto engine = std::make_unique<Engine>(load_model(folder), options);
  const Provenance& model = engine->provenance();
  if (label.empty()) label = model.model;
  const std::string description = message("model ", escaped(model.model), ", SHA-256 ", model.model_sha256);
  return std::make_unique<Reconstruction>(label, description, std::move(engine));
}

}  // namespace

std::unique_ptr<EvaluatedMethod> make_method(const std::string& text, const EvaluationSet& set,
                                             const EngineOptions& options,
                                             const std::function<std::unique_ptr<Method>(const std::string&)>& named) {
  const std::size_t equals = text.find('=');
  std::string label = equals == std::string::npos ? "" : text.substr(0, equals);
  const std::string name = equals == std::string::npos ? text : text.substr(equals + 1);
  std::error_code ignored;
  if (fs::is_directory(name, ignored)) {
    const fs::path folder = fs::path(name).lexically_normal();
    if (fs::exists(folder / "model.json", ignored)) {
      need_photographs(text, set);
      return model(label, folder, options);
    }
    const fs::path last = folder.has_filename() ? folder.filename() : folder.parent_path().filename();
    return std::make_unique<Results>(label.empty() ? last.string() : label, folder);
  }
  if (label.empty()) label = name;
  need_photographs(text, set);
  for (const SanityRow& row : sanity_rows()) {
    if (row.name != name) continue;
    for (const EvaluationPair& pair : set.pairs)
      if (pair.inverse_curve.empty())
        throw Error(ExitCode::usage, message("method ", text, " needs the cameras' true curves, and ", pair.name,
                                             " has none (a set made by duhdr-data evaluation has them)"));
    return std::make_unique<Sanity>(label, row);
  }
  const InverseOperator& row = inverse_operator(name);
  return std::make_unique<Reconstruction>(label, message(row.title, " (", row.source, ")"), named(name));
}

}  // namespace duhdr
