// SPDX-License-Identifier: Apache-2.0
// EXIF and XMP of photographs in what is written, and taken out of it.
#include "image/metadata.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include <ImfFloatAttribute.h>
#include <ImfHeader.h>
#include <ImfInputFile.h>
#include <ImfStringAttribute.h>

#include "image/avif_write.h"
#include "image/encode.h"
#include "image/exif.h"
#include "image/jpeg_segments.h"
#include "image/jpeg_strip.h"
#include "image/xmp.h"
#include "tests/support/cli_run.h"
#include "tests/support/exif_files.h"
#include "tests/support/image_checks.h"
#include "tests/support/png_chunks.h"

namespace duhdr {
namespace {

using namespace files;

const std::map<std::string, std::string> texts{
    {"cameraMake", "Maker"},           {"cameraModel", "Model 1"}, {"owner", "Ann"},
    {"comments", "a bridge"},          {"lensMake", "Glass"},      {"lensModel", "35mm"},
    {"capDate", "2024:05:06 07:08:09"}};
const std::map<std::string, float> numbers{
    {"expTime", 0.004f}, {"aperture", 2.8f}, {"isoSpeed", 400}, {"nominalFocalLength", 35}, {"utcOffset", -9000}};

PqPicture small_picture() { return make_pq_picture({Tensor::full({1, 3, 4, 3}, 0.5, DType::f32)}, 203, 1000, 16); }

TEST(Metadata, ExifBecomesStandardAttributes) {
  for (const bool big : {true, false}) {
    const ExrAttributes found = exr_attributes({.exif = full_exif(1, big), .xmp = {}});
    EXPECT_EQ(found.texts, texts) << big;
    EXPECT_EQ(found.numbers, numbers) << big;
  }
  const ExrAttributes copyright = exr_attributes({.exif = camera_exif({exif_text(0x8298, "(c) Ann")}, {}), .xmp = {}});
  EXPECT_EQ(copyright.texts.at("owner"), "(c) Ann");
  EXPECT_EQ(exr_attributes({.exif = {}, .xmp = bytes_of("<x/>")}).texts.at("xmp"), "<x/>");
}

TEST(Metadata, OddEntriesAreLeftOut) {
  const Bytes exif = camera_exif({exif_text(0x010F, ""), exif_text(0x0110, "  "), {0x013B, 7, 4, bytes_of("Ann!")}},
                                 {exif_ratio(0x829A, 1, 0),
                                  exif_ratio(0x829D, 0, 10),
                                  {0x8827, 2, 4, bytes_of("400")},
                                  exif_text(0x9003, "2024-05-06 07:08:09"),
                                  exif_text(0x9011, "02:30"),
                                  {0x920A, 5, 0x7FFFFFFF, number(8, 4)}});
  const ExrAttributes found = exr_attributes({.exif = exif, .xmp = {}});
  EXPECT_TRUE(found.texts.empty());
  EXPECT_TRUE(found.numbers.empty());
}

TEST(Metadata, NoBlockIsTooBroken) {
  for (const bool big : {true, false}) {
    const Bytes whole = full_exif(6, big);
    for (std::size_t length = 0; length <= whole.size(); ++length) {
      const Bytes block = cut(whole, length);
      EXPECT_LE(exr_attributes({.exif = block, .xmp = {}}).texts.size(), texts.size());
      if (const auto upright = upright_exif(block)) {
        EXPECT_EQ(upright->size(), length);
      }
    }
    for (std::size_t at = 0; at < whole.size(); ++at)
      for (const int value : {0x00, 0x7F, 0xFF}) {
        const Bytes block = with_byte(whole, at, static_cast<std::uint8_t>(value));
        (void)exr_attributes({.exif = block, .xmp = {}});
        if (const auto upright = upright_exif(block)) {
          EXPECT_EQ(exif_orientation(*upright).value, 1);
        }
      }
  }
}

TEST(Metadata, UprightExifHasOrientationOneAndNoTurnedThumbnail) {
  for (const bool big : {true, false})
    for (unsigned orientation = 1; orientation <= 8; ++orientation) {
      const Bytes block = full_exif(orientation, big);
      const auto upright = upright_exif(block);
      ASSERT_TRUE(upright);
      EXPECT_EQ(exif_orientation(*upright).value, 1);
      EXPECT_TRUE(exif_orientation(*upright).stated);
      EXPECT_EQ(exr_attributes({.exif = *upright, .xmp = {}}).texts, texts);
      const std::size_t next = 8 + 2 + 12 * 7;
      const bool has_thumbnail = Bytes(upright->begin() + next, upright->begin() + next + 4) != number(0, 4);
      EXPECT_EQ(has_thumbnail, orientation == 1);
      EXPECT_EQ(*upright == block, orientation == 1);
    }
  EXPECT_FALSE(upright_exif(exif_block(9)));
  EXPECT_FALSE(upright_exif(bytes_of("no TIFF")));
  for (int orientation = 1; orientation <= 8; ++orientation)
    EXPECT_EQ(exif_orientation(exif_of_orientation(orientation)).value, orientation);
}

TEST(Metadata, UprightXmpHasOrientationOne) {
  const auto upright = [](std::string_view text) { return upright_xmp(bytes_of(text)); };
  EXPECT_EQ(upright("<a tiff:Orientation='6'/><tiff:Orientation> 8 </tiff:Orientation>"),
            bytes_of("<a tiff:Orientation='1'/><tiff:Orientation> 1 </tiff:Orientation>"));
  for (const std::string_view kept :
       {"<a tiff:Orientation='9'/>", "<a tiff:Orientation='x'/>", "tiff:Orientation", "", "<a/>"})
    EXPECT_EQ(upright(kept), bytes_of(kept));
}

TEST(Metadata, BrokenExifIsAWarning) {
  Image image;
  image.exif = exif_block(9);
  image.xmp = bytes_of("<a tiff:Orientation='6'/>");
  std::vector<std::string> warnings;
  const Metadata metadata = upright_metadata(image, warnings);
  EXPECT_TRUE(metadata.exif.empty());
  EXPECT_EQ(metadata.xmp, bytes_of("<a tiff:Orientation='1'/>"));
  EXPECT_EQ(warnings, std::vector<std::string>{"EXIF is broken and left out of what is written"});
}

TEST(Metadata, InAnExr) {
  const cli::Scratch folder("metadata");
  ExrAttributes attributes = exr_attributes({.exif = full_exif(1), .xmp = bytes_of("<x/>")});
  write_file(folder / "a.exr", encode_exr(Tensor::full({1, 3, 4, 3}, 0.5, DType::f32),
                                          {.attributes = attributes.texts, .numbers = attributes.numbers}));
  const Imf::InputFile file((folder / "a.exr").c_str());
  for (const auto& [name, text] : texts)
    EXPECT_EQ(file.header().typedAttribute<Imf::StringAttribute>(name).value(), text);
  for (const auto& [name, value] : numbers)
    EXPECT_EQ(file.header().typedAttribute<Imf::FloatAttribute>(name).value(), value);
  EXPECT_EQ(file.header().typedAttribute<Imf::StringAttribute>("xmp").value(), "<x/>");
}

TEST(Metadata, InAPng) {
  const Metadata metadata{.exif = full_exif(1), .xmp = bytes_of("<x/>")};
  const Bytes file = encode_png_pq(small_picture(), metadata);
  const PngReader png(file);
  EXPECT_LT(png.index("eXIf"), png.index("IDAT"));
  EXPECT_EQ(bytes_of(png.data("eXIf")), metadata.exif);
  EXPECT_EQ(png.data("iTXt"), std::string("XML:com.adobe.xmp\0\0\0\0\0<x/>", 26));
  EXPECT_FALSE(PngReader(encode_png_pq(small_picture())).has("eXIf"));
}

TEST(Metadata, InAnAvif) {
  if (!avif_unavailable().empty()) GTEST_SKIP() << avif_unavailable();
  const Metadata metadata{.exif = full_exif(1), .xmp = bytes_of("<x>something to find</x>")};
  const PqPicture picture = make_pq_picture({Tensor::full({1, 16, 16, 3}, 0.5, DType::f32)}, 203, 1000, 10);
  const auto holds = [](const Bytes& file, const Bytes& part) {
    return std::search(file.begin(), file.end(), part.begin(), part.end()) != file.end();
  };
  const Bytes with = encode_avif(picture, 90, metadata), without = encode_avif(picture, 90);
  EXPECT_TRUE(holds(with, metadata.exif) && holds(with, metadata.xmp));
  EXPECT_FALSE(holds(without, bytes_of("Exif")) || holds(without, bytes_of("mime")));
  EXPECT_FALSE(holds(with, bytes_of("irot")) || holds(with, bytes_of("imir")));
}

TEST(Metadata, TakenOutOfAJpeg) {
  Bytes jpeg = jpeg_file(pattern(40, 20));
  for (const auto& [marker, payload] : {std::pair{0xFE, bytes_of("a comment")},
                                        {0xED, bytes_of("Photoshop 3.0")},
                                        {0xE2, icc_segment(icc_profile("Display P3"))},
                                        {0xE1, xmp_segment(bytes_of("<x/>"))},
                                        {0xE1, exif_segment(full_exif(6))}})
    jpeg = with_segment(jpeg, marker, payload);
  for (const int orientation : {1, 6}) {
    const Bytes stripped = without_metadata(jpeg, orientation, "test");
    const Image image = read(stripped);
    EXPECT_EQ(image.orientation, orientation);
    EXPECT_EQ(image.exif, orientation == 1 ? Bytes() : exif_of_orientation(6));
    EXPECT_TRUE(image.xmp.empty());
    EXPECT_EQ(image.icc, icc_profile("Display P3"));
    EXPECT_EQ(pixels(image).size(), pixels(read(jpeg)).size());
    const JpegParts before = jpeg_parts(jpeg, "test"), after = jpeg_parts(stripped, "test");
    EXPECT_TRUE(std::ranges::equal(before.scans, after.scans));
    const std::string_view text(reinterpret_cast<const char*>(stripped.data()), stripped.size());
    for (const char* part : {"a comment", "Photoshop", "Maker", "<x/>"})
      EXPECT_EQ(text.find(part), std::string_view::npos) << part;
  }
}

}  // namespace
}  // namespace duhdr
