// SPDX-License-Identifier: Apache-2.0
// Evaluations: refusals, rows that know the truth, masks, and finished rows that are not computed again.
#include "eval/run.h"

#include <limits>
#include <set>

#include "eval/report_json.h"
#include "eval/report_text.h"
#include "tensor/safetensors.h"
#include "tests/eval/eval_files.h"

namespace duhdr {
namespace {

constexpr const char* light_metrics = "log-rmse,log-rmse-clipped,log-rmse-unclipped,energy,energy-abs,structure";
const std::vector<std::string> clipped_metrics{"log-rmse-clipped", "energy", "energy-abs", "structure"};

Tensor reference_of(const LoadedPair& loaded) { return loaded.reference; }
Tensor doubled(const LoadedPair& loaded) { return times(loaded.reference, 2); }

bool mentions(const std::vector<std::string>& lines, const std::string& part) {
  return std::any_of(lines.begin(), lines.end(),
                     [&](const std::string& line) { return line.find(part) != std::string::npos; });
}

class RunTest : public EvalFolder {
 protected:
  static Methods two(Made::Make first = doubled, Made::Make second = reference_of) {
    Methods methods;
    methods.push_back(std::make_unique<Made>("first", std::move(first)));
    methods.push_back(std::make_unique<Made>("second", std::move(second)));
    return methods;
  }
  static int calls(const Methods& methods) {
    int sum = 0;
    for (const auto& method : methods) sum += dynamic_cast<const Made&>(*method).calls;
    return sum;
  }
  EvaluateOptions kept(const std::string& metrics = "log-rmse,mu-psnr", const std::string& protocol = "paper") const {
    EvaluateOptions kept = options(metrics, protocol);
    kept.keep = folder / "rows";
    return kept;
  }
};

// --------------------------------------------------------------------------------------------------------- refusals

struct Fault {
  std::string name, reason;
  std::function<void(const EvaluationPair&)> spoil;
};

TEST_F(RunTest, WhatCannotBeComparedCountsForNobody) {
  const Tensor picture = scene_light(2);
  const std::vector<Fault> faults{
      {"missing", "p1.png", [](const EvaluationPair& p) { fs::remove(p.ldr); }},
      {"size", "the sizes of the pair differ", [&](const EvaluationPair& p) { write_hdr(p.hdr, light(8, 8)); }},
      {"black", "all black", [&](const EvaluationPair& p) { write_hdr(p.hdr, times(picture, 0)); }},
      {"shifted", "by 2 to the right",
       [&](const EvaluationPair& p) { write_hdr(p.hdr, shifted(picture, -2 + width, 0)); }},
      {"not finite", "1 values are not finite or negative", [&](const EvaluationPair& p) {
         Tensor spoilt = times(picture, 1);
         spoilt.mutable_data<float>()[3] = std::numeric_limits<float>::infinity();
         Bytes bytes = encode_pfm(picture);
         std::memcpy(bytes.data() + bytes.size() - 400, spoilt.data<float>() + 3, sizeof(float));
         write(p.hdr, bytes);
       }}};
  for (const Fault& fault : faults) {
    EvaluationSet set = set_of(3);
    fault.spoil(set.pairs[1]);
    const Evaluation all = evaluate(set, two(), options(light_metrics));
    set.pairs.erase(set.pairs.begin() + 1);
    const Evaluation without = evaluate(set, two(), options(light_metrics));
    ASSERT_EQ(all.pairs.size(), 3u);
    for (std::size_t m = 0; m < 2; ++m) {
      const PairResult& refused = all.methods[m].pairs[1];
      EXPECT_NE(refused.refusal.find(fault.reason), std::string::npos) << fault.name << ": " << refused.refusal;
      EXPECT_EQ(refused.pair, "p1");
      EXPECT_TRUE(refused.values.empty());
      EXPECT_EQ(all.methods[m].pairs[0].values, without.methods[m].pairs[0].values);
      EXPECT_EQ(all.methods[m].pairs[2].values, without.methods[m].pairs[1].values);
      for (const auto& [name, summary] : without.methods[m].summaries) {
        EXPECT_EQ(all.methods[m].summaries.at(name).mean, summary.mean);
        EXPECT_EQ(all.methods[m].summaries.at(name).pairs, 2);
      }
    }
    EXPECT_NE(report_text(all).find("2 of 3 count; left out for every method:"), std::string::npos);
  }
}

TEST_F(RunTest, OneMethodsFaultLeavesThePairOutForAll) {
  const EvaluationSet set = set_of(3);
  const std::vector<std::pair<std::string, Made::Make>> faults{
      {"its size differs", [](const LoadedPair&) { return light(8, 8); }},
      {"is nan", [](const LoadedPair& p) { return times(p.reference, std::numeric_limits<float>::quiet_NaN()); }},
      {"all black", [](const LoadedPair& p) { return times(p.reference, 0); }},
      {"shifted", [](const LoadedPair& p) { return shifted(p.reference, 0, 2); }},
      {"no result", [](const LoadedPair&) -> Tensor { throw Error(ExitCode::bad_image, "no result"); }},
      {"unreadable", [](const LoadedPair&) -> Tensor { throw Error(ExitCode::io, "unreadable"); }}};
  for (const auto& [reason, fault] : faults) {
    int pair = 0;
    const auto once = [&, f = fault](const LoadedPair& p) { return pair++ == 1 ? f(p) : doubled(p); };
    const Evaluation all = evaluate(set, two(reference_of, once), options("log-rmse"));
    for (const MethodResult& method : all.methods) {
      EXPECT_NE(method.pairs[1].refusal.find(reason), std::string::npos) << method.pairs[1].refusal;
      EXPECT_EQ(method.summaries.at("log-rmse").pairs, 2);
    }
    EXPECT_EQ(all.comparisons.at(0).pairs, 2);
  }
}

TEST_F(RunTest, WhatIsNoRefusalEndsAll) {
  const EvaluationSet set = set_of(1);
  for (const ExitCode code : {ExitCode::out_of_memory, ExitCode::device, ExitCode::internal})
    expect_error(
        [&] {
          evaluate(set, two([&](const LoadedPair&) -> Tensor { throw Error(code, "over"); }), options("log-rmse"));
        },
        code, "over");
  expect_error(
      [&] {
        evaluate(set, two(), options("log-rmse"),
                 [](std::int64_t, std::int64_t, const std::string&) { throw Error(ExitCode::io, "stopped"); });
      },
      ExitCode::io, "stopped");
  EvaluateOptions lost = options("log-rmse");
  lost.keep = folder / "rows";
  expect_error(
      [&] {  // a folder where the row's file was to be
        evaluate(set, two([&](const LoadedPair& p) {
                   fs::remove_all(folder / "rows");
                   return doubled(p);
                 }),
                 lost);
      },
      ExitCode::io, "rows");
}

TEST_F(RunTest, NothingLeft) {
  const EvaluationSet set = set_of(2);
  for (const EvaluationPair& pair : set.pairs) fs::remove(pair.hdr);
  const Evaluation none = evaluate(set, two(), options());
  EXPECT_TRUE(none.methods[0].summaries.empty());
  EXPECT_TRUE(none.comparisons.empty());
  EXPECT_NE(report_text(none).find("0 of 2 count"), std::string::npos);
}

TEST_F(RunTest, WhatTheSetLeavesOutIsSaid) {
  EvaluationSet set = set_of(1);
  set.unpaired = {"ldr/x.png: has no partner"};
  const Evaluation evaluation = evaluate(set, two(), options("log-rmse"));
  EXPECT_TRUE(mentions(evaluation.remarks, "ldr/x.png: has no partner"));
  EXPECT_NE(report_json(evaluation).find("ldr/x.png: has no partner"), std::string::npos);
}

TEST_F(RunTest, SmallPictures) {
  EvaluationSet set = set_of(1);
  write_hdr(set.pairs[0].hdr, light(9, 9));
  write_photo(set.pairs[0].ldr, photograph_of(light(9, 9)));
  EXPECT_NE(evaluate(set, two(), options()).methods[0].pairs[0].refusal.find("too small"), std::string::npos);
  const Evaluation of_light = evaluate(set, two(), options("log-rmse,mu-psnr,pu21-psnr,pu21-ssim,pu21-ms-ssim"));
  EXPECT_EQ(of_light.methods[0].pairs[0].refusal, "");
  EXPECT_TRUE(mentions(of_light.remarks, "PU21-MS-SSIM: not defined for 1 of 1 pairs, needs sides of at least"));
}

TEST_F(RunTest, NamesAreNotShared) {
  Methods methods = two();
  methods.push_back(std::make_unique<Made>("first", doubled));
  expect_error([&] { evaluate(set_of(1), methods, options("log-rmse")); }, ExitCode::usage,
               "two methods are called first");
}

// ------------------------------------------------------------------------------------------------------ sanity rows

TEST_F(RunTest, RowsThatKnowTheTruth) {
  const EvaluationSet set = set_of(3);
  for (const char* protocol : {"paper", "base-0.1%", "scale", "si-hdr"}) {
    const Evaluation all = evaluate(set, sanity(set), options(light_metrics, protocol));
    const auto value = [&](std::size_t method, std::size_t pair, const std::string& metric) {
      return all.methods[method].pairs[pair].values.at(metric);
    };
    enum : std::size_t { base, cheat, half, truth };
    for (std::size_t p = 0; p < 3; ++p) {
      EXPECT_NEAR(value(cheat, p, "structure"), value(base, p, "structure"), 1e-6) << protocol;
      EXPECT_LT(value(cheat, p, "energy-abs") + 0.5, value(base, p, "energy-abs")) << protocol;
      for (const std::string& metric : clipped_metrics) {
        const double from = std::abs(value(base, p, metric)), between = std::abs(value(half, p, metric));
        const double at = std::abs(value(truth, p, metric));
        EXPECT_LT(between, from) << protocol << " " << metric;
        EXPECT_LT(at, between) << protocol << " " << metric;
        EXPECT_NEAR(at, 0, std::string(protocol).starts_with("s") ? 2e-3 : 1e-12) << protocol << " " << metric;
      }
      EXPECT_NEAR(value(truth, p, "log-rmse-unclipped"), value(base, p, "log-rmse-unclipped"), 1e-12);
    }
    EXPECT_TRUE(mentions(all.remarks, "blind-gain: nearer to the true energy of highlights than true-curve without"));
    EXPECT_FALSE(mentions(all.remarks, "half-highlights: ") || mentions(all.remarks, "true-highlights: "));
  }
}

TEST_F(RunTest, AGainInTheWrongUnitIsSeenOnlyWhereTheProtocolSaysSo) {
  const EvaluationSet set = set_of(2);
  const auto rough = [](const LoadedPair& p) { return mapped(p.reference, [](float v) { return std::pow(v, 1.1f); }); };
  const auto in_another_unit = [&](const LoadedPair& p) { return times(rough(p), 3); };
  for (const bool only_clipped : {false, true})
    for (const char* protocol : {"paper", "base-0.1%", "scale", "si-hdr"}) {
      EvaluateOptions all = options("log-rmse,energy,structure,pu21-psnr,vdp3-q", protocol);
      all.only_clipped = only_clipped;
      const Evaluation both = evaluate(set, two(rough, in_another_unit), all);
      for (std::size_t p = 0; p < 2; ++p) {
        const auto &one = both.methods[0].pairs[p].values, &three = both.methods[1].pairs[p].values;
        EXPECT_NEAR(one.at("structure"), three.at("structure"), 1e-6);
        if (std::string(protocol).starts_with("s")) {
          for (const auto& [name, value] : one) EXPECT_NEAR(three.at(name), value, 1e-4) << protocol << " " << name;
        } else {
          EXPECT_NEAR(three.at("energy") - one.at("energy"), std::log2(3), 1e-6) << protocol;
        }
        if (protocol == std::string("paper") && !only_clipped) {
          EXPECT_NEAR(three.at("pu21-psnr"), one.at("pu21-psnr"), 1e-2);  // by its own extremes: blind to a gain
        }
      }
    }
}

TEST_F(RunTest, OnlyClippedPixels) {
  const EvaluationSet set = set_of(1);
  EvaluateOptions masked = options(std::string(light_metrics) + ",mu-psnr");
  masked.only_clipped = true;
  const auto values = [](const Evaluation& e, std::size_t m) { return e.methods[m].pairs[0].values; };
  const Evaluation all = evaluate(set, two(), options(light_metrics)), clipped = evaluate(set, two(), masked);
  EXPECT_NEAR(values(all, 0).at("log-rmse-unclipped"), std::log10(2), 1e-6);
  EXPECT_EQ(values(clipped, 0).at("log-rmse-unclipped"), 0);
  EXPECT_EQ(values(clipped, 0).at("log-rmse-clipped"), values(all, 0).at("log-rmse-clipped"));
  EXPECT_EQ(values(clipped, 0).at("energy"), values(all, 0).at("energy"));
  EXPECT_EQ(values(clipped, 1).at("mu-psnr"), std::numeric_limits<double>::infinity());
}

// -------------------------------------------------------------------------------------------------------- kept rows

TEST_F(RunTest, FinishedRowsAreNotComputedAgain) {
  const EvaluationSet set = set_of(2);
  const Methods first = two(), second = two();
  EvaluateOptions kept_rows = kept();
  kept_rows.pictures = true;
  const Evaluation once = evaluate(set, first, kept_rows), again = evaluate(set, second, kept_rows);
  EXPECT_EQ(calls(first), 4);
  EXPECT_EQ(calls(second), 0);
  EXPECT_EQ(report_json(once), report_json(again));
  EXPECT_EQ(again.methods[1].pairs[0].values.at("mu-psnr"), std::numeric_limits<double>::infinity());
  ASSERT_EQ(again.pictures.size(), 2u);
  for (const auto& [pair, pictures] : once.pictures) {
    const PairPictures& other = again.pictures.at(pair);
    EXPECT_TRUE(same_bits(pictures.photograph, other.photograph) && same_bits(pictures.reference, other.reference));
    for (const char* name : {"first", "second"}) {
      EXPECT_TRUE(same_bits(pictures.estimates.at(name), other.estimates.at(name)));
      EXPECT_TRUE(same_bits(pictures.errors.at(name), other.errors.at(name)));
    }
  }
}

TEST_F(RunTest, WarningsAreKeptWithTheirRows) {
  EvaluationSet set = set_of(1);
  set.pairs[0].clip_level = 0;
  const Evaluation once = evaluate(set, two(), kept()), again = evaluate(set, two(), kept());
  ASSERT_EQ(once.methods[0].pairs[0].warnings.size(), 1u);
  EXPECT_EQ(again.methods[0].pairs[0].warnings, once.methods[0].pairs[0].warnings);
}

TEST_F(RunTest, WhatDecidesARowIsNotMixed) {
  EvaluationSet set = set_of(1);
  evaluate(set, two(), kept());
  const auto computed = [&](const EvaluateOptions& options) {
    const Methods methods = two();
    evaluate(set, methods, options);
    return calls(methods);
  };
  EXPECT_EQ(computed(kept()), 0);
  EXPECT_EQ(computed(kept("log-rmse")), 2);
  EXPECT_EQ(computed(kept("log-rmse,mu-psnr", "scale")), 2);
  EvaluateOptions other = kept();
  other.computes = "another build";
  EXPECT_EQ(computed(other), 2);
  other = kept();
  other.only_clipped = true;
  EXPECT_EQ(computed(other), 2);
  other = kept();
  other.pictures = true;
  EXPECT_EQ(computed(other), 2);
  set.pairs[0].clip_level = 2;
  EXPECT_EQ(computed(kept()), 2);
  set.pairs[0].clip_level = 1;
  EXPECT_EQ(computed(kept()), 0);
  write_hdr(set.pairs[0].hdr, mapped(scene_light(1), [](float v) { return std::pow(v, 1.05f); }));
  EXPECT_EQ(computed(kept()), 2);
}

TEST_F(RunTest, DamagedRowsAreComputedAgain) {
  const EvaluationSet set = set_of(1);
  const std::string whole = report_json(evaluate(set, two(), kept()));
  const auto damage = [&](const std::function<void(const fs::path&)>& harm) {
    int files = 0;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder / "rows")) {
      harm(entry.path());
      ++files;
    }
    EXPECT_EQ(files, 2);
    const Methods methods = two();
    EXPECT_EQ(report_json(evaluate(set, methods, kept())), whole);
    EXPECT_EQ(calls(methods), 2);
  };
  damage([&](const fs::path& file) { write(file, std::string()); });
  damage([&](const fs::path& file) { fs::resize_file(file, fs::file_size(file) / 2); });
  damage([&](const fs::path& file) { write(file, encode_safetensors({}, {})); });
  damage([&](const fs::path& file) { write(file, encode_safetensors({}, {{"row", "{}"}})); });
  damage([&](const fs::path& file) { write(file, encode_safetensors({}, {{"row", "not JSON"}})); });
  damage([&](const fs::path& file) {
    const char* row = R"({"pair": "p0", "refusal": "", "values": {"log-rmse": "x", "mu-psnr": "1"}, "warnings": []})";
    write(file, encode_safetensors({}, {{"row", row}}));
  });
}

