// SPDX-License-Identifier: Apache-2.0
#include "eval/run.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <set>

#include "base/file.h"
#include "base/sha256.h"
#include "eval/row_store.h"
#include "eval/small_pictures.h"
#include "eval/summary.h"

namespace duhdr {
namespace {

std::string digest_of(const std::filesystem::path& file) {
  return file.empty() ? "" : sha256(read_file(file, ReadLimits{}.file_bytes, ExitCode::bad_image));
}

std::string sha256_of(const nlohmann::json& json) {
  const std::string text = json.dump();
  return sha256({reinterpret_cast<const std::byte*>(text.data()), text.size()});
}

/// What decides the numbers of a pair, but for the method.
nlohmann::json identity_of(const EvaluationPair& pair, const EvaluateOptions& options) {
  nlohmann::json names = nlohmann::json::array();
  for (const Metric* metric : options.metrics) names.push_back(metric->column.name);
  return {{"computes", options.computes},         {"protocol", options.protocol->name}, {"metrics", names},
          {"only_clipped", options.only_clipped}, {"pictures", options.pictures},       {"pair", pair.name},
          {"ldr", digest_of(pair.ldr)},           {"hdr", digest_of(pair.hdr)},         {"clip_level", pair.clip_level},
          {"curve", pair.inverse_curve}};
}

/// Aligned light, the reference outside of clipped pixels.
Tensor only_clipped(const Tensor& light, const LoadedPair& pair) {
  Tensor out(light.shape(), DType::f32);
  const float *value = light.data<float>(), *truth = pair.reference.data<float>();
  const std::uint8_t* mask = pair.clipped.data<std::uint8_t>();
  float* to = out.mutable_data<float>();
  for (std::int64_t i = 0; i < out.numel(); ++i) to[i] = mask[i / 3] != 0 ? value[i] : truth[i];
  return out;
}

Row computed(const EvaluationPair& pair, const LoadedPair& loaded, EvaluatedMethod& method,
             const EvaluateOptions& options, double& seconds) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point begin = Clock::now();
  const Tensor estimate = method.estimate(pair, loaded);
  seconds += std::chrono::duration<double>(Clock::now() - begin).count();
  const std::string name = method.name() + ", " + pair.name;
  check_estimate(name, estimate, loaded);
  if (method.is_from_elsewhere()) check_place(name, estimate, loaded.reference);
  Tensor light = options.protocol->align(estimate, loaded);
  if (options.only_clipped) light = only_clipped(light, loaded);
  Row row;
  row.result.pair = pair.name;
  row.result.warnings = loaded.warnings;
  Compared compared{
      .shown = options.protocol->show(light, loaded), .clipped = loaded.clipped, .wants_visibility = options.pictures};
  for (const Metric* metric : options.metrics)
    if (const std::optional<double> value = metric->measure(compared)) row.result.values[metric->column.name] = *value;
  if (options.pictures) add_small_pictures(row, compared, loaded.codes);
  return row;
}

/// The methods on one pair, each row from the store where it is. What does not fit, or cannot be read, is refused: that
/// is a result, which is not kept, as another file may come; what goes wrong with the store is an error.
class PairRun {
 public:
  PairRun(const EvaluationPair& pair, const EvaluateOptions& options, const RowStore& store)
      : pair_(pair), options_(options), store_(store) {}

  /// seconds: what reconstruction took is added; nothing for a kept row.
  Row run(EvaluatedMethod& method, double& seconds) {
    std::string key;
    std::optional<Row> row;
    try {
      key = key_of(method);
      row = store_.find(key);
      if (row) return *std::move(row);
      if (!loaded_) loaded_ = load_pair(pair_, options_.limits);
      row = computed(pair_, *loaded_, method, options_, seconds);
    } catch (const Error& error) {
      if (error.code() != ExitCode::bad_image && error.code() != ExitCode::io) throw;
      Row refused;
      refused.result.pair = pair_.name;
      refused.result.refusal = error.what();
      return refused;
    }
    store_.keep(key, *row);
    return *std::move(row);
  }

