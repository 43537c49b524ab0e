// SPDX-License-Identifier: Apache-2.0
// Orientation.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "tests/support/image_checks.h"

namespace duhdr {
namespace {

using namespace files;

TEST(Image, OrientationsUpright) {
  // The stored picture and what each orientation says it shows, as rows of letters.
  const std::string stored = "abcdef";  // abc / def
  const std::string shown[] = {"abcdef", "cbafed", "fedcba", "defabc", "adbecf", "daebfc", "fcebda", "cfbead"};
  Codes codes{3, 2, 1, {stored.begin(), stored.end()}};
  for (unsigned orientation = 1; orientation <= 8; ++orientation)
    for (const bool big : {true, false}) {
      const Image image = read(png_file(codes, chunk("eXIf", exif_block(orientation, big))));
      EXPECT_EQ(image.orientation, static_cast<int>(orientation));
      EXPECT_EQ(image.exif, exif_block(orientation, big));
      EXPECT_EQ(image.width(), orientation < 5 ? 3 : 2);
      std::string found;
      for (std::int64_t i = 0; i < 6; ++i)
        found += static_cast<char>(std::lround(image.pixels.data<float>()[3 * i] * 255.0f));
      EXPECT_EQ(found, shown[orientation - 1]) << orientation;
      const Image jpeg = read(with_segment(jpeg_file(pattern(9, 5)), 0xE1, exif_segment(exif_block(orientation, big))));
      EXPECT_EQ(jpeg.width(), orientation < 5 ? 9 : 5);
    }
}

TEST(Image, BrokenExifIsOrientationOne) {
  const Bytes wrong_type = with_byte(exif_block(6), 13, 7), cut_block = cut(exif_block(6), 15);
  for (const Bytes& block :
       {exif_block(0), exif_block(9), exif_block(65535), exif_block(6, true, 8, 8), exif_block(6, true, 0xFFFFFFF0u),
        exif_block(6, true, 4000), wrong_type, cut_block, bytes_of("XX*\0"), Bytes{}, cut(exif_block(6), 8)}) {
    const Image image = read(with_segment(jpeg_file(pattern(9, 5)), 0xE1, exif_segment(block)));
    EXPECT_EQ(image.width(), 9);
    EXPECT_EQ(image.orientation, 1);
    EXPECT_TRUE(block.empty() || warns(image, "orientation taken as 1"));
  }
}

TEST(Image, OrientationOfXmpCountsWhereExifIsSilent) {
  const auto element = [](int n) {
    return bytes_of(message("<x><tiff:Orientation> ", n, "\n</tiff:Orientation></x>"));
  };
  const auto attribute = [](int n) { return bytes_of(message("<x tiff:Make='a' tiff:Orientation = \"", n, "\"/>")); };
  const auto jpeg = [](const Bytes& exif, const Bytes& xmp) {
    const Bytes file = with_segment(jpeg_file(pattern(9, 5)), 0xE1, xmp_segment(xmp));
    return read(exif.empty() ? file : with_segment(file, 0xE1, exif_segment(exif)));
  };
  const auto png = [](const Bytes& exif, const Bytes& xmp) {
    return read(png_file(pattern(9, 5), (exif.empty() ? Bytes() : chunk("eXIf", exif)) + xmp_chunk(xmp)));
  };
  const Bytes silent = with_byte(exif_block(6), 11, 0x13);  // another tag
  for (const auto& opened : {std::function<Image(const Bytes&, const Bytes&)>(jpeg), {png}}) {
    for (int n = 1; n <= 8; ++n)
      for (const Bytes& xmp : {element(n), attribute(n)}) {
        const Image image = opened({}, xmp);
        EXPECT_EQ(image.orientation, n);
        EXPECT_EQ(image.width(), n < 5 ? 9 : 5);
        EXPECT_EQ(image.xmp, xmp);
        EXPECT_TRUE(image.warnings.empty());
      }
    EXPECT_EQ(opened(exif_block(3), attribute(6)).orientation, 3);
    EXPECT_EQ(opened(exif_block(1), attribute(6)).orientation, 1);
    EXPECT_EQ(opened(silent, attribute(6)).orientation, 6);
    EXPECT_TRUE(
        warns(opened(exif_block(9), attribute(6)), "orientation out of range (9, 1 to 8); orientation taken from XMP"));
    EXPECT_TRUE(warns(opened({}, attribute(9)), "XMP: orientation out of range (9, 1 to 8); orientation taken as 1"));
    for (const std::string_view odd : {"tiff:Orientation", "tiff:Orientation=", "tiff:Orientation=6",
                                       "tiff:Orientation=\"6", "tiff:Orientation>6", "", "<tiff:Make>6</tiff:Make>"})
      EXPECT_EQ(opened({}, bytes_of(odd)).orientation, 1) << odd;
  }
  Bytes wrong_sum = xmp_chunk(attribute(6));
  wrong_sum.back() ^= std::byte{1};
  EXPECT_EQ(read(png_file(pattern(9, 5), wrong_sum)).orientation, 1);
}

}  // namespace
}  // namespace duhdr
