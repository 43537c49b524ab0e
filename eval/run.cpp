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

bool is_refusal(const Error& error) { return error.code() == ExitCode::bad_image || error.code() == ExitCode::io; }

std::string digest_of(const std::filesystem::path& file) {
  return file.empty() ? "" : sha256(read_file(file, ReadLimits{}.file_bytes, ExitCode::bad_image));
}

std::string sha256_of(const nlohmann::json& json) {
  const std::string text = json.dump();
  return sha256({reinterpret_cast<const std::byte*>(text.data()), text.size()});
}

/// What decides the numbers of a pair, but for the method.
nlohmann::json identity_of(const EvaluationPair& pair, const EvaluationOptions& options) {
  nlohmann::json names = nlohmann::json::array();
  for (const Metric* metric : options.metrics) names.push_back(metric->column.name);
  return {{"version", options.version},           {"protocol", options.protocol->name}, {"metrics", names},
          {"only_clipped", options.only_clipped}, {"pictures", options.pictures},       {"pair", pair.name},
          {"ldr", digest_of(pair.ldr)},           {"hdr", digest_of(pair.hdr)},         {"clip_level", pair.clip_level},
          {"curve", pair.inverse_curve}};
}

/// The reference outside of clipped pixels.
Tensor only_clipped(const Tensor& estimate, const LoadedPair& pair) {
  Tensor out(estimate.shape(), DType::f32);
  const float *value = estimate.data<float>(), *truth = pair.reference.data<float>();
  const std::uint8_t* mask = pair.clipped.data<std::uint8_t>();
  float* to = out.mutable_data<float>();
  for (std::int64_t i = 0; i < out.numel(); ++i) to[i] = mask[i / 3] != 0 ? value[i] : truth[i];
  return out;
}

Row computed(const EvaluationPair& pair, const LoadedPair& loaded, EvaluatedMethod& method,
             const EvaluationOptions& options, double& seconds) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point begin = Clock::now();
  Tensor estimate = method.estimate(pair, loaded);
  seconds += std::chrono::duration<double>(Clock::now() - begin).count();
  check_estimate(method.name() + ", " + pair.name, estimate, loaded);
  if (options.only_clipped) estimate = only_clipped(estimate, loaded);
  Row row;
  row.result.pair = pair.name;
  row.result.warnings = loaded.warnings;
  Compared compared{.shown = options.protocol->show(estimate, loaded),
                    .clipped = loaded.clipped,
                    .wants_visibility = options.pictures};
  for (const Metric* metric : options.metrics)
    if (const std::optional<double> value = metric->measure(compared)) row.result.values[metric->column.name] = *value;
  if (options.pictures) add_small_pictures(row, compared, loaded.codes);
  return row;
}

/// The methods on one pair, each row from the store where it is.
class PairRun {
 public:
  PairRun(const EvaluationPair& pair, const EvaluationOptions& options, const RowStore& store)
      : pair_(pair), options_(options), store_(store), identity_(identity_of(pair, options)) {}

  /// seconds: what reconstruction took is added; nothing for a kept row.
  Row run(EvaluatedMethod& method, double& seconds) {
    nlohmann::json identity = identity_;
    identity["method"] = {method.name(), method.description(), method.identity(pair_)};
    const std::string key = sha256_of(identity);
    if (std::optional<Row> kept = store_.find(key)) return *std::move(kept);
    if (!loaded_) loaded_ = load_pair(pair_, options_.limits);
    Row row = computed(pair_, *loaded_, method, options_, seconds);
    store_.keep(key, row);
    return row;
  }

 private:
  const EvaluationPair& pair_;
  const EvaluationOptions& options_;
  const RowStore& store_;
  nlohmann::json identity_;
  std::optional<LoadedPair> loaded_;
};

std::vector<Row> rows_of(const EvaluationPair& pair, const std::vector<std::unique_ptr<EvaluatedMethod>>& methods,
                         const EvaluationOptions& options, const RowStore& store,
                         const std::function<double&(std::size_t)>& begins) {
  std::vector<Row> rows;
  try {
    PairRun run(pair, options, store);
    for (std::size_t m = 0; m < methods.size(); ++m) {
      double& seconds = begins(m);
      rows.push_back(run.run(*methods[m], seconds));
    }
  } catch (const Error& error) {
    if (!is_refusal(error)) throw;
    Row refused;
    refused.result.pair = pair.name;
    refused.result.refusal = error.what();
    rows.assign(methods.size(), refused);
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
                    const EvaluationOptions& options, const EvaluationProgress& progress) {
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
  summarise(evaluation, scenes);
  return evaluation;
}

}  // namespace duhdr
