// SPDX-License-Identifier: Apache-2.0
// Outputs of duhdr-infer that hold more than the result: layers of an EXR, the photograph of an Ultra HDR JPEG and of
// what else is made for displays, the page of a run.
#include <gtest/gtest.h>

#include "image/avif_write.h"
#include "image/encode.h"
#include "image/exif.h"
#include "image/image.h"
#include "image/pq.h"
#include "tests/support/cli_files.h"
#include "tests/support/exif_files.h"
#include "tests/support/page_files.h"
#include "tests/support/png_chunks.h"

namespace duhdr::cli {
namespace {

namespace fs = std::filesystem;

class Outputs : public testing::Test {
 protected:
  void SetUp() override {
    write_tiny_model(folder_ / "model");
    write(folder_ / "in.png", photograph(70, 45));
  }
  void run(const std::vector<std::string>& arguments) {
    const Outcome outcome = run_program_file("duhdr-infer", arguments, {.folder = folder_.path()});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
  }

  Scratch folder_{"cli-outputs"};
};

using pages::text_of;

TEST_F(Outputs, UltraHdrKeepsThePhotograph) {
  write(folder_ / "in.jpg", encode_jpeg(codes_of(read_image(folder_ / "in.png").pixels)));
  run(call("in.jpg", "out.jpg", {"--gain-map", "full", "--peak-nits", "600"}));
  run(call("in.png", "encoded.jpg", {"-f", "uhdr", "--quality", "95"}));
  const std::vector<float> base = read_image(folder_ / "in.jpg").pixels.to_vector<float>();
  for (const char* name : {"out.jpg", "encoded.jpg"}) {
    EXPECT_EQ(read_image(folder_ / name).pixels.to_vector<float>(), base) << name;
    const std::string bytes = text_of(folder_ / name);
    for (const char* part : {"hdrgm:Version", "hdrgm:GainMapMax", "urn:iso:std:iso:ts:21496:-1", "MPF"})
      EXPECT_NE(bytes.find(part), std::string::npos) << name << " " << part;
  }
}

TEST_F(Outputs, PqPngShowsThePhotographAndMoreLight) {
  const double white = 150;
  run(call("in.png", "out.png", {"--white-nits", "150", "--peak-nits", "600"}));
  run(call("in.png", "named", {"-f", "png-pq"}));
  const files::PngReader png(read_file(folder_ / "out.png", 1 << 30, ExitCode::internal));
  EXPECT_EQ(png.data("cICP"), std::string("\x09\x10\x00\x01", 4));
  EXPECT_EQ(files::PngReader::number(png.data("mDCV"), 16, 4), 6'000'000u);
  EXPECT_NE(text_of(folder_ / "out.png"), text_of(folder_ / "named"));
  const Image in = read_image(folder_ / "in.png");
  const std::vector<int> codes = png.codes16();
  ASSERT_EQ(codes.size(), static_cast<std::size_t>(in.pixels.numel()));
  const Matrix3 to_2020 = rgb_to_rgb(rec709, rec2020);
  const float* code = in.pixels.data<float>();
  std::size_t same = 0, brighter = 0;
  for (std::size_t i = 0; i < codes.size(); i += 3) {
    const auto light = [&](std::size_t c) { return static_cast<double>(srgb_to_linear(code[i + c])); };
    const Vector3 photograph = to_2020 * Vector3{light(0), light(1), light(2)};
    bool is_same = true;
    for (std::size_t c = 0; c < 3; ++c) {
      const double wanted = 65535 * pq(white * photograph[c]);
      EXPECT_GT(codes[i + c], wanted - 1);
      is_same = is_same && codes[i + c] < wanted + 1;
    }
    ++(is_same ? same : brighter);
  }
  EXPECT_GT(same, codes.size() / 6);  // more than half of the pixels are not clipped
  EXPECT_GT(brighter, 0u);
}

TEST_F(Outputs, AvifWhereThisBuildWritesIt) {
  const Outcome outcome =
      run_program_file("duhdr-infer", call("in.png", "out.avif", {"--depth", "12"}), {.folder = folder_.path()});
  if (avif_unavailable().empty()) {
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(text_of(folder_ / "out.avif").substr(4, 8), "ftypavif");
    EXPECT_EQ(outcome.err.find("MaxCLL") == std::string::npos, avif_shortcoming().empty());
  } else {
    EXPECT_EQ(outcome.code, static_cast<int>(ExitCode::usage));
    EXPECT_NE(outcome.err.find("out.avif: cannot write AVIF: "), std::string::npos) << outcome.err;
    EXPECT_FALSE(fs::exists(folder_ / "out.avif"));
  }
}

TEST_F(Outputs, ExrOfFloatsInOtherPrimaries) {
  run(call("in.png", "plain.pfm"));
  run(call("in.png", "out.exr", {"--exr", "float", "--exr-compression", "piz", "--primaries", "acescg"}));
  run(call("in.png", "out.hdr", {"--primaries", "bt2020"}));
  const std::vector<float> plain = read_image(folder_ / "plain.pfm").pixels.to_vector<float>();
  const Image exr = read_image(folder_ / "out.exr"), hdr = read_image(folder_ / "out.hdr");
  ASSERT_TRUE(exr.chromaticities && hdr.chromaticities);
  EXPECT_NEAR(exr.chromaticities->white_x, acescg.white_x, 1e-6);
  EXPECT_NEAR(hdr.chromaticities->red_x, rec2020.red_x, 1e-6);
  const Matrix3 aces = rgb_to_rgb(rec709, acescg), wide = rgb_to_rgb(rec709, rec2020);
  for (std::size_t i = 0; i < plain.size(); i += 3) {
    const auto value = [&](std::size_t c) { return static_cast<double>(plain[i + c]); };
    const Vector3 light{value(0), value(1), value(2)};
    for (std::size_t c = 0; c < 3; ++c) {
      const auto at = static_cast<std::int64_t>(i + c);
      EXPECT_FLOAT_EQ(exr.pixels.data<float>()[at], static_cast<float>((aces * light)[c]));
      const double largest = std::max({value(0), value(1), value(2)});
      EXPECT_NEAR(static_cast<double>(hdr.pixels.data<float>()[at]), (wide * light)[c], largest / 100);
    }
  }
}

TEST_F(Outputs, WhatThePhotographSaysGoesAlongUnlessStripped) {
  using namespace files;
  const Bytes xmp = bytes_of("<rdf:RDF><rdf:Description tiff:Orientation='6' dc:source='mine'/></rdf:RDF>");
  write(folder_ / "in.jpg", with_segment(with_segment(jpeg_file(pattern(40, 30)), 0xE1, xmp_segment(xmp)), 0xE1,
                                         exif_segment(full_exif(6))));
  const auto holds = [&](const char* name, const char* part) {
    return text_of(folder_ / name).find(part) != std::string::npos;
  };
  std::vector<const char*> names{"out.exr", "out.png", "out.jpg"};
  if (avif_unavailable().empty()) names.push_back("out.avif");
  for (const char* name : names) {
    run(call("in.jpg", name));
    EXPECT_TRUE(holds(name, "Maker") && holds(name, "dc:source='mine'")) << name;
    run(call("in.jpg", name, {"--strip-metadata"}));
    EXPECT_FALSE(holds(name, "Maker") || holds(name, "dc:source")) << name;
  }
  EXPECT_EQ(read_image(folder_ / "out.jpg").orientation, 6);
  EXPECT_EQ(read_image(folder_ / "out.jpg").width(), 30);
  run(call("in.jpg", "out.png"));
  const PngReader upright(bytes_of(text_of(folder_ / "out.png")));
  EXPECT_EQ(exif_orientation(bytes_of(upright.data("eXIf"))).value, 1);
  EXPECT_EQ(upright.width, 30u);
  write(folder_ / "in.jpg", with_segment(jpeg_file(pattern(40, 30)), 0xE1, exif_segment(exif_block(9))));
  const Outcome outcome = run_program_file("duhdr-infer", call("in.jpg", "out.png"), {.folder = folder_.path()});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_NE(outcome.err.find("in.jpg: EXIF is broken and left out of what is written"), std::string::npos);
}

TEST_F(Outputs, Layers) {
  run(call("in.png", "plain.exr", {"--exposure", "1"}));
  run(call("in.png", "out.exr", {"--exposure", "1", "--layers", "hdr,linear,mask"}));
  EXPECT_EQ(read_image(folder_ / "out.exr").pixels.to_vector<float>(),
            read_image(folder_ / "plain.exr").pixels.to_vector<float>());
  const std::string bytes = text_of(folder_ / "out.exr");
  for (const char* channel : {"linear.R", "linear.G", "linear.B", "mask.Y"})
    EXPECT_NE(bytes.find(channel), std::string::npos) << channel;
}

TEST_F(Outputs, ReportHoldsTheLightOfTheFile) {
  run(call("in.png", "plain.exr", {"--exposure", "1"}));
  run(call("in.png", "out.exr", {"--exposure", "1", "--report", "page"}));
  EXPECT_EQ(text_of(folder_ / "out.exr"), text_of(folder_ / "plain.exr")) << "what is made for the page stays there";
  const std::string page = text_of(folder_ / "page/report.html");
  EXPECT_EQ(pages::light_of(pages::data_of(page, "light-1")),
            read_image(folder_ / "out.exr").pixels.to_vector<float>());
  EXPECT_NE(page.find("data-clip=\"2\""), std::string::npos);
  // The lower right quarter is clipped.
  const Image map = decode_image(pages::data_of(page, "invented-1"), "map");
  const auto masked = [&](std::int64_t y, std::int64_t x) { return map.pixels.data<float>()[(y * 70 + x) * 3]; };
  EXPECT_EQ(masked(40, 60), 1);
  EXPECT_EQ(masked(5, 5), 0);
  EXPECT_EQ(contents_of(folder_ / "page").size(), 1u);
}

TEST_F(Outputs, ReportOfAnOperatorAndOfAPictureThatFails) {
  write(folder_ / "bad.png", std::string("\x89PNG\r\n\x1a\n"));
  const Outcome outcome =
      run_program_file("duhdr-infer", {"--method", "srgb", "-o", "out/", "--report", "page", "in.png", "bad.png"},
                       {.folder = folder_.path()});
  EXPECT_EQ(outcome.code, static_cast<int>(ExitCode::partial)) << outcome.err;
  const std::string page = text_of(folder_ / "page/report.html");
  for (const char* part : {"<dt>Method</dt><dd>srgb</dd>", "Failed: 1 of 2", "<li>bad.png: "})
    EXPECT_NE(page.find(part), std::string::npos) << part;
  EXPECT_EQ(pages::light_of(pages::data_of(page, "light-1")),
            read_image(folder_ / "out/in.exr").pixels.to_vector<float>());
}

TEST_F(Outputs, APageThatCannotBeWrittenLeavesThePictures) {
  const Outcome outcome = run_program_file("duhdr-infer", call("in.png", "out.exr", {"--report", "page"}),
                                           {.folder = folder_.path(), .file_size = 30000});
  EXPECT_EQ(outcome.code, static_cast<int>(ExitCode::io)) << outcome.err;
  EXPECT_NE(outcome.err.find("error: page/report.html: cannot write (File too large)"), std::string::npos);
  EXPECT_TRUE(fs::exists(folder_ / "out.exr"));
  EXPECT_TRUE(fs::is_empty(folder_ / "page"));
}

}  // namespace
}  // namespace duhdr::cli