TEST_F(RunTest, RefusalsAreNotKept) {
  const EvaluationSet set = set_of(1);
  const Bytes photograph = read_file(set.pairs[0].ldr, 1 << 20, ExitCode::internal);
  fs::remove(set.pairs[0].ldr);
  EXPECT_NE(evaluate(set, two(), kept()).methods[0].pairs[0].refusal, "");
  write(set.pairs[0].ldr, photograph);
  EXPECT_EQ(evaluate(set, two(), kept()).methods[0].pairs[0].refusal, "");
}

TEST_F(RunTest, AnInterruptionKeepsWhatWasDone) {
  struct Stopped {};
  const EvaluationSet set = set_of(3);
  const Methods first = two(), second = two();
  std::vector<std::int64_t> seen;
  EXPECT_THROW(evaluate(set, first, kept(),
                        [](std::int64_t done, std::int64_t total, const std::string&) {
                          EXPECT_EQ(total, 6);
                          if (done == 3) throw Stopped();
                        }),
               Stopped);
  EXPECT_EQ(calls(first), 3);
  const Evaluation rest =
      evaluate(set, second, kept(), [&](std::int64_t done, std::int64_t, const std::string&) { seen.push_back(done); });
  EXPECT_EQ(calls(second), 3);
  EXPECT_EQ(seen, (std::vector<std::int64_t>{0, 1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(report_json(rest), report_json(evaluate(set, two(), options("log-rmse,mu-psnr"))));
}

TEST_F(RunTest, Pictures) {
  const EvaluationSet set = set_of(2);
  EvaluateOptions with = options("vdp3-q");
  with.pictures = true;
  fs::remove(set.pairs[1].hdr);
  const Evaluation evaluation = evaluate(set, two(), with);
  ASSERT_EQ(evaluation.pictures.size(), 1u);  // none of a pair that is left out
  const PairPictures& pictures = evaluation.pictures.at("p0");
  EXPECT_TRUE(same_bits(pictures.reference, scene_light(1)));
  EXPECT_TRUE(same_bits(pictures.estimates.at("first"), times(scene_light(1), 2)));
  for (const float stops : pictures.errors.at("first").to_vector<float>()) ASSERT_NEAR(stops, 1, 1e-5);
  for (const float stops : pictures.errors.at("second").to_vector<float>()) ASSERT_EQ(stops, 0);
  EXPECT_EQ(pictures.visibility.at("second").shape(), (Shape{1, height, width, 1}));
  EXPECT_TRUE(evaluate(set, two(), options("log-rmse")).pictures.empty());
}

}  // namespace
}  // namespace duhdr
