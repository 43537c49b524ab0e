// SPDX-License-Identifier: Apache-2.0
// Good calls of the programs: formats, sizes, folders, reports, repeatability, and the photographs where they are.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <thread>

#include "data/curve_basis.h"
#include "image/encode.h"
#include "image/image.h"
#include "tests/support/cli_files.h"
#include "tests/support/image_exr_files.h"
#include "tests/support/image_files.h"
#include "tests/support/image_stb_files.h"

namespace duhdr::cli {
namespace {

namespace fs = std::filesystem;
using namespace files;
using nlohmann::json;
using Arguments = std::vector<std::string>;

class GoodCalls : public testing::Test {
 protected:
  void SetUp() override {
    write_tiny_model(folder_ / "model");
    write(folder_ / "in.png", photograph(70, 45));
  }
  Outcome run(const Arguments& arguments, int code = 0, const std::string& program = "duhdr-infer") {
    const Outcome outcome = run_program_file(program, arguments, {.folder = folder_.path()});
    EXPECT_EQ(outcome.code, code) << outcome.err;
    return outcome;
  }
  Image converted(const Arguments& more = {}, const std::string& input = "in.png",
                  const std::string& output = "out.pfm") {
    fs::remove(folder_ / output);
    run(call(input, output, more));
    return read_image(folder_ / output);
  }
  std::vector<float> values(const Arguments& more) { return converted(more).pixels.to_vector<float>(); }

