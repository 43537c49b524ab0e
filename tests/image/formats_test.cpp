// SPDX-License-Identifier: Apache-2.0
// The table of formats, and the pictures of those that it was the first to know: BMP, GIF, PSD, TGA, PGM, PPM.
#include "image/formats.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "image/avif_write.h"
#include "image/encode.h"
#include "tests/support/image_checks.h"
#include "tests/support/image_stb_files.h"

namespace duhdr {
namespace {

using namespace files;
using Text = std::vector<std::string>;

Codes opaque(Codes codes) {
  for (std::size_t i = 3; i < codes.data.size(); i += 4) codes.data[i] = 255;
  return codes;
}

TEST(Formats, RowsAreConsistent) {
  std::set<std::string_view> names, extensions;
  for (const Format& format : formats()) {
    SCOPED_TRACE(format.title);
    EXPECT_FALSE(format.title.empty());
    if (format.shows_photograph) {  // written only, and read as the format of its picture
      EXPECT_TRUE(format.plausible == nullptr && format.decode == nullptr);
      EXPECT_NE(format.encode == nullptr, format.unavailable.empty());
      for (const std::string_view extension : format.extensions)
        EXPECT_EQ(format_of(extension)->name, format.keeps_jpeg ? "jpeg" : extension);
      continue;
    }
    EXPECT_NE(format.marks.empty(), format.plausible == nullptr);
    EXPECT_EQ(format.decode == nullptr && format.library.empty(), format.extensions.empty());
    if (format.decode == nullptr) continue;
    EXPECT_TRUE(names.insert(format.name).second);
    for (const std::string_view extension : format.extensions) {
      EXPECT_TRUE(extensions.insert(extension).second) << extension;
      EXPECT_EQ(format_of(extension), &format);
      EXPECT_TRUE(names_picture(std::filesystem::path("a.b").concat(".").concat(extension), format.referred));
    }
  }
}

TEST(Formats, WhatIsWrittenIsReadBackAsThatFormat) {
  Tensor values({1, 2, 3, 3}, DType::f32);
  for (std::int64_t i = 0; i < values.numel(); ++i) values.mutable_data<float>()[i] = static_cast<float>(i) / 17.0f;
  const Photograph photograph{.jpeg = {}, .codes = values};
  for (const Format& format : formats()) {
    if (format.encode == nullptr) continue;
    Output output{.pixels = values, .white_luminance = 100.0f, .attributes = {{"a", "b"}}};
    if (format.shows_photograph) {
      output.photograph = &photograph;
      output.layers = {{"linear", values}, {"mask", Tensor::zeros(values.shape().with(3, 1), DType::f32)}};
    }
    const Bytes file = format.encode(output);
    if (format.shows_photograph && !format.keeps_jpeg) {  // codes of an HDR display, which are no photograph
      EXPECT_EQ(recognised(file, "")->extensions[0], format.extensions[0]);
      EXPECT_THROW(read(file), Error);
      continue;
    }
    const Image image = read(file);
    EXPECT_EQ(image.format, format.keeps_jpeg ? "jpeg" : format.name);
    EXPECT_EQ(image.referred, format.shows_photograph ? Image::Referred::display : format.referred);
    EXPECT_EQ(image.pixels.shape(), values.shape());
  }
}

TEST(Formats, Lists) {
  Text light{"exr", "hdr", "pfm", "jpg", "png"};
  if (avif_unavailable().empty()) light.emplace_back("avif");
  EXPECT_EQ(written_formats(Image::Referred::scene), light);
  EXPECT_NE(written_format("avif", Image::Referred::scene), nullptr);
  EXPECT_EQ(written_formats(Image::Referred::display), (Text{"png", "jpg"}));
  EXPECT_EQ(written_format("jpeg", Image::Referred::scene), written_format("uhdr", Image::Referred::scene));
  EXPECT_EQ(written_format("jpeg", Image::Referred::display), format_of("jpg"));
  EXPECT_EQ(written_format("uhdr", Image::Referred::display), nullptr);
  EXPECT_EQ(written_format("png", Image::Referred::scene), written_format("png-pq", Image::Referred::scene));
  EXPECT_EQ(written_format("png", Image::Referred::display), format_of("png"));
  EXPECT_EQ(written_format("bmp", Image::Referred::display), nullptr);
  EXPECT_EQ(readable_formats(Image::Referred::scene), "OpenEXR, Radiance HDR or PFM");
  const std::string all = readable_formats();  // and those of the libraries that the build has
  EXPECT_TRUE(all.starts_with("OpenEXR, Radiance HDR, PFM, PNG, JPEG, BMP, GIF, PSD, PGM/PPM")) << all;
  EXPECT_NE(all.find("TGA"), all.npos) << all;
  EXPECT_EQ(extension_of("a/B.JPeG"), "jpeg");
  EXPECT_EQ(extension_of("a.b/none"), "");
  EXPECT_FALSE(names_picture("a.exr", Image::Referred::display));
  EXPECT_TRUE(names_picture("a.PIC", Image::Referred::scene));
  EXPECT_FALSE(names_picture("a.jxl", Image::Referred::display));
  EXPECT_EQ(names_picture("a.webp", Image::Referred::display), format_of("webp")->decode != nullptr);
}

TEST(Formats, BlocksOfMetadataAreKeptWhereTheRowSaysSo) {
  const Bytes exif = exif_block(1), icc = icc_profile("sRGB IEC61966-2.1"), xmp = bytes_of("<x:xmpmeta/>");
  const Bytes jpeg = with_segment(
      with_segment(with_segment(jpeg_file(pattern(9, 5)), 0xE1, exif_segment(exif)), 0xE2, icc_segment(icc)), 0xE1,
      xmp_segment(xmp));
  const Bytes png =
      png_file(pattern(9, 5), chunk("eXIf", exif) + xmp_chunk(xmp) +
                                  chunk("iCCP", bytes_of(std::string(50, 'n')) + number(0, 2) + deflated(icc)));
  for (const Bytes& file : {jpeg, png}) {
    const Image image = read(file);
    const Format& format = *recognised(file, "");
    EXPECT_EQ(image.exif, format.keeps.exif ? exif : Bytes()) << format.title;
    EXPECT_EQ(image.icc, format.keeps.icc ? icc : Bytes()) << format.title;
    EXPECT_EQ(image.xmp, format.keeps.xmp ? xmp : Bytes()) << format.title;
    EXPECT_TRUE(format.keeps.exif && format.keeps.icc && format.keeps.xmp);
  }
}

TEST(Bmp, EveryDepth) {
  const Codes colour = pattern(13, 7), transparent = pattern(13, 7, 4);
  EXPECT_EQ(pixels(read(bmp_file(colour))), expected(colour));
  EXPECT_EQ(pixels(read(bmp_file(colour, true))), expected(colour));
  EXPECT_TRUE(read(bmp_file(colour)).warnings.empty());
  EXPECT_EQ(pixels(read(bmp_file(transparent))), expected(transparent));
  EXPECT_TRUE(warns(read(bmp_file(transparent)), "transparency is ignored"));
  EXPECT_TRUE(read(bmp_file(opaque(transparent))).warnings.empty());
  EXPECT_EQ(read(bmp_file(colour)).format, "bmp");
  const auto indexed = [](int bits, const Bytes& row) {
    std::vector<int> found;
    for (const float value : pixels(read(indexed_bmp(bits, 5, 2, row))))
      found.push_back(static_cast<int>(std::lround(255 * value)));
    return found;
  };
  const std::vector<int> wanted{1, 2, 3, 2, 3, 4, 2, 3, 4, 1, 2, 3, 2, 3, 4};  // indices 0 1 1 0 1
  EXPECT_EQ(indexed(1, number(0b01101000, 1)), wanted);
  EXPECT_EQ(indexed(4, number(0x011010, 3)), wanted);
  EXPECT_EQ(indexed(8, number(0x0001010001, 5)), wanted);
  const Image five = read(bmp_header(1, 1, 16, 54) + little(31 << 10 | 1, 2) + little(0, 2));
  EXPECT_EQ(pixels(five), (std::vector<float>{1.0f, 0.0f, 8.0f / 255.0f}));
}

TEST(Tga, EveryKindAndOrigin) {
  for (const int channels : {1, 3, 4})
    for (const bool runs : {false, true})
      for (const int flags : {0x00, 0x10, 0x20, 0x30}) {
        Codes codes = pattern(300, 5, channels);
        std::fill_n(codes.data.begin(), 250 * channels, std::uint8_t{7});  // long runs
        const Image image = read(tga_file(codes, runs, flags), {}, "tga");
        EXPECT_EQ(pixels(image), expected(codes)) << channels << runs << flags;
        EXPECT_EQ(warns(image, "transparency is ignored"), channels == 4);
        EXPECT_EQ(image.format, "tga");
      }
  const Bytes indexed = tga_header(1, 3, 1, 8, 0, 2) + number(0x010203, 3) + number(0x040506, 3) + number(0x010001, 3);
  std::vector<float> wanted;
  for (const int code : {6, 5, 4, 3, 2, 1, 6, 5, 4}) wanted.push_back(static_cast<float>(code) / 255.0f);
  EXPECT_EQ(pixels(read(indexed, {}, "tga")), wanted);
}

TEST(Psd, DepthsAndRunLengths) {
  const Codes codes = pattern(13, 7), transparent = opaque(pattern(13, 7, 4));
  for (const Bytes& file : {psd_file(codes), psd_file(codes, 16), psd_file(codes, 8, true)})
    EXPECT_EQ(pixels(read(file)), expected(codes));
  EXPECT_TRUE(read(psd_file(codes)).warnings.empty());
  EXPECT_EQ(pixels(read(psd_file(transparent))), expected(transparent));
  const Bytes between = psd_header(1, 1, 3, 16) + number(0x000180FFFFFE, 6);  // codes that 8 bits do not have
  EXPECT_EQ(pixels(read(between)), (std::vector<float>{1 / 65535.0f, 33023 / 65535.0f, 65534 / 65535.0f}));
  Codes clear = pattern(13, 7, 4);
  clear.data[3] = 0;
  EXPECT_TRUE(warns(read(psd_file(clear)), "transparency is ignored"));
}

TEST(Gif, FirstPicture) {
  const Codes codes = pattern(20, 15, 1), other = pattern(20, 15, 1);
  const Image image = read(gif_file(codes));
  EXPECT_EQ(pixels(image), expected(codes));
  EXPECT_TRUE(image.warnings.empty());
  const Image animated = read(gif_header(20, 15) + gif_picture(codes) + gif_picture(other) + number(0x3B, 1));
  EXPECT_EQ(pixels(animated), expected(codes));
  EXPECT_TRUE(warns(animated, "animated GIF; only its first picture is used"));
  EXPECT_TRUE(warns(read(gif_header(21, 15) + gif_picture(codes) + number(0x3B, 1)), "transparency is ignored"));
}

TEST(Pnm, DepthsAndLargestCodes) {
  for (const int channels : {1, 3})
    for (const int bits : {8, 16}) {
      const Codes codes = pattern(13, 7, channels);
      const Image image = read(pnm_file(codes, bits));
      EXPECT_EQ(pixels(image), expected(codes)) << channels << bits;
      EXPECT_TRUE(image.warnings.empty());
    }
  EXPECT_EQ(read(bytes_of("P5 1 1 1\n\1")).pixels.to_vector<float>(),
            (std::vector<float>{1, 1, 1}));  // the smallest file
  const Image ten = read(bytes_of("P5 4 1 10\n") + number(0x00050AC8, 4));
  EXPECT_EQ(pixels(ten), (std::vector<float>{0, 0, 0, 0.5f, 0.5f, 0.5f, 1, 1, 1, 1, 1, 1}));
  EXPECT_TRUE(warns(ten, "1 codes above the largest (10) taken as it"));
  const Image wide = read(bytes_of("P5\n2 1\n1023\n") + number(0x000103FF, 4) + "xx");
  EXPECT_EQ(pixels(wide)[0], 1.0f / 1023.0f);
  EXPECT_EQ(pixels(wide)[3], 1.0f);
  EXPECT_TRUE(warns(wide, "2 bytes behind"));
}

}  // namespace
}  // namespace duhdr
