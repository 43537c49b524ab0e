// SPDX-License-Identifier: Apache-2.0
// Sets of pairs for evaluation: their layouts as folders, the project's own made from scratch, and faulty ones.
#include "data/evaluation_set.h"

#include <set>

#include "base/sha256.h"
#include "data/evaluation_manifest.h"
#include "image/formats.h"
#include "image/image.h"
#include "tensor/safetensors.h"
#include "tests/support/data_files.h"

namespace duhdr {
namespace {

class EvaluationFolder : public DataFolder {
 protected:
  void photo(const fs::path& name, std::uint64_t key = 1) const { write_photo(name, photograph_of(light(8, 8, key))); }
  void hdr(const fs::path& name, std::uint64_t key = 1) const { write_hdr(name, light(8, 8, key)); }
  EvaluationSet open(const std::string& layout = "auto") const { return open_evaluation_set(folder, layout); }

  static std::vector<std::string> names(const EvaluationSet& set) {
    std::vector<std::string> out;
    for (const EvaluationPair& pair : set.pairs) out.push_back(pair.name);
    return out;
  }

  /// A set of two versions of one scene, all files of which are written; evaluation.json is not.
  EvaluationManifest own() const {
    std::vector<float> curve(1024);
    for (std::size_t i = 0; i < curve.size(); ++i)
      curve[i] = static_cast<float>(std::pow(static_cast<double>(i) / 1023, gamma));
    Tensor inverse({1024}, DType::f32);
    std::copy(curve.begin(), curve.end(), inverse.mutable_data<float>());
    write(evaluation_curves_name, encode_safetensors({{"evaluation-3", inverse}}));
    EvaluationManifest manifest;
    manifest.program = "duhdr test";
    manifest.curves = {evaluation_curves_name, sum(evaluation_curves_name)};
    for (const std::string version : {"_c10", "_c03"}) {
      const std::string ldr = "ldr/park" + version + ".png", light = "hdr/park" + version + ".pfm";
      photo(ldr, version == "_c03" ? 1 : 2);
      hdr(light, version == "_c03" ? 1 : 2);
      EvaluationManifest::Pair pair;
      pair.name = "park" + version;
      pair.scene = "park";
      pair.source = {"park.exr", std::string(64, '0')};
      pair.ldr = {ldr, sum(ldr)};
      pair.hdr = {light, sum(light)};
      pair.clipped = 0.03;
      pair.quality = 95;
      pair.curve = "evaluation-3";
      manifest.pairs.push_back(pair);
    }
    return manifest;
  }
  std::string sum(const fs::path& name) const { return sha256(read_file(folder / name, 1 << 20, ExitCode::bad_image)); }
  void write_manifest(const EvaluationManifest& manifest) const {
    write(evaluation_manifest_name, encode_evaluation_manifest(manifest));
  }
};

// ------------------------------------------------------------------------------------------------------ the layouts

TEST_F(EvaluationFolder, EveryLayoutIsRecognisedAndPaired) {
  struct Row {
    std::string layout;
    std::vector<std::string> photographs, references, names;
    std::set<std::string> scenes;
  };
  const std::vector<Row> rows{
      {"hdr-real", {"LDR_in/2.png", "LDR_in/1.png"}, {"HDR_gt/1.pfm", "HDR_gt/2.pfm"}, {"1", "2"}, {"1", "2"}},
      {"raise", {"ldr/a.png", "ldr/b/c.png"}, {"hdr/a.pfm", "hdr/b/c.pfm"}, {"a", "b/c"}, {"a", "b/c"}},
      {"hdr-eye", {"LDR/C01_LDR.png"}, {"HDR/C01_HDR.pfm"}, {"C01"}, {"C01"}},
      {"hdr-eye", {"images/LDR/C01.png"}, {"images/HDR/C01_HDR.pfm"}, {"C01"}, {"C01"}},
      {"si-hdr",
       {"input/clip_95/001.png", "input/clip_97/001.png"},
       {"reference/001.pfm"},
       {"clip_95/001", "clip_97/001"},
       {"001"}},
      {"si-hdr", {"clip_97/001.png"}, {"reference/001.pfm"}, {"clip_97/001"}, {"001"}},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.layout + " " + row.photographs.front());
    for (const std::string& name : row.photographs) photo(name);
    for (const std::string& name : row.references) hdr(name);
    write("README.txt", "not a picture");
    const EvaluationSet set = open();
    EXPECT_EQ(set.layout, row.layout);
    EXPECT_EQ(set.name, folder.filename().string());
    EXPECT_EQ(names(set), row.names);
    EXPECT_TRUE(set.unpaired.empty());
    EXPECT_EQ(set.sha256.size(), 64u);
    std::set<std::string> scenes;
    for (const EvaluationPair& pair : set.pairs) {
      scenes.insert(pair.scene);
      EXPECT_TRUE(fs::exists(pair.ldr) && fs::exists(pair.hdr));
      EXPECT_EQ(pair.clip_level, 0);
      EXPECT_TRUE(pair.inverse_curve.empty());
    }
    EXPECT_EQ(scenes, row.scenes);
    EXPECT_EQ(open(row.layout).sha256, set.sha256);
    for (const fs::directory_entry& entry : fs::directory_iterator(folder)) fs::remove_all(entry.path());
  }
}

TEST_F(EvaluationFolder, ManifestStatesClipLevelAndSums) {
  photo("p/a.png");
  hdr("q/b.pfm");
  write("manifest.tsv", "ldr\thdr\tclip_level\tldr_sha256\np/a.png\tq/b.pfm\t2.5\t" + sum("p/a.png") + "\n");
  const EvaluationSet set = open();
  EXPECT_EQ(set.layout, "manifest");
  ASSERT_EQ(set.pairs.size(), 1u);
  EXPECT_EQ(set.pairs[0].name, "p/a");
  EXPECT_EQ(set.pairs[0].clip_level, 2.5);
  photo("p/a.png", 9);
  expect_error([&] { open(); }, ExitCode::bad_image, "a.png: is not the file of the manifest");
}

TEST_F(EvaluationFolder, TheSumFollowsNamesAndBytesAlone) {
  photo("LDR_in/1.png");
  hdr("HDR_gt/1.pfm");
  const std::string before = open().sha256;
  write("LDR_in/note.txt", "no part of it");
  EXPECT_EQ(open().sha256, before);
  hdr("HDR_gt/1.pfm", 2);
  const std::string other = open().sha256;
  EXPECT_NE(other, before);
  hdr("HDR_gt/1.pfm");
  EXPECT_EQ(open().sha256, before);
  fs::rename(folder / "LDR_in/1.png", folder / "LDR_in/2.png");
  fs::rename(folder / "HDR_gt/1.pfm", folder / "HDR_gt/2.pfm");
  EXPECT_NE(open().sha256, before);
}

TEST_F(EvaluationFolder, FilesWithoutPartnerAreNamed) {
  for (const char* name : {"LDR_in/1.png", "LDR_in/2.png", "LDR_in/3.png"}) photo(name);
  for (const char* name : {"HDR_gt/1.pfm", "HDR_gt/4.pfm"}) hdr(name);
  const EvaluationSet set = open();
  EXPECT_EQ(names(set), std::vector<std::string>{"1"});
  EXPECT_EQ(set.unpaired, (std::vector<std::string>{"HDR_gt/4.pfm: has no partner", "LDR_in/2.png: has no partner",
                                                    "LDR_in/3.png: has no partner"}));
}

TEST_F(EvaluationFolder, SiHdrCountsAReferenceOnceForEachVersionThatLacksIt) {
  photo("input/clip_95/001.png");
  photo("input/clip_97/001.png");
  photo("input/clip_97/002.png");
  hdr("reference/001.pfm");
  hdr("reference/002.pfm");
  const EvaluationSet set = open();
  EXPECT_EQ(set.pairs.size(), 3u);
  EXPECT_EQ(set.unpaired, std::vector<std::string>{"clip_95/reference/002.pfm: has no partner"});
  fs::remove_all(folder / "input/clip_95");
  EXPECT_EQ(open().pairs.size(), 2u);
  ASSERT_EQ(open().warnings.size(), 1u);
  EXPECT_NE(open().warnings[0].find("clip_95: not there"), std::string::npos);
}

TEST_F(EvaluationFolder, HdrEyeSaysWhatToDoWithTiff) {
  if (format_of("tif")->decode != nullptr) GTEST_SKIP() << "this build reads TIFF";
  write("images/LDR/C01_LDR.tif", "II*");
  hdr("images/HDR/C01_HDR.pfm");
  expect_error([&] { open(); }, ExitCode::bad_image, "1 TIFF files, which this build does not read");
  photo("images/LDR/C01_LDR.png");
  EXPECT_EQ(names(open()), std::vector<std::string>{"C01"});
}

TEST_F(EvaluationFolder, UnknownFoldersAndLayouts) {
  expect_error([&] { open(); }, ExitCode::usage, "duhdr: evaluation.json; manifest: manifest.tsv; si-hdr: ");
  photo("ldr/a.png");
  hdr("hdr/a.pfm");
  expect_error([&] { open("si-hdr"); }, ExitCode::usage, "not a set of pairs of the layout si-hdr");
  expect_error([&] { open("si_hdr"); }, ExitCode::usage, "unknown layout 'si_hdr'");
  expect_error([&] { open_evaluation_set(folder / "none"); }, ExitCode::io, "no such folder");
  expect_error([&] { open_evaluation_set(folder / "ldr/a.png"); }, ExitCode::usage, "not a folder");
  EXPECT_EQ(open("raise").layout, "raise");
  for (const std::string& layout : evaluation_layouts())
    if (layout != "auto" && layout != "raise") expect_error([&] { open(layout); }, ExitCode::usage, layout);
}

TEST_F(EvaluationFolder, DuplicatesAndEmptySets) {
  photo("ldr/a.png");
  expect_error(
      [&] {
        fs::create_directories(folder / "hdr");
        open();
      },
      ExitCode::bad_image, "no pair of a photograph and an HDR image; ldr/a.png: has no partner");
  hdr("hdr/a.pfm");
  write("hdr/a.hdr", encode_hdr(light(8, 8)));
  expect_error([&] { open(); }, ExitCode::bad_image, "another file here has this name up to the extension");
  write("manifest.tsv", "ldr\thdr\nldr/a.png\thdr/a.pfm\nldr/a.png\thdr/a.hdr\n");
  expect_error([&] { open(); }, ExitCode::bad_image, "two pairs are named 'ldr/a'");
}

// ----------------------------------------------------------------------------------------------------- our own sets

TEST_F(EvaluationFolder, OwnSetKnowsEverything) {
  const EvaluationManifest manifest = own();
  write_manifest(manifest);
  const EvaluationSet set = open();
  EXPECT_EQ(set.layout, "duhdr");
  EXPECT_EQ(set.sha256, sum(evaluation_manifest_name));
  EXPECT_EQ(names(set), (std::vector<std::string>{"park_c03", "park_c10"}));
  for (const EvaluationPair& pair : set.pairs) {
    EXPECT_EQ(pair.scene, "park");
    EXPECT_EQ(pair.clip_level, 1);
    ASSERT_EQ(pair.inverse_curve.size(), 1024u);
    EXPECT_NEAR(pair.inverse_curve[512], std::pow(512 / 1023.0, gamma), 1e-6);  // kept as f32
  }
  EXPECT_EQ(encode_evaluation_manifest(read_evaluation_manifest(folder / evaluation_manifest_name)),
            encode_evaluation_manifest(manifest));
}

TEST_F(EvaluationFolder, OwnSetNamesMissingFilesAndRefusesOthers) {
  write_manifest(own());
  fs::remove(folder / "ldr/park_c10.png");
  const EvaluationSet set = open();
  EXPECT_EQ(names(set), std::vector<std::string>{"park_c03"});
  ASSERT_EQ(set.unpaired.size(), 1u);
  EXPECT_NE(set.unpaired[0].find("park_c10: "), std::string::npos);
  EXPECT_NE(set.unpaired[0].find("ldr/park_c10.png is missing"), std::string::npos);
  hdr("hdr/park_c03.pfm", 5);
  expect_error([&] { open(); }, ExitCode::bad_image, "park_c03.pfm: is not the file of the manifest");
  write_manifest(own());
  write(evaluation_curves_name, encode_safetensors({}));
  expect_error([&] { open(); }, ExitCode::bad_image, "curves.safetensors: is not the file of the manifest");
}

TEST_F(EvaluationFolder, BadManifestsAreRefused) {
  struct Row {
    std::string part;
    std::function<void(EvaluationManifest&)> change;
  };
  const std::vector<Row> rows{
      {"pairs[0].ldr.file: '../a.png' is not the path", [](auto& m) { m.pairs[0].ldr.path = "../a.png"; }},
      {"pairs[1].hdr.file: '/etc/a.exr' is not the path", [](auto& m) { m.pairs[1].hdr.path = "/etc/a.exr"; }},
      {"'ldr/../../a' is not the path", [](auto& m) { m.pairs[0].ldr.path = "ldr/../../a"; }},
      {"curves.file: '' is not the path", [](auto& m) { m.curves.path = ""; }},
      {"pairs[1].name: 'park_c10' appears twice", [](auto& m) { m.pairs[1].name = m.pairs[0].name; }},
      {"pairs[0].name: 'a\\x0a' cannot be printed", [](auto& m) { m.pairs[0].name = "a\n"; }},
      {"pairs[0].scene: '' cannot be printed", [](auto& m) { m.pairs[0].scene = ""; }},
      {"is not a SHA-256", [](auto& m) { m.pairs[0].hdr.sha256 = "12"; }},
      {"is not a SHA-256", [](auto& m) { m.pairs[0].hdr.sha256 = std::string(64, 'G'); }},
      {"pairs[0].clip_level", [](auto& m) { m.pairs[0].clip_level = 0; }},
      {"pairs[0].clipped_share", [](auto& m) { m.pairs[0].clipped = 1.5; }},
      {"options.seed", [](auto& m) { m.options.seed = -1; }},
      {"pairs: none", [](auto& m) { m.pairs.clear(); }},
      {"no curve 'evaluation-4'", [](auto& m) { m.pairs[0].curve = "evaluation-4"; }},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.part);
    EvaluationManifest manifest = own();
    row.change(manifest);
    write_manifest(manifest);
    expect_error([&] { open(); }, ExitCode::bad_image, row.part);
  }
  const std::string text = encode_evaluation_manifest(own());
  for (const auto& [from, to, part] : std::vector<std::tuple<std::string, std::string, std::string>>{
           {"\"format_version\": 1", "\"format_version\": 2", "format_version"},
           {"\"scene\"", "\"scenes\"", "pairs[0].scene"},
           {"\"program\"", "\"extra\": 1,\n \"program\"", "extra: unknown key"},
           {"{", "", "line 2"}}) {
    std::string changed = text;
    changed.replace(changed.find(from), from.size(), to);
    write(evaluation_manifest_name, changed);
    expect_error([&] { open(); }, ExitCode::bad_image, part);
  }
  write_manifest(own());
  Tensor falling({1024}, DType::f32);
  for (int i = 0; i < 1024; ++i) falling.mutable_data<float>()[i] = static_cast<float>(1023 - i) / 1023;
  write(evaluation_curves_name, encode_safetensors({{"evaluation-3", falling}}));
  EvaluationManifest manifest = own();
  write(evaluation_curves_name, encode_safetensors({{"evaluation-3", falling}}));
  manifest.curves.sha256 = sum(evaluation_curves_name);
  write_manifest(manifest);
  expect_error([&] { open(); }, ExitCode::bad_image, "does not increase from 0 to 1");
}