  Scratch folder_{"cli-good"};
};

void expect_light(const Image& image, std::int64_t width, std::int64_t height) {
  EXPECT_EQ(image.width(), width);
  EXPECT_EQ(image.height(), height);
  for (const float value : image.pixels.to_vector<float>()) ASSERT_TRUE(std::isfinite(value) && value >= 0);
}

std::map<std::string, Bytes> inputs() {
  Tensor light({1, 12, 16, 3}, DType::f32);
  for (std::int64_t i = 0; i < light.numel(); ++i) light.mutable_data<float>()[i] = static_cast<float>(i % 40) * 0.05f;
  return {{"a.png", png_file(pattern(16, 12))},
          {"grey.png", png_file(pattern(16, 12, 1))},
          {"alpha.png", png_file(pattern(16, 12, 4))},
          {"b.jpg", jpeg_file(pattern(16, 12))},
          {"cmyk.jpg", jpeg_file(pattern(16, 12, 4))},
          {"c.exr", encode_exr(light)},
          {"bright.exr", simple_exr()},
          {"d.hdr", encode_hdr(light)},
          {"e.pfm", encode_pfm(light)},
          {"f.bmp", bmp_file(pattern(16, 12))},
          {"g.gif", gif_file(pattern(16, 12, 1))},
          {"h.psd", psd_file(pattern(16, 12))},
          {"i.tga", tga_file(pattern(16, 12), true)},
          {"j.ppm", pnm_file(pattern(16, 12), 16)},
          {"png-named.jpg", png_file(pattern(16, 12))}};
}

TEST_F(GoodCalls, EveryInputToEveryOutput) {
  for (const auto& [name, bytes] : inputs()) {
    SCOPED_TRACE(name);
    write(folder_ / name, bytes);
    for (const std::string format : {"exr", "hdr", "pfm"}) {
      const Image image = converted({}, name, "out." + format);
      EXPECT_EQ(image.format, format);
      expect_light(image, 16, 12);
    }
    for (const std::string format : {"png", "jpg"})
      EXPECT_EQ(converted({"--reverse"}, name, "out." + format).width(), 16);
  }
}

TEST_F(GoodCalls, EverySize) {
  for (const auto& [width, height] : {std::pair{1, 1}, {1, 7}, {7, 1}, {2, 2}, {31, 33}, {70, 45}, {32, 64}}) {
    write(folder_ / "size.png", photograph(width, height));
    expect_light(converted({}, "size.png"), width, height);
    expect_light(converted({"--tile", "32"}, "size.png"), width, height);
  }
}

TEST_F(GoodCalls, EveryOrientationIsTurnedUpright) {
  for (std::uint32_t orientation = 1; orientation <= 8; ++orientation) {
    write(folder_ / "turned.jpg",
          with_segment(jpeg_file(pattern(40, 30)), 0xE1, exif_segment(exif_block(orientation))));
    expect_light(converted({}, "turned.jpg"), orientation < 5 ? 40 : 30, orientation < 5 ? 30 : 40);
  }
}

TEST_F(GoodCalls, SameBytesAgainWithThreadsAndTiles) {
  std::map<std::string, std::string> sums;
  const std::map<std::string, Arguments> ways{{"1", {}},
                                              {"2", {}},
                                              {"threads", {"-m", "model", "-d", "cpu", "-j", "2"}},
                                              {"tiles", {"--tile", "64"}},
                                              {"small tiles", {"--tile", "32"}},
                                              {"no tiles", {"--tile", "none"}}};
  write(folder_ / "in.png", photograph(301, 203));
  for (const auto& [way, more] : ways) {
    run(way == "threads" ? Arguments{"-m", "model", "-d", "cpu", "-j", "2", "-i", "in.png", "-o", "out.exr"}
                         : call("in.png", "out.exr", more));
    sums[way] = contents_of(folder_.path()).at("out.exr");
    EXPECT_EQ(sums.at(way), sums.begin()->second) << way;
  }
}

TEST_F(GoodCalls, ExposureIsAPowerOfTwo) {
  const std::vector<float> plain = values({});
  for (const int stop : {-3, 2}) {
    const std::vector<float> moved = values({"--exposure", std::to_string(stop)});
    ASSERT_EQ(moved.size(), plain.size());
    for (std::size_t i = 0; i < plain.size(); ++i) ASSERT_EQ(moved[i], std::ldexp(plain[i], stop)) << i;
  }
}

TEST_F(GoodCalls, ExrSaysWhatItIs) {
  const Image image = converted({"--exposure", "1"}, "in.png", "out.exr");
  ASSERT_TRUE(image.chromaticities.has_value());
  EXPECT_TRUE(is_rec709(*image.chromaticities));
  EXPECT_EQ(image.white_luminance, 101.5f);
  const Bytes bytes = read_file(folder_ / "out.exr", 1 << 30, ExitCode::internal);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  for (const char* name : {"duhdr.version", "duhdr.model", "duhdr.modelSha256", "duhdr.options", "duhdr.clipLevel"})
    EXPECT_NE(text.find(name), std::string_view::npos) << name;
  EXPECT_NE(text.find(contents_of(folder_.path()).at("model/model.json")), std::string_view::npos);
}

TEST_F(GoodCalls, FolderRunsAndRepeats) {
  fs::create_directory(folder_ / "pictures");
  for (const char* name : {"a.png", "b.png", "c.png"}) write(folder_ / "pictures" / name, photograph(20, 10));
  write(folder_ / "pictures/notes.txt", "no picture");
  EXPECT_NE(run(call("pictures", "results")).err.find("3 written, 0 skipped"), std::string::npos);
  const auto first = contents_of(folder_ / "results");
  EXPECT_EQ(first.size(), 3u);
  EXPECT_NE(run(call("pictures", "results")).err.find("0 written, 3 skipped (output exists), 0 failed"),
            std::string::npos);
  fs::remove(folder_ / "results/b.exr");
  EXPECT_NE(run(call("pictures", "results")).err.find("1 written, 2 skipped"), std::string::npos);
  EXPECT_NE(run(call("pictures", "results", {"--if-exists", "overwrite"})).err.find("3 written, 0 skipped"),
            std::string::npos);
  EXPECT_EQ(contents_of(folder_ / "results"), first);
  run(call("pictures", "results", {"--if-exists", "fail"}), 2);
  run(call("pictures/a.png", "results/a.exr", {"--if-exists", "fail"}), 2);
  EXPECT_NE(run(call("pictures/a.png", "results/a.exr", {"--if-exists", "skip"})).err.find("1 skipped"),
            std::string::npos);
  run({"-m", "model", "-d", "cpu", "in.png", "pictures/a.png", "-o", "two", "-f", "hdr"});
  EXPECT_EQ(contents_of(folder_ / "two").size(), 2u);
}

TEST_F(GoodCalls, ABadNameDoesNotEndABatch) {
  const std::string longest(251, 'n');  // 255 with .exr
  fs::create_directory(folder_ / "pictures");
  for (const std::string& name : {std::string("same.png"), std::string("same.jpg"), std::string("other.PNG")})
    write(folder_ / "pictures" / name, photograph(20, 10));
  write(folder_ / "pictures" / (longest + ".png"), photograph(20, 10));
  run(call("pictures", "results"));
  const auto results = contents_of(folder_ / "results");
  EXPECT_EQ(results.size(), 4u);
  for (const std::string& name :
       {std::string("same.png.exr"), std::string("same.jpg.exr"), std::string("other.exr"), longest + ".exr"})
    EXPECT_TRUE(results.contains(name)) << name;
  EXPECT_NE(run(call("pictures", "results")).err.find("0 written, 4 skipped"), std::string::npos);

  write(folder_ / "pictures/same.jpg.png", photograph(20, 10));  // its result has the name of another's
  const Outcome outcome = run(call("pictures", "again", {"--preview"}), 9);
  EXPECT_EQ(lines_of(outcome.err).front().substr(0, 7), "error: ");
  EXPECT_NE(outcome.err.find("would be written by both"), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("file name is too long (263 bytes, 255)"), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("3 written, 0 skipped (output exists), 2 failed"), std::string::npos) << outcome.err;
  EXPECT_EQ(contents_of(folder_ / "again").size(), 6u);
  EXPECT_EQ(lines_of(run(call("pictures", "once more", {"--preview", "--dry-run"}), 9).out).size(), 3u);
}

TEST_F(GoodCalls, APreviewIsReplacedOnlyWhereItsOutputWouldBe) {
  const auto preview = [&] { return contents_of(folder_.path()).at("out.preview.png"); };
  write(folder_ / "out.preview.png", "mine");
  const std::string mine = preview();
  run(call("in.png", "out.exr", {"--preview", "--if-exists", "skip"}));
  EXPECT_EQ(preview(), mine);
  EXPECT_TRUE(fs::exists(folder_ / "out.exr"));
  run(call("in.png", "out.exr", {"--preview", "--if-exists", "fail"}), 2);
  EXPECT_EQ(preview(), mine);
  run(call("in.png", "out.exr", {"--preview"}));
  EXPECT_NE(preview(), mine);
}

TEST_F(GoodCalls, OfTwoThatMayNotReplaceOneWins) {
  write(folder_ / "in.png", photograph(301, 203));  // long enough for both to find no output
  std::array<int, 2> codes{};
  std::array<std::thread, 2> runs;
  for (std::size_t i = 0; i < 2; ++i)
    runs[i] = std::thread([&, i] {
      codes[i] = run_program_file("duhdr-infer", call("in.png", "out.exr", {"--if-exists", "fail"}),
                                  {.folder = folder_.path()})
                     .code;
    });
  for (std::thread& one : runs) one.join();
  std::ranges::sort(codes);
  EXPECT_EQ(codes[0], 0);
  EXPECT_TRUE(codes[1] == 6 || codes[1] == 2) << codes[1];
}

TEST_F(GoodCalls, LostOutputIsAnError) {
  const std::vector<std::pair<std::string, Arguments>> printing{
      {"duhdr-infer", {"--help"}},
      {"duhdr-infer", {"--version"}},
      {"duhdr-infer", {"--describe"}},
      {"duhdr-infer", call("in.png", "out.exr", {"--json"})},
      {"duhdr-infer", call("in.png", "out.exr", {"--dry-run"})},
      {"duhdr-train", {"--help"}},
      {"duhdr-train", {"-c", DUHDR_SOURCE_DIR "/configs/smoke.json", "--print-config"}}};
  for (const auto& [program, arguments] : printing) {
    SCOPED_TRACE(program + " " + arguments.front());
    const Outcome lost = run_program_file(program, arguments, {.folder = folder_.path(), .full_output = true});
    EXPECT_EQ(lost.code, 6) << lost.err;
    EXPECT_EQ(lines_of(lost.err).back(), "error: standard output: cannot write; free some space or send it elsewhere");
    EXPECT_EQ(run_program_file(program, arguments, {.folder = folder_.path(), .closed_output = true}).code, 0);
  }
}

TEST_F(GoodCalls, HelpIsText) {
  for (const char* program : {"duhdr-infer", "duhdr-train"}) {
    const std::string help = run({"--help"}, 0, program).out;
    EXPECT_TRUE(std::ranges::none_of(help, [](unsigned char c) { return c < 0x20 && c != '\n'; })) << help;
  }
  EXPECT_NE(run({"--help"}, 0, "duhdr-train").out.find("{resnet18,crfnet}"), std::string::npos);
}

TEST_F(GoodCalls, BadFilesDoNotEndABatch) {
  fs::create_directory(folder_ / "pictures");
  for (const char* name : {"a.png", "c.png", "e.png"}) write(folder_ / "pictures" / name, photograph(20, 10));
  for (const char* name : {"b.png", "d.jpg", "f.jpeg"}) write(folder_ / "pictures" / name, "no picture");
  const Outcome outcome = run(call("pictures", "results", {"--json"}), 9);
  EXPECT_EQ(contents_of(folder_ / "results").size(), 3u);
  std::size_t errors = 0;
  for (const std::string& line : lines_of(outcome.err)) errors += line.starts_with("error: ") ? 1 : 0;
  EXPECT_EQ(errors, 3u) << outcome.err;
  EXPECT_NE(outcome.err.find("3 written, 0 skipped (output exists), 3 failed"), std::string::npos);
  const std::vector<std::string> lines = lines_of(outcome.out);
  ASSERT_EQ(lines.size(), 7u);
  std::size_t good = 0;
  for (std::size_t i = 0; i < 6; ++i) {
    const json line = json::parse(lines[i]);
    good += line.at("ok") ? 1 : 0;
    if (!line.at("ok")) {
      EXPECT_EQ(line.at("code"), 3);
    }
    if (line.at("ok")) {
      EXPECT_EQ(line.at("w"), 20);
      const std::string out = line.at("out").at(0);
      EXPECT_EQ(line.at("sha256"), contents_of(folder_.path()).at(out));
    }
  }
  EXPECT_EQ(good, 3u);
  EXPECT_EQ(json::parse(lines[6]), (json{{"done", 3}, {"failed", 3}, {"skipped", 0}}));
}

TEST_F(GoodCalls, Preview) {
  run(call("in.png", "out.exr", {"--preview"}));
  const Image strip = read_image(folder_ / "out.preview.png");
  EXPECT_EQ(strip.width(), 4 * 70 + 3 * 4);
  EXPECT_EQ(strip.height(), 45);
}

TEST_F(GoodCalls, DryRunWritesNothing) {
  const auto before = contents_of(folder_.path());
  EXPECT_EQ(run(call("in.png", "out.exr", {"--dry-run"})).out, "in.png -> out.exr\n");
  EXPECT_EQ(run(call("in.png", "new/", {"--dry-run"})).out, "in.png -> new/in.exr\n");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "new"));
  EXPECT_EQ(contents_of(folder_.path()), before);
}

