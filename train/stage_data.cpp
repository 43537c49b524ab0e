// SPDX-License-Identifier: Apache-2.0
#include "train/stage_data.h"

#include <algorithm>

namespace duhdr {
namespace {

std::vector<DataSource> parsed(const std::vector<std::string>& texts) {
  std::vector<DataSource> sources;
  for (const std::string& text : texts) sources.push_back(DataSource::parse(text));
  return sources;
}

bool is_photographs(const DataSource& source) { return source.pairing() == Pairing::unpaired; }

}  // namespace

std::unique_ptr<Dataset> stage_dataset(const TrainConfig& config, const Stage& stage, const StagePlan& plan) {
  DataOptions options = config.data;
  options.seed = config.seed;
  options.split = Split::train;
  options.patch = plan.patch;
  options.view = plan.view;
  if (!config.validation_sources.empty()) options.validation_share = 0;  // nothing has to be kept back
  std::vector<DataSource> sources = parsed(config.sources);
  if (stage.needs_hdr()) {
    std::erase_if(sources, is_photographs);
    if (sources.empty())
      throw Error(ExitCode::usage,
                  message("stage ", stage.name, " needs HDR images, but the data are photographs alone; ",
                          "add hdr:DIR, paired:DIR, pseudo:DIR or scenes, or train the unpaired stages only"));
    return open_mixed(sources, options, plan.batch);
  }
  const std::vector<DataSource> own = parsed(config.unpaired);
  sources.insert(sources.end(), own.begin(), own.end());
  std::vector<DataSource> photographs;
  std::copy_if(sources.begin(), sources.end(), std::back_inserter(photographs), is_photographs);
  if (!photographs.empty()) return open_mixed(photographs, options, plan.batch);
  return without_hdr(open_mixed(sources, options, plan.batch));
}

std::unique_ptr<Dataset> validation_dataset(const TrainConfig& config) {
  DataOptions options = config.data;
  options.seed = config.seed;
  options.split = Split::validation;
  options.patch = config.validation.patch;
  options.augment = false;
  const bool own = !config.validation_sources.empty();
  if (own) options.validation_share = 0;  // the whole folder is kept back already
  std::vector<DataSource> sources = parsed(own ? config.validation_sources : config.sources);
  std::erase_if(sources, is_photographs);
  if (sources.empty()) return nullptr;
  return open_mixed(sources, options, 1);
}

std::int64_t first_batch(std::int64_t row) { return row << 32; }

}  // namespace duhdr