// ------------------------------------------------------------------------------------------------------- the camera

EvaluationOptions whole() {
  EvaluationOptions options;
  options.clipped = {3, 10};
  return options;
}

TEST(EvaluationCamera, ClipsTheShareThatIsAskedFor) {
  const Tensor scene = light(100, 120);
  for (const std::int64_t percent : {1, 3, 10, 25, 50}) {
    const EvaluationPicture picture = evaluation_picture(scene, percent, 0, whole(), "scene");
    EXPECT_NEAR(picture.clipped, 0.01 * static_cast<double>(percent), 1.5 / 12000) << percent;  // one pixel
    const Tensor decoded = decode_image(picture.jpeg, "photograph").pixels;
    EXPECT_EQ(decoded.shape(), scene.shape());
    EXPECT_EQ(picture.reference.shape(), scene.shape());
    for (std::int64_t i = 0; i < scene.numel(); i += 97)  // f32: two roundings
      EXPECT_NEAR(picture.reference.data<float>()[i] / (picture.exposure * scene.data<float>()[i]), 1, 3e-7);
  }
}

TEST(EvaluationCamera, TrueInverseCurveLinearisesTheCodes) {
  EvaluationOptions options = whole();
  options.signal_noise = options.constant_noise = 0;
  options.quality_lo = options.quality_hi = 100;
  Tensor scene({1, 64, 64, 3}, DType::f32);  // grey, the same in blocks of 8 x 8: JPEG leaves its codes alone
  for (std::int64_t i = 0; i < 64 * 64; ++i) {
    const std::int64_t block = i / 64 / 8 * 8 + i % 64 / 8;
    for (int c = 0; c < 3; ++c) scene.mutable_data<float>()[3 * i + c] = 0.01f * static_cast<float>(block + 1);
  }
  for (std::uint64_t index = 0; index < 8; ++index) {
    const EvaluationPicture picture = evaluation_picture(scene, 25, index, options, "scene");
    const std::vector<double>& inverse = evaluation_curves().inverse[picture.curve];
    const Tensor codes = decode_image(picture.jpeg, "photograph").pixels;
    const auto linear = [&](double code) {
      const double at = std::clamp(code, 0.0, 255.0) / 255 * 1023;
      const auto low = std::min(static_cast<std::size_t>(at), std::size_t{1022});
      return inverse[low] + (at - static_cast<double>(low)) * (inverse[low + 1] - inverse[low]);
    };
    int unclipped = 0;
    for (std::int64_t i = 0; i < codes.numel(); ++i) {
      const double truth = picture.reference.data<float>()[i], code = 255.0 * codes.data<float>()[i];
      if (truth > 1) {
        EXPECT_GE(code, 254);
        continue;
      }
      ++unclipped;
      // Half a code of rounding, up to one of JPEG (YCbCr and back), and the table's own steps.
      EXPECT_GE(truth, linear(code - 1.5) - 2e-3) << picture.curve;
      EXPECT_LE(truth, linear(code + 1.5) + 2e-3) << picture.curve;
    }
    EXPECT_GT(unclipped, codes.numel() / 2);
  }
}