TEST_F(GoodCalls, AModelInHalfTheBytes) {
  run({"--to-half", "model", "half"}, 0, "duhdr-train");
  std::uintmax_t full = 0, half = 0;
  for (const auto& [name, sum] : contents_of(folder_ / "half")) {
    full += fs::file_size(folder_ / "model" / name);
    half += fs::file_size(folder_ / "half" / name);
  }
  EXPECT_LT(half, full);
  const auto text = read_file(folder_ / "half/model.json", 1 << 20, ExitCode::internal);
  const json description = json::parse(std::string_view(reinterpret_cast<const char*>(text.data()), text.size()));
  EXPECT_EQ(description.at("provenance").at("rounded_to_half_from"),
            contents_of(folder_.path()).at("model/model.json"));
  const std::vector<float> wanted = values({});
  run({"-m", "half", "-d", "cpu", "-i", "in.png", "-o", "half.pfm"});
  const std::vector<float> rounded = read_image(folder_ / "half.pfm").pixels.to_vector<float>();
  ASSERT_EQ(rounded.size(), wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) ASSERT_NEAR(rounded[i], wanted[i], 1e-2 * (1 + wanted[i])) << i;
}

TEST_F(GoodCalls, Quiet) {
  const Outcome outcome = run(call("in.png", "out.exr", {"-q"}));
  EXPECT_EQ(outcome.out + outcome.err, "");
}

