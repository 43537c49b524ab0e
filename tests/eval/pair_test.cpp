// SPDX-License-Identifier: Apache-2.0
// Pairs: what is compared, in which unit, and what never is; folders as sets; protocols.
#include "eval/pair.h"

#include <limits>

#include "eval/folder_set.h"
#include "eval/protocol.h"
#include "tests/eval/eval_files.h"
#include "tests/support/image_exr_files.h"

namespace duhdr {
namespace {

using PairTest = EvalFolder;

/// Light of a picture as an EXR whose green is `value` in one pixel.
Bytes spoilt_exr(const Tensor& picture, float value) {
  files::ExrFile file;
  const std::int64_t width = picture.shape().w();
  file.data = file.display = {{0, 0}, {static_cast<int>(width) - 1, static_cast<int>(picture.shape().h()) - 1}};
  for (const auto& [name, c] : {std::pair{"R", 0}, {"G", 1}, {"B", 2}})
    file.planes.push_back({name, [&picture, width, value, c = c](int x, int y) {
                             return c == 1 && x == 5 && y == 7 ? value : picture.data<float>()[3 * (y * width + x) + c];
                           }});
  return files::exr_file({file});
}

TEST_F(PairTest, TheUnitIsTheClipLevel) {
  EvaluationPair two = pair("a", 1);
  const Tensor reference = scene_light(1);
  write_hdr(two.hdr, times(reference, 2));
  two.clip_level = 2;
  const LoadedPair loaded = load_pair(two);
  EXPECT_TRUE(same_bits(loaded.reference, reference));
  EXPECT_TRUE(loaded.warnings.empty());
  const Tensor codes = read_codes(photograph_of(reference));
  std::int64_t clipped = 0;
  for (std::int64_t i = 0; i < loaded.clipped.numel(); ++i) {
    const float* code = codes.data<float>() + 3 * i;
    const bool is_clipped = std::max({code[0], code[1], code[2]}) >= 250.f / 255;
    ASSERT_EQ(loaded.clipped.data<std::uint8_t>()[i] != 0, is_clipped);
    clipped += is_clipped ? 1 : 0;
  }
  EXPECT_GT(clipped, 100);
}

TEST_F(PairTest, AnUnknownClipLevelComesFromTheMidTones) {
  EvaluationPair unknown = pair("a", 1);
  const Tensor reference = scene_light(1);
  write_hdr(unknown.hdr, times(reference, 8));
  unknown.clip_level = 0;
  const LoadedPair loaded = load_pair(unknown);
  ASSERT_EQ(loaded.warnings.size(), 1u);
  EXPECT_NE(loaded.warnings[0].find("clip level of the reference unknown; taken as "), std::string::npos);
  const float ratio = loaded.reference.data<float>()[7] / reference.data<float>()[7];
  EXPECT_NEAR(ratio, 1, 0.15);  // the photograph's curve is not sRGB's
  write_photo(unknown.ldr, Tensor::full({1, height, width, 3}, 255, DType::f32).to(DType::u8));
  expect_error([&] { load_pair(unknown); }, ExitCode::bad_image, "a.png: no mid-tones");
}

TEST_F(PairTest, WithoutAPhotographTheReferenceTellsWhatIsClipped) {
  EvaluationPair alone = pair("a", 1);
  alone.ldr.clear();
  const LoadedPair loaded = load_pair(alone);
  EXPECT_FALSE(loaded.codes.defined());
  EXPECT_TRUE(same_bits(loaded.reference, scene_light(1)));
  for (std::int64_t i = 0; i < loaded.clipped.numel(); ++i) {
    const float* v = loaded.reference.data<float>() + 3 * i;
    ASSERT_EQ(loaded.clipped.data<std::uint8_t>()[i] != 0, std::max({v[0], v[1], v[2]}) > 1);
  }
}

TEST_F(PairTest, MissingFiles) {
  for (fs::path EvaluationPair::*file : {&EvaluationPair::ldr, &EvaluationPair::hdr}) {
    EvaluationPair missing = pair("a", 1);
    fs::remove(missing.*file);
    expect_error([&] { load_pair(missing); }, ExitCode::io, (missing.*file).filename().string());
  }
}

TEST_F(PairTest, SizesThatDiffer) {
  const EvaluationPair wide = pair("a", 1);
  write_photo(wide.ldr, photograph_of(light(height, width + 1, 1)));
  expect_error([&] { load_pair(wide); }, ExitCode::bad_image,
               "a.png: the sizes of the pair differ (73x64, the reference 72x64)");
}

TEST_F(PairTest, ValuesThatAreNoLight) {
  for (const float value : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), -1.f}) {
    EvaluationPair spoilt = pair("a", 1);
    spoilt.hdr = folder / "a.exr";
    write("a.exr", spoilt_exr(scene_light(1), value));
    expect_error([&] { load_pair(spoilt); }, ExitCode::bad_image, "a.exr: 1 values are not finite or negative");
  }
}