 private:
  std::string key_of(const EvaluatedMethod& method) {
    if (identity_.is_null()) identity_ = identity_of(pair_, options_);
    nlohmann::json identity = identity_;
    identity["method"] = {method.name(), method.description(), method.identity(pair_)};
    return sha256_of(identity);
  }

  const EvaluationPair& pair_;
  const EvaluateOptions& options_;
  const RowStore& store_;
  nlohmann::json identity_;  // null until it is needed
  std::optional<LoadedPair> loaded_;
};

/// Of all methods; all of them the refusal where one is refused.
std::vector<Row> rows_of(const EvaluationPair& pair, const std::vector<std::unique_ptr<EvaluatedMethod>>& methods,
                         const EvaluateOptions& options, const RowStore& store,
                         const std::function<double&(std::size_t)>& begins) {
  std::vector<Row> rows;
  PairRun run(pair, options, store);
  for (std::size_t m = 0; m < methods.size(); ++m) {
    double& seconds = begins(m);
    rows.push_back(run.run(*methods[m], seconds));
    if (rows.back().result.refusal.empty()) continue;
    rows.assign(methods.size(), Row(rows.back()));
    break;
  }
  return rows;
}

void check_names(const std::vector<std::unique_ptr<EvaluatedMethod>>& methods) {
  std::set<std::string> names;
  for (const auto& method : methods)
    if (!names.insert(method->name()).second)
      throw Error(ExitCode::usage, message("two methods are called ", escaped(method->name()),
                                           "; give one another name: LABEL=", escaped(method->name())));
}

void add_pictures(Evaluation& evaluation, const std::vector<Row>& rows) {
  PairPictures pictures;
  pictures.photograph = rows.front().photograph;
  pictures.reference = rows.front().reference;
  for (std::size_t m = 0; m < rows.size(); ++m) {
    const std::string& method = evaluation.methods[m].name;
    if (rows[m].estimate.defined()) pictures.estimates[method] = rows[m].estimate;
    if (rows[m].error.defined()) pictures.errors[method] = rows[m].error;
    if (rows[m].visibility.defined()) pictures.visibility[method] = rows[m].visibility;
  }
  evaluation.pictures[rows.front().result.pair] = std::move(pictures);
}

}  // namespace

Evaluation evaluate(const EvaluationSet& set, const std::vector<std::unique_ptr<EvaluatedMethod>>& methods,
                    const EvaluateOptions& options, const EvaluationProgress& progress) {
  check_names(methods);
  Evaluation evaluation;
  evaluation.protocol = options.protocol->name;
  evaluation.protocol_definition = options.protocol->definition;
  evaluation.set_name = set.name;
  evaluation.set_sha256 = set.sha256;
  evaluation.version = options.version;
  for (const Metric* metric : options.metrics) evaluation.metrics.push_back(metric->column);
  for (const auto& method : methods) {
    MethodResult& result = evaluation.methods.emplace_back();
    result.name = method->name();
    result.description = method->description();
  }
  const RowStore store(options.keep);
  const auto total = static_cast<std::int64_t>(set.pairs.size() * methods.size());
  std::int64_t done = 0;
  std::vector<std::string> scenes;
  for (const EvaluationPair& pair : set.pairs) {
    evaluation.pairs.push_back(pair.name);
    scenes.push_back(pair.scene);
    const std::vector<Row> rows = rows_of(pair, methods, options, store, [&](std::size_t m) -> double& {
      if (progress) progress(done + static_cast<std::int64_t>(m), total, methods[m]->name() + ", " + pair.name);
      return evaluation.methods[m].seconds;
    });
    for (std::size_t m = 0; m < methods.size(); ++m) evaluation.methods[m].pairs.push_back(rows[m].result);
    if (options.pictures && rows.front().result.refusal.empty()) add_pictures(evaluation, rows);
    done += static_cast<std::int64_t>(methods.size());
  }
  if (progress) progress(total, total, "");
  for (const std::string& file : set.unpaired) evaluation.remarks.push_back("no part of any mean: " + file);
  summarise(evaluation, scenes);
  return evaluation;
}

}  // namespace duhdr