TEST(EvaluationCamera, DependsOnSeedSceneAndShareAlone) {
  const Tensor scene = light(64, 64);
  const auto jpeg = [&](std::int64_t percent, std::uint64_t number, std::int64_t seed) {
    EvaluationOptions options = whole();
    options.seed = seed;
    return evaluation_picture(scene, percent, number, options, "scene").jpeg;
  };
  EXPECT_EQ(jpeg(3, 1, 1), jpeg(3, 1, 1));
  std::set<std::string> all;
  for (const Bytes& bytes : {jpeg(3, 1, 1), jpeg(10, 1, 1), jpeg(3, 2, 1), jpeg(3, 1, 2)}) all.insert(sha256(bytes));
  EXPECT_EQ(all.size(), 4u);
}

TEST(EvaluationCamera, NoiseIsInThePhotographAndNotInTheReference) {
  EvaluationOptions noiseless = whole();
  noiseless.signal_noise = noiseless.constant_noise = 0;
  const Tensor scene = light(64, 64);
  const EvaluationPicture noisy = evaluation_picture(scene, 10, 0, whole(), "scene");
  const EvaluationPicture clean = evaluation_picture(scene, 10, 0, noiseless, "scene");
  EXPECT_TRUE(same_bits(noisy.reference, clean.reference));
  EXPECT_EQ(noisy.curve, clean.curve);
  EXPECT_NE(noisy.jpeg, clean.jpeg);
}

