// SPDX-License-Identifier: Apache-2.0
// What is evaluated: models, classical operators, folders of results, and rows that show what the numbers are worth.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "eval/pair.h"
#include "infer/engine.h"
#include "infer/method.h"

namespace duhdr {

/// One row of the report.
class EvaluatedMethod {
 public:
  EvaluatedMethod(std::string name, std::string description)
      : name_(std::move(name)), description_(std::move(description)) {}
  virtual ~EvaluatedMethod() = default;
  const std::string& name() const { return name_; }                // safe to print
  const std::string& description() const { return description_; }  // one line, with what decides the result

  /// What decides the estimate besides the description and the pair's own files: the SHA-256 of a file of results.
  /// Throws as estimate().
  virtual std::string identity(const EvaluationPair&) const { return {}; }

  /// Whether estimates come from another program, so that they may lie beside the photograph.
  virtual bool is_from_elsewhere() const { return false; }

  /// Linear light [1, H, W, 3] f32; 1.0 = the photograph's clip level. Throws bad_image, io when there is none.
  virtual Tensor estimate(const EvaluationPair& pair, const LoadedPair& loaded) = 0;

 private:
  std::string name_, description_;
};

/// `text` is "[LABEL=]NAME". A folder with model.json is a model, another folder holds results; sanity rows
/// (eval/sanity.h) have names, and every other name is `named`'s, which throws usage when it knows none. Throws usage,
/// too, for a method that needs what the set does not have (photographs, the cameras' curves); io for a folder that is
/// not there; bad_weights as load_model(). limits: of files of results.
std::unique_ptr<EvaluatedMethod> make_method(
    const std::string& text, const EvaluationSet& set, const EngineOptions& options, const ReadLimits& limits,
    const std::function<std::unique_ptr<Method>(const std::string& name)>& named);

/// "[LABEL=]FOLDER" of results: HDR images below it named after the pairs ("clip_95/001"), or after the references or
/// the photographs where one name belongs to one pair. Throws usage for two results of one name, io for a folder that
/// cannot be read, bad_image for one without HDR images.
std::unique_ptr<EvaluatedMethod> make_results(const std::string& text, const EvaluationSet& set,
                                              const ReadLimits& limits);

}  // namespace duhdr
