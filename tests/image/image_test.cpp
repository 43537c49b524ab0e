// SPDX-License-Identifier: Apache-2.0
// Pictures that must be read, and what must come out of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <functional>
#include <limits>
#include <set>

#include "image/encode.h"
#include "tests/support/image_checks.h"
#include "tests/support/image_exr_files.h"

namespace duhdr {
namespace {

using namespace files;

double mean_difference(const std::vector<float>& a, const std::vector<float>& b) {
  EXPECT_EQ(a.size(), b.size());
  double sum = 0;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) sum += std::abs(a[i] - b[i]);
  return sum / static_cast<double>(a.size());
}

TEST(Image, ContentDecidesNotTheName) {
  const std::filesystem::path path = testing::TempDir() + "image_test.jpg";
  const Codes codes = pattern(5, 4);
  write_file(path, png_file(codes));
  const Image image = read_image(path);
  EXPECT_EQ(image.format, "png");
  EXPECT_EQ(pixels(image), expected(codes));
  std::filesystem::remove(path);
  try {
    read_image(path);
    FAIL() << "a missing file was read";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::io);
  }
}

TEST(Image, OddSizes) {
  for (const auto& [width, height] : {std::pair{1, 1}, {1, 9}, {9, 1}, {2, 2}, {31, 33}, {17, 5}}) {
    const Codes codes = pattern(width, height);
    EXPECT_EQ(pixels(read(png_file(codes))), expected(codes));
    const Image jpeg = read(jpeg_file(codes));
    EXPECT_EQ(jpeg.pixels.shape(), Shape({1, height, width, 3}));
    EXPECT_TRUE(jpeg.warnings.empty());
  }
}

TEST(Png, EveryChannelCount) {
  for (int channels = 1; channels <= 4; ++channels) {
    const Codes codes = pattern(13, 7, channels);
    const Image image = read(png_file(codes));
    EXPECT_EQ(pixels(image), expected(codes)) << channels;
    EXPECT_EQ(warns(image, "transparency"), channels % 2 == 0) << channels;
  }
}

TEST(Png, InterlacedEqualsPlain) {
  const Codes codes = pattern(37, 21);
  EXPECT_EQ(pixels(read(interlaced_png(codes))), expected(codes));
}

TEST(Png, Depths) {
  for (const int depth : {1, 2, 4}) {  // grey: 0, 1, 2 ... of each depth, packed
    const int levels = 1 << depth, width = 16;
    Bytes row(static_cast<std::size_t>(width * depth / 8));
    for (int x = 0; x < width; ++x)
      row[static_cast<std::size_t>(x * depth / 8)] |=
          static_cast<std::byte>((x % levels) << (8 - depth - x * depth % 8));
    const Bytes data = chunk("IDAT", deflated(number(0, 1) + row));
    const Image grey = read(png_signature + ihdr(width, 1, depth, 0) + data + iend);
    Bytes colours;
    for (int i = 0; i < levels; ++i) colours = colours + number(static_cast<unsigned>(10 * i + 1), 1) + number(7, 2);
    const Image palette = read(png_signature + ihdr(width, 1, depth, 3) + chunk("PLTE", colours) +
                               chunk("tRNS", number(0, 1)) + data + iend);
    EXPECT_TRUE(warns(palette, "transparency"));
    for (int x = 0; x < width; ++x) {
      EXPECT_EQ(value(grey, x, 0, 1), static_cast<float>(x % levels) / static_cast<float>(levels - 1));
      EXPECT_EQ(value(palette, x, 0, 0), static_cast<float>(10 * (x % levels) + 1) / 255.0f);
      EXPECT_EQ(value(palette, x, 0, 2), 7.0f / 255.0f);
    }
  }
}

TEST(Png, All65536GreyLevelsAreDistinct) {
  Bytes samples;
  for (unsigned code = 0; code < 65536; ++code)
    samples.insert(samples.end(), {std::byte(code >> 8), std::byte(code & 255)});
  const Image image =
      read(png_signature + ihdr(256, 256, 16, 0) + chunk("IDAT", deflated(filtered(samples, 512))) + iend);
  std::set<float> levels;
  for (unsigned code = 0; code < 65536; ++code) {
    const float level = value(image, code % 256, code / 256, 0);
    EXPECT_EQ(level, static_cast<float>(code) / 65535.0f);
    levels.insert(level);
  }
  EXPECT_EQ(levels.size(), 65536u);
}