TEST_F(PairTest, AllBlack) {
  const Tensor black = Tensor::full({1, height, width, 3}, 0, DType::f32);
  const EvaluationPair dark = pair("a", 1);
  write_hdr(dark.hdr, black);
  expect_error([&] { load_pair(dark); }, ExitCode::bad_image, "a.pfm: all black");
  const EvaluationPair night = pair("b", 1);
  write_photo(night.ldr, black.to(DType::u8));
  expect_error([&] { load_pair(night); }, ExitCode::bad_image, "b.png: all black");
}

TEST_F(PairTest, ShiftedPhotographs) {
  const EvaluationPair moved = pair("a", 1);
  for (const auto& [x, y] : {std::pair{0, 0}, {1, 0}, {0, 1}, {1, 1}, {2, 0}, {0, 2}, {5, 3}, {1, 2}}) {
    write_photo(moved.ldr, photograph_of(shifted(scene_light(1), x, y)));
    if (std::max(x, y) < 2)
      EXPECT_NO_THROW(load_pair(moved)) << x << " " << y;
    else
      expect_error([&] { load_pair(moved); }, ExitCode::bad_image,
                   message("a.png: shifted against the reference (by ", x, " to the right and ", y, " down"));
  }
}

TEST_F(PairTest, KindsOfPictures) {
  EvaluationPair wrong = pair("a", 1);
  wrong.hdr = wrong.ldr;
  expect_error([&] { load_pair(wrong); }, ExitCode::bad_image, "a.png: is not linear light (png)");
  wrong = pair("a", 1);
  wrong.ldr = wrong.hdr;
  expect_error([&] { load_pair(wrong); }, ExitCode::bad_image, "a.pfm: is not a photograph");
}

TEST_F(PairTest, Limits) {
  ReadLimits limits;
  limits.pixels = height * width - 1;
  EXPECT_THROW(load_pair(pair("a", 1), limits), Error);
}

TEST_F(PairTest, Estimates) {
  const LoadedPair loaded = load_pair(pair("a", 1));
  const Tensor good = scene_light(1);
  EXPECT_NO_THROW(check_estimate("m", good, loaded));
  const auto refused = [&](const Tensor& estimate, const std::string& part) {
    expect_error([&] { check_estimate("m, a", estimate, loaded); }, ExitCode::bad_image, "m, a: " + part);
  };
  refused(light(height, width - 1, 1), "its size differs (71x64, the reference 72x64)");
  refused(times(good, 0), "all black");
  Tensor spoilt = times(good, 1);
  spoilt.mutable_data<float>()[70] = std::numeric_limits<float>::quiet_NaN();
  refused(spoilt, "value 70 is nan");
  spoilt.mutable_data<float>()[70] = -0.5f;
  refused(spoilt, "value 70 is -0.5");
}

TEST_F(PairTest, Places) {
  const Tensor good = scene_light(1);
  EXPECT_NO_THROW(check_place("m", good, good));
  EXPECT_NO_THROW(check_place("m", shifted(good, 1, 1), good));
  for (const auto& [x, y] : {std::pair{2, 0}, {0, 5}})
    expect_error([&] { check_place("m, a", shifted(good, x, y), good); }, ExitCode::bad_image,
                 message("m, a: shifted against the reference (by ", x, " to the right and ", y, " down"));
}