TEST_F(GoodCalls, Describe) {
  const std::string table = run({"--describe"}).out;
  const auto row = [&](const std::string& label, const std::string& parameters, const std::string& gflop) {
    bool found = false;
    for (const std::string& line : lines_of(table))
      found = found || (line.starts_with(label) && line.find(" " + parameters + " ") != std::string::npos &&
                        line.find(" " + gflop + " ") != std::string::npos);
    EXPECT_TRUE(found) << label << "\n" << table;
  };
  row("dnet", "1999779", "37.833");
  row("innet, trunk resnet18", "11492619", "59.643");
  row("innet, trunk crfnet", "1200971", "54.274");
  row("itnet", "24569118", "320.052");
  row("oonet, rfb DownBlocks", "2553479", "30.925");
  row("oonet, conv DownBlocks", "3046659", "39.359");
  row("LDR -> HDR (resnet18, rfb)", "40614995", "448.452");
  row("LDR -> HDR (crfnet, conv)", "30816527", "451.517");
  EXPECT_NE(run({"--describe", "-m", "model", "--size", "33x20"}).out.find("padded"), std::string::npos);
  EXPECT_TRUE(run({"--list-devices"}).out.starts_with("cpu "));
  EXPECT_TRUE(run({"--version"}).out.starts_with("duhdr "));
  EXPECT_NE(run({"--help"}).out.find("--if-exists"), std::string::npos);
}