TEST(Png, AncillaryTrouble) {
  const Codes codes = pattern(6, 6);
  Bytes damaged = chunk("gAMA", number(45455, 4));
  damaged.back() ^= std::byte{1};
  EXPECT_TRUE(warns(read(png_file(codes, damaged)), "CRC"));
  EXPECT_TRUE(read(png_file(codes, chunk("gAMA", number(45455, 4)))).warnings.empty());
  const Bytes animation = chunk("acTL", number(1, 4) + number(0, 4));
  EXPECT_TRUE(warns(read(png_file(codes, animation)), "animated"));
  EXPECT_TRUE(warns(read(png_file(codes) + "zip archive"), "11 bytes behind"));

  Bytes texts;
  const Bytes one = chunk("tEXt", bytes_of(std::string_view("key\0text", 8)));
  for (int i = 0; i < 100'000; ++i) texts.insert(texts.end(), one.begin(), one.end());
  EXPECT_EQ(pixels(read(png_file(codes, texts))), expected(codes));
  const Bytes bomb = deflated(Bytes(30 << 20));
  const Bytes bombs = chunk("zTXt", bytes_of(std::string_view("key\0\0", 5)) + bomb) +
                      chunk("iCCP", bytes_of(std::string_view("bomb\0\0", 6)) + bomb);
  const Image bombed = read(png_file(codes, bombs));
  EXPECT_EQ(pixels(bombed), expected(codes));
  EXPECT_TRUE(warns(bombed, "iCCP"));
}

TEST(Image, CompletePicturesInFilesThatAreNotWhole) {
  const Codes codes = pattern(40, 30);
  const Bytes jpeg = jpeg_file(codes), raw = filtered(samples_of(codes), 120), head = png_signature + ihdr(40, 30);
  const Bytes progressive = jpeg_file(codes, [](jpeg_compress_struct& info) { jpeg_simple_progression(&info); });
  for (const Bytes& file : {jpeg, progressive}) {
    const Image endless = read(cut(file, file.size() - 2));
    EXPECT_EQ(pixels(endless), pixels(read(file)));
    EXPECT_EQ(endless.warnings, std::vector<std::string>{"the JPEG has no end marker; its picture is complete"});
  }
  for (const std::string_view before : {"\xFF\xDB", "\xFF\xC0", "\xFF\xC4", "\xFF\xDA"}) {
    const Image junk = read(replaced(jpeg, before, "junk" + std::string(before)));
    EXPECT_EQ(pixels(junk), pixels(read(jpeg)));
    EXPECT_TRUE(warns(junk, "4 extraneous bytes before marker"));
  }
  for (const Bytes& data : {deflated(raw) + "padding", deflated(raw + Bytes(1000))}) {
    const Image padded = read(head + chunk("IDAT", data) + iend);
    EXPECT_EQ(pixels(padded), expected(codes));
    EXPECT_EQ(padded.warnings.size(), 1u);
    EXPECT_TRUE(warns(padded, "IDAT: "));
  }
  EXPECT_EQ(pixels(read(head + chunk("IDAT", deflated(raw)) + chunk("IDAT", Bytes(1000)) + iend)), expected(codes));
}

TEST(Jpeg, ColoursAndSubsampling) {
  const Codes grey = pattern(33, 17, 1), colour = pattern(33, 17);
  EXPECT_LT(mean_difference(pixels(read(jpeg_file(grey))), expected(grey)), 0.005);
  for (const auto& [h, v] : {std::pair{1, 1}, {2, 1}, {2, 2}, {1, 2}, {4, 1}}) {
    const Image image = read(jpeg_file(colour, [h = h, v = v](jpeg_compress_struct& info) {
      info.comp_info[0].h_samp_factor = h;
      info.comp_info[0].v_samp_factor = v;
    }));
    EXPECT_LT(mean_difference(pixels(image), expected(colour)), 0.02) << h << v;
    EXPECT_EQ(image.referred, Image::Referred::display);
  }
  const Image rgb = read(jpeg_file(colour, [](jpeg_compress_struct& info) { jpeg_set_colorspace(&info, JCS_RGB); }));
  EXPECT_LT(mean_difference(pixels(rgb), expected(colour)), 0.01);
}

TEST(Jpeg, ProcessesOfOnePictureAgree) {
  const Codes codes = pattern(40, 24);
  const Image baseline = read(jpeg_file(codes));
  EXPECT_EQ(pixels(read(jpeg_file(codes, [](jpeg_compress_struct& info) { jpeg_simple_progression(&info); }))),
            pixels(baseline));
  const auto arithmetic = [](jpeg_compress_struct& info) { info.arith_code = TRUE; };
  try {
    EXPECT_EQ(pixels(read(jpeg_file(codes, arithmetic))), pixels(baseline));
  } catch (const Error& error) {  // a library without it
    EXPECT_NE(std::string(error.what()).find("unsupported JPEG process"), std::string::npos);
  }
  ReadLimits many;
  many.jpeg_scans = 190;
  EXPECT_EQ(pixels(read(many_scans_jpeg(codes), many)).size(), pixels(baseline).size());
}

TEST(Jpeg, CmykAndYcckAdobeInvertedOrNot) {
  Codes codes = pattern(32, 16, 4);
  std::vector<float> reference;  // the codes as amounts of light left by each ink
  for (std::size_t i = 0; i < codes.data.size(); i += 4)
    for (std::size_t c = 0; c < 3; ++c)
      reference.push_back(static_cast<float>(codes.data[i + c]) / 255.0f * static_cast<float>(codes.data[i + 3]) /
                          255.0f);
  for (const J_COLOR_SPACE space : {JCS_CMYK, JCS_YCCK}) {
    const auto tune = [space](jpeg_compress_struct& info) { jpeg_set_colorspace(&info, space); };
    EXPECT_LT(mean_difference(pixels(read(jpeg_file(codes, tune))), reference), 0.01) << space;
  }
  for (auto& code : codes.data) code = static_cast<std::uint8_t>(255 - code);  // amounts of ink
  const Image plain = read(jpeg_file(codes, [](jpeg_compress_struct& info) { info.write_Adobe_marker = FALSE; }));
  EXPECT_LT(mean_difference(pixels(plain), reference), 0.01);
  EXPECT_TRUE(warns(plain, "CMYK without a colour profile"));
}

TEST(Jpeg, DamagedDataIsDecodedOnlyOnRequest) {
  const Bytes whole = jpeg_file(pattern(64, 64));
  const Bytes half = cut(whole, whole.size() / 2);
  EXPECT_THROW(read(half), Error);
  ReadLimits lenient;
  lenient.lenient = true;
  const Image image = read(half, lenient);
  EXPECT_TRUE(warns(image, "damaged JPEG, decoded as far as it goes"));
  EXPECT_EQ(image.pixels.shape(), Shape({1, 64, 64, 3}));
  EXPECT_EQ(value(image, 0, 0, 0), value(read(whole), 0, 0, 0));
}

TEST(Jpeg, MorePicturesFollow) {
  const Codes codes = pattern(16, 16);
  const Bytes first = jpeg_file(codes), gain_map = jpeg_file(pattern(8, 8, 1));
  const Image image = read(first + gain_map);
  EXPECT_EQ(image.warnings,
            std::vector<std::string>{"more pictures follow (multi-picture file or gain map); only the first is used"});
  EXPECT_EQ(pixels(image), pixels(read(first)));
  EXPECT_TRUE(warns(read(first + "PK\x03\x04"), "4 bytes behind"));
}

TEST(Exr, FloatHalfUintTiledAndCompressed) {
  const auto check = [](const ExrFile& file, const char* what) {
    const Image image = read(exr_file({file}));
    EXPECT_EQ(image.referred, Image::Referred::scene);
    EXPECT_TRUE(image.warnings.empty()) << what;
    ASSERT_EQ(image.pixels.shape(), Shape({1, 12, 16, 3})) << what;
    for (int y = 0; y < 12; ++y)
      for (int x = 0; x < 16; ++x)
        for (std::size_t c = 0; c < 3; ++c) {
          const float written = file.planes[c].value(x, y);
          EXPECT_EQ(value(image, x, y, static_cast<std::int64_t>(c)),
                    file.planes[c].type == Imf::UINT ? std::floor(written) : written)
              << what;
        }
  };
  for (const auto compression :
       {Imf::NO_COMPRESSION, Imf::RLE_COMPRESSION, Imf::ZIPS_COMPRESSION, Imf::ZIP_COMPRESSION, Imf::PIZ_COMPRESSION}) {
    ExrFile file;
    file.compression = compression;
    for (const Imf::PixelType type : {Imf::FLOAT, Imf::HALF, Imf::UINT}) {
      file.planes = slopes({"R", "G", "B"}, type);
      file.tile = 0;
      check(file, "scanlines");
      file.tile = 5;
      check(file, "tiles, mip-map");
    }
  }
}

TEST(Exr, WindowsThatDiffer) {
  ExrFile file;
  file.planes = slopes();
  file.data = {{-5, -3}, {20, 6}};
  file.display = {{-2, -1}, {9, 10}};
  for (const int tile : {0, 4}) {
    file.tile = tile;
    const Image image = read(exr_file({file}));
    ASSERT_EQ(image.pixels.shape(), Shape({1, 12, 12, 3}));
    for (int y = -1; y <= 10; ++y)
      for (int x = -2; x <= 9; ++x)
        EXPECT_EQ(value(image, x + 2, y + 1, 1), y <= 6 ? file.planes[1].value(x, y) : 0.0f) << x << "," << y;
  }
  file.display = {{100, 100}, {103, 101}};
  const Image black = read(exr_file({file}));
  EXPECT_TRUE(warns(black, "outside the display window"));
  EXPECT_EQ(pixels(black), std::vector<float>(4 * 2 * 3, 0.0f));
}

TEST(Exr, LumaAndChroma) {
  const auto slope = [](int x, int y) { return 1.0f + 0.1f * static_cast<float>(x + y); };
  const Image grey = read(simple_exr({"Y"}));
  EXPECT_EQ(value(grey, 3, 4, 0), value(grey, 3, 4, 2));
  EXPECT_EQ(value(grey, 3, 4, 0), 64.0f + 0.25f * 11.0f);
  for (const int sampling : {1, 2}) {
    ExrFile file;  // R = 1.2 Y, B = 0.7 Y everywhere
    file.planes = {{"Y", slope},
                   {"RY", [](int, int) { return 0.2f; }, Imf::HALF, sampling},
                   {"BY", [](int, int) { return -0.3f; }, Imf::HALF, sampling}};
    file.data = {{-4, 2}, {11, 13}};
    file.display = file.data;
    const Image image = read(exr_file({file}));
    for (int y = 0; y < 12; ++y)
      for (int x = 0; x < 16; ++x) {
        const float light = slope(x - 4, y + 2), red = value(image, x, y, 0), blue = value(image, x, y, 2);
        EXPECT_NEAR(red, 1.2f * light, 1e-3f);
        EXPECT_NEAR(blue, 0.7f * light, 1e-3f);
        EXPECT_NEAR(luminance(red, value(image, x, y, 1), blue), light, 1e-3f);
      }
  }
}

TEST(Exr, PartsAlphaAndAttributes) {
  ExrFile depth, colour, other;
  depth.planes = slopes({"Z"});
  colour.planes = slopes({"R", "G", "B", "A"});
  other.planes = slopes({"Y"});
  const Bytes file = exr_file({depth, colour, other});
  const Image first = read(file);
  EXPECT_EQ(value(first, 1, 1, 2), 64.75f + 2.0f);
  EXPECT_TRUE(warns(first, "transparency"));
  ReadLimits limits;
  limits.exr_part = 2;
  EXPECT_EQ(value(read(file, limits), 1, 1, 2), 64.75f);

  other.tune = [](Imf::Header& header) {
    Imf::addChromaticities(header,
                           Imf::Chromaticities({0.68f, 0.32f}, {0.265f, 0.69f}, {0.15f, 0.06f}, {0.3127f, 0.329f}));
    Imf::addWhiteLuminance(header, 203.0f);
  };
  const Image wide = read(exr_file({other}));
  EXPECT_EQ(wide.white_luminance, 203.0f);
  ASSERT_TRUE(wide.chromaticities);
  EXPECT_EQ(wide.chromaticities->red_x, 0.68f);
  EXPECT_TRUE(warns(wide, "primaries"));
}

TEST(Exr, EveryHalfBecomesFiniteLight) {
  ExrFile file;
  file.data = file.display = {{0, 0}, {255, 255}};
  file.planes = slopes({"Y"}, Imf::HALF);
  file.planes[0].value = [](int x, int y) {
    Imath::half half;
    half.setBits(static_cast<std::uint16_t>(y * 256 + x));
    return static_cast<float>(half);
  };
  const Image image = read(exr_file({file}));
  // Of 65536: 2 infinities, 2046 NaN, 31743 negative numbers (minus 0 is not one); each is read three times.
  EXPECT_EQ(image.replaced, 3 * (2 + 2046 + 31743));
  EXPECT_TRUE(warns(image, "values replaced"));
  for (const float light : pixels(image)) EXPECT_TRUE(light >= 0.0f && light <= 65504.0f);
  EXPECT_EQ(value(image, 0x00, 0x7C, 0), 65504.0f);
  EXPECT_EQ(value(image, 0x01, 0x00, 0), std::ldexp(1.0f, -24));
}

}  // namespace
}  // namespace duhdr
