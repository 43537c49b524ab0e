// SPDX-License-Identifier: Apache-2.0
// What a row of the schedule tells its data.
#include "train/stage_data.h"

#include "tests/support/data_files.h"

namespace duhdr {
namespace {

TEST_F(DataFolder, ARowsPatchAndViewReachItsData) {
  write_hdr("a.pfm", light(40, 60));
  TrainConfig config;
  config.seed = 3;
  config.sources = {"hdr:" + folder.string()};
  StagePlan plan;
  plan.stage = "innet";
  plan.patch = 32;
  DataOptions options = config.data;
  options.seed = 3;
  options.patch = 32;
  const auto first = [&] { return stage_dataset(config, stage_named(plan.stage), plan)->sample(0); };
  const auto expected = [&] { return open_dataset(source(DataSource::Kind::hdr), options)->sample(0); };
  const Sample plain = first();
  EXPECT_TRUE(same(plain, expected()));
  plan.view = options.view = {0.5, 1.0};
  EXPECT_TRUE(same(first(), expected()));
  EXPECT_FALSE(same(first(), plain));
}

}  // namespace
}  // namespace duhdr