TEST_F(PairTest, FoldersAsASet) {
  for (const char* name : {"b", "a"}) pair(name, 1);
  const EvaluationSet both = folder_set(folder / "hdr", folder / "ldr", 3);
  ASSERT_EQ(both.pairs.size(), 2u);
  EXPECT_EQ(both.pairs[0].name, "a");
  EXPECT_EQ(both.pairs[0].ldr, folder / "ldr/a.png");
  EXPECT_EQ(both.pairs[1].clip_level, 3);
  EXPECT_TRUE(both.unpaired.empty());
  EXPECT_EQ(both.sha256, folder_set(folder / "hdr", folder / "ldr", 3).sha256);
  const EvaluationSet alone = folder_set(folder / "hdr", {}, 0);
  EXPECT_TRUE(alone.pairs[0].ldr.empty());
  EXPECT_NE(alone.sha256, both.sha256);
  fs::rename(folder / "ldr/a.png", folder / "ldr/c.png");
  const EvaluationSet one = folder_set(folder / "hdr", folder / "ldr", 0);
  ASSERT_EQ(one.unpaired.size(), 2u);
  EXPECT_NE(one.unpaired[0].find("hdr/a.pfm: has no partner"), std::string::npos);
  EXPECT_NE(one.unpaired[1].find("ldr/c.png: has no partner"), std::string::npos);
  fs::remove(folder / "ldr/b.png");
  expect_error([&] { folder_set(folder / "hdr", folder / "ldr", 0); }, ExitCode::bad_image, "no pairs");
  expect_error([&] { folder_set(folder / "none", {}, 0); }, ExitCode::io, "none: cannot open");
  write_hdr("hdr/a.hdr", light(8, 8));
  expect_error([&] { folder_set(folder / "hdr", {}, 0); }, ExitCode::usage, "two pictures of one name");
}

// -------------------------------------------------------------------------------------------------------- protocols

float most(const Tensor& t) {
  const auto values = t.to_vector<float>();
  return *std::max_element(values.begin(), values.end());
}
float least(const Tensor& t) {
  const auto values = t.to_vector<float>();
  return *std::min_element(values.begin(), values.end());
}
float largest_ratio(const Tensor& a, const Tensor& b) {
  float largest = 0;
  for (std::int64_t i = 0; i < a.numel(); ++i)
    largest = std::max(largest, std::abs(std::log(a.data<float>()[i] / b.data<float>()[i])));
  return largest;
}

Shown shown_by(const std::string& name, const Tensor& estimate, const LoadedPair& loaded) {
  const Protocol& protocol = protocol_of(name);
  return protocol.show(protocol.align(estimate, loaded), loaded);
}

TEST_F(PairTest, PaperShowsFromOneTo999) {
  const LoadedPair loaded = load_pair(pair("a", 1));
  for (const float gain : {1.f, 3.f}) {
    const Shown shown = shown_by("paper", times(loaded.reference, gain), loaded);
    EXPECT_FLOAT_EQ(least(shown.display), 1);
    EXPECT_NEAR(most(shown.display), 999, 0.01);  // the constant 1e-5 in the denominator
    EXPECT_FLOAT_EQ(least(shown.reference_display), 1);
    EXPECT_TRUE(same_bits(shown.light, times(loaded.reference, gain)));  // metrics of light see the gain
  }
}

TEST_F(PairTest, ScaleUndoesAGainAndSiHdrACurveToo) {
  const LoadedPair loaded = load_pair(pair("a", 1));
  for (const char* name : {"scale", "si-hdr"}) {
    const Shown shown = shown_by(name, times(loaded.reference, 3), loaded);
    EXPECT_LT(largest_ratio(shown.light, loaded.reference), 1e-6) << name;
    EXPECT_LT(largest_ratio(shown.display, shown.reference_display), name == std::string("scale") ? 1e-6 : 1e-3);
    const auto values = shown.reference_display.to_vector<float>();
    const auto above = std::count_if(values.begin(), values.end(), [](float v) { return v > 4000; });
    EXPECT_NEAR(static_cast<double>(above), 0.001 * static_cast<double>(values.size()), 1.5);
  }
}

TEST_F(PairTest, SiHdrUndoesACurve) {
  LoadedPair loaded = load_pair(pair("a", 1));
  for (std::int64_t i = 0; i < loaded.reference.numel(); ++i)  // grey
    loaded.reference.mutable_data<float>()[i] = loaded.reference.data<float>()[i / 3 * 3];
  const Tensor curved = mapped(loaded.reference, [](float v) { return std::pow(v, 1.3f); });
  const Shown scaled = shown_by("scale", curved, loaded), corrected = shown_by("si-hdr", curved, loaded);
  EXPECT_GT(largest_ratio(scaled.display, scaled.reference_display), 0.7);
  EXPECT_LT(largest_ratio(corrected.display, corrected.reference_display), 0.05);
}

TEST_F(PairTest, ProtocolNames) {
  for (const Protocol& protocol : protocols()) EXPECT_EQ(&protocol_of(std::string(protocol.name)), &protocol);
  expect_error([] { protocol_of("papr"); }, ExitCode::usage, "did you mean paper?");
  expect_error([] { protocol_of("x\ny"); }, ExitCode::usage, "is unknown");
}

}  // namespace
}  // namespace duhdr