TEST(EvaluationCamera, TakesNoPhotographThatTrainingWouldLeaveOut) {
  Tensor dark = light(32, 32);  // but for 64 pixels: 4 stops below them, which some curves leave black
  for (std::int64_t i = 64 * 3; i < dark.numel(); ++i) dark.mutable_data<float>()[i] *= 0x1p-4f;
  std::set<std::size_t> curves;
  for (std::uint64_t scene = 0; scene < 40; ++scene) {
    const EvaluationPicture picture = evaluation_picture(dark, 3, scene, whole(), "scene");
    EXPECT_EQ(exposure_weight(decode_image(picture.jpeg, "photograph").pixels), 1) << scene << ", " << picture.curve;
    curves.insert(picture.curve);
  }
  EXPECT_GT(curves.size(), 5u);
  EXPECT_LT(curves.size(), evaluation_curves().forward.size());
}

TEST(EvaluationCamera, RefusesWhatCannotBeClippedSo) {
  const Tensor flat = Tensor::full({1, 32, 32, 3}, 2, DType::f32), black = Tensor::full({1, 32, 32, 3}, 0, DType::f32);
  expect_error([&] { evaluation_picture(flat, 3, 0, whole(), "flat.exr"); }, ExitCode::bad_image,
               "flat.exr: no exposure clips 3 % of its pixels (the nearest clips 0 %)");
  expect_error([&] { evaluation_picture(black, 3, 0, whole(), "black.exr"); }, ExitCode::bad_image,
               "black.exr: black in 97 % of its pixels or more");
  Tensor dim = light(32, 32);  // but for 32 pixels: 26 stops below them
  for (std::int64_t i = 32 * 3; i < dim.numel(); ++i) dim.mutable_data<float>()[i] *= 0x1p-26f;
  EvaluationOptions noiseless = whole();
  noiseless.signal_noise = noiseless.constant_noise = 0;
  expect_error([&] { evaluation_picture(dim, 3, 0, noiseless, "dim.exr"); }, ExitCode::bad_image,
               "dim.exr: over- or under-exposed in more than half of its pixels when 3 % are clipped");
  expect_error([&] { evaluation_picture(light(3, 3), 3, 0, whole(), "tiny.exr"); }, ExitCode::bad_image, "too small");
}

TEST(EvaluationCamera, ViewIsTheMiddleAndOfTheSize) {
  EvaluationOptions options = whole();
  EXPECT_TRUE(same_bits(evaluation_view(light(30, 41), options), light(30, 41)));
  EXPECT_EQ(evaluation_view(light(32, 64), options).shape(), (Shape{1, 24, 64, 3}));  // a panorama without its poles
  for (const auto& [width, height] : {std::pair{16, 16}, {24, 16}, {100, 7}, {7, 100}, {41, 30}, {64, 64}})
    for (const auto& [h, w] : {std::pair{30, 41}, {32, 64}, {41, 30}, {5, 3}, {33, 66}}) {
      options.width = width;
      options.height = height;
      EXPECT_EQ(evaluation_view(light(h, w), options).shape(), (Shape{1, height, width, 3})) << h << " " << w;
    }
  options.width = options.height = 10;
  EXPECT_TRUE(same_bits(evaluation_view(light(10, 30), options), cropped(light(10, 30), {0, 10, 10, 10})));
}

}  // namespace
}  // namespace duhdr