/// An installed tree of duhdr-infer alone, with the small model in the place of the one that comes with duhdr.
class ShippedModel : public GoodCalls {
 protected:
  void SetUp() override {
    GoodCalls::SetUp();
    fs::create_directories(folder_ / "tree/bin");
    fs::copy_file(fs::path(DUHDR_BINARY_DIR) / "duhdr-infer", program_);
    write_tiny_model(shipped_);
  }
  const fs::path program_ = folder_ / "tree/bin/duhdr-infer", shipped_ = folder_ / "tree/share/duhdr/models/lite";
};

TEST_F(ShippedModel, IsUsedWithoutOneNamed) {
  for (const Arguments& more : {Arguments{"-o", "out.pfm"}, {"-o", "out.png", "--reverse"}}) {
    Arguments arguments{"-d", "cpu", "-i", "in.png", "--json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Outcome chosen = run(arguments, 0, program_);
    EXPECT_TRUE(chosen.err.starts_with("model: tiny, which comes with duhdr (" + shipped_.native() + "); -m names"))
        << chosen.err;
    arguments.insert(arguments.end(), {"-m", "model"});
    const Outcome named = run(arguments, 0, program_);
    EXPECT_EQ(named.err.find("which comes with"), std::string::npos) << named.err;
    EXPECT_EQ(json::parse(lines_of(chosen.out).at(0)).at("sha256"),
              json::parse(lines_of(named.out).at(0)).at("sha256"));
  }
  const Outcome dry = run({"-i", "in.png", "-o", "a.exr", "--dry-run"}, 0, program_);
  EXPECT_EQ(dry.out, "in.png -> a.exr\n");
  EXPECT_NE(dry.err.find("which comes with duhdr"), std::string::npos);
  EXPECT_EQ(run({"-i", "in.png", "-o", "a.exr", "-q"}, 0, program_).err, "");
}

TEST_F(ShippedModel, MissingIsToldWithWhatToDo) {
  fs::remove(shipped_ / "model.json");
  for (const Arguments& more : {Arguments{}, {"--dry-run"}}) {
    Arguments arguments{"-i", "in.png", "-o", "a.exr"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Outcome outcome = run(arguments, 4, program_);
    EXPECT_TRUE(outcome.err.starts_with("error: " + shipped_.native() + ": the model that comes with duhdr is missing"))
        << outcome.err;
    EXPECT_NE(outcome.err.find("with -m"), std::string::npos) << outcome.err;
    EXPECT_FALSE(fs::exists(folder_ / "a.exr"));
  }
}

/// The one in weights/lite: the build tree has it, and it finds light above the clip level where the sample's sun is.
TEST_F(GoodCalls, TheModelInTheBox) {
  const fs::path source = fs::path(DUHDR_SOURCE_DIR) / "weights/lite";
  EXPECT_EQ(contents_of(fs::path(DUHDR_BINARY_DIR) / "../share/duhdr/models/lite"), contents_of(source));
  const Outcome outcome =
      run({"-d", "cpu", "-i", DUHDR_SOURCE_DIR "/docs/sample/photo.jpg", "-o", "out.pfm", "--json"});
  EXPECT_TRUE(outcome.err.starts_with("model: duhdr-lite, which comes with duhdr")) << outcome.err;
  EXPECT_GT(json::parse(lines_of(outcome.out).at(0)).at("max"), 1.5);
}

/// Share of pixels that lie within 2 % of the clip level of the light the mean camera curve gives for their code.
double share_near_mean_curve(const Image& code, const Image& light) {
  const CurveBasis basis =
      read_emor(fs::path(DUHDR_BINARY_DIR) / "../share/duhdr/curves/inverse.txt", CurveDirection::inverse);
  const std::vector<double> curve = basis.mean.to_vector<double>();
  const auto top = static_cast<double>(curve.size() - 1);
  const float *from = code.pixels.data<float>(), *to = light.pixels.data<float>();
  std::int64_t near = 0;
  for (std::int64_t i = 0; i < code.pixels.numel(); ++i) {
    const double at = from[i] * top;
    const auto below = static_cast<std::size_t>(std::min(at, top - 1));
    const double part = at - static_cast<double>(below);
    const double wanted = curve[below] * (1 - part) + curve[below + 1] * part;
    near += std::abs(wanted - to[i]) <= 0.02 ? 1 : 0;
  }
  return static_cast<double>(near) / static_cast<double>(code.pixels.numel());
}

TEST_F(GoodCalls, Photographs) {
  const char* told = std::getenv("DUHDR_SHARED");
  const fs::path pictures = fs::path(told ? told : DUHDR_SOURCE_DIR "/../shared") / "data/ldr";
  if (!fs::exists(pictures / "paris.jpg")) GTEST_SKIP() << "no photographs (set DUHDR_SHARED)";
  run({"--init-only", "full", "-q"}, 0, "duhdr-train");
  for (const std::string name : {"paris.jpg", "seine.jpg"}) {
    const Image code = read_image(pictures / name);
    run({"-m", "full", "-d", "cpu", "-i", (pictures / name).native(), "-o", "out.pfm"});
    const Image light = read_image(folder_ / "out.pfm");
    expect_light(light, code.width(), code.height());
    const double share = share_near_mean_curve(code, light);
    std::printf("%s: %.2f %% of the values within 2 %% of the mean inverse response\n", name.c_str(), 100 * share);
    EXPECT_GE(share, 0.99) << name;
  }
}

}  // namespace
}  // namespace duhdr::cli
