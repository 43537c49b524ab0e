// SPDX-License-Identifier: Apache-2.0
// TIFF, WebP, HEIC and AVIF, each where the build has its library. Their bad files are in image_bad_test.
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "image/bytes.h"
#include "image/colour_transform.h"
#include "image/formats.h"
#include "image/orientation.h"
#include "tests/support/image_checks.h"
#include "tests/support/image_icc_files.h"
#if DUHDR_WITH_LIBTIFF
#include "tests/support/image_tiff_files.h"
#endif
#if DUHDR_WITH_LIBWEBP
#include "tests/support/image_webp_files.h"
#endif
#if DUHDR_WITH_LIBHEIF
#include "tests/support/image_heif_files.h"
#endif

namespace duhdr {
namespace {

using namespace files;

TEST(OptionalFormats, SayWhatTheBuildLacks) {
  bool lacks = false;
  for (const Format& format : formats()) {
    if (format.library.empty() || format.decode != nullptr) continue;
    lacks = true;
    const Mark& mark = format.marks.front();
    const Bytes file = Bytes(mark.offset) + mark.magic + Bytes(32);
    try {
      read(file);
      ADD_FAILURE() << format.title;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::bad_image);
      EXPECT_TRUE(std::string(error.what())
                      .starts_with(message("test: this build cannot read ", format.title, ": it was made without ",
                                           format.library, " (OpenEXR, ")))
          << error.what();
    }
    EXPECT_FALSE(names_picture(message("a.", format.extensions.front()), Image::Referred::display));
  }
  if (!lacks) GTEST_SKIP() << "this build has all of them";
}

std::string refusal(const Bytes& file) {
  try {
    read(file);
    return "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::bad_image);
    return error.what();
  }
}

/// Of codecs that lose some of the picture.
double mean_difference(const std::vector<float>& a, const std::vector<float>& b) {
  if (a.size() != b.size()) return 1e9;
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(std::abs(a[i] - b[i]));
  return sum / static_cast<double>(a.size());
}

/// The picture of 9 x 5 turned as `upright` turns it, as values.
std::vector<float> turned(const Image& plain, int orientation) {
  return upright(plain.pixels, orientation).to_vector<float>();
}

#if DUHDR_WITH_LIBTIFF

TEST(Tiff, EveryLayout) {
  for (const int channels : {1, 2, 3, 4})
    for (const std::uint16_t bits : {std::uint16_t{8}, std::uint16_t{16}})
      for (const bool tiled : {false, true})
        for (const std::uint16_t planes : {std::uint16_t{PLANARCONFIG_CONTIG}, std::uint16_t{PLANARCONFIG_SEPARATE}})
          for (const char* mode : {"wl", "wb", "wl8"}) {
            const Codes codes = pattern(37, 29, channels);
            const Image image = read(tiff_file(codes, {.bits = bits, .planes = planes, .tiled = tiled, .mode = mode}));
            EXPECT_EQ(pixels(image), expected(codes)) << channels << ' ' << bits << ' ' << tiled << planes << mode;
            EXPECT_EQ(image.format, "tiff");
            EXPECT_EQ(image.referred, Image::Referred::display);
            EXPECT_EQ(warns(image, "transparency is ignored"), channels % 2 == 0);
            EXPECT_EQ(image.warnings.size(), channels % 2 == 0 ? 1u : 0u);
          }
}

TEST(Tiff, Compressions) {
  const Codes codes = pattern(50, 40);
  for (const std::uint16_t compression :
       {std::uint16_t{COMPRESSION_LZW}, std::uint16_t{COMPRESSION_ADOBE_DEFLATE}, std::uint16_t{COMPRESSION_PACKBITS}})
    for (const bool tiled : {false, true})
      EXPECT_EQ(pixels(read(tiff_file(codes, {.compression = compression, .tiled = tiled}))), expected(codes));
  const TiffOptions jpeg{.compression = COMPRESSION_JPEG, .photometric = PHOTOMETRIC_YCBCR, .tiled = true};
  EXPECT_LT(mean_difference(pixels(read(tiff_file(codes, jpeg))), expected(codes)), 0.03);
}

TEST(Tiff, WhiteIsZeroAndPalettes) {
  Codes codes = pattern(20, 10, 1), inverted = codes;
  for (auto& code : inverted.data) code = static_cast<std::uint8_t>(255 - code);
  EXPECT_LT(
      mean_difference(pixels(read(tiff_file(inverted, {.photometric = PHOTOMETRIC_MINISWHITE}))), expected(codes)),
      1e-6);
  std::vector<std::uint16_t> red(256), green(256), blue(256);
  for (unsigned i = 0; i < 256; ++i) {
    red[i] = static_cast<std::uint16_t>(i * 257);
    green[i] = static_cast<std::uint16_t>((255 - i) * 257);
    blue[i] = 12345;
  }
  const Image image =
      read(tiff_file(codes, {.photometric = PHOTOMETRIC_PALETTE, .tune = [&](TIFF* file) {
                               TIFFSetField(file, TIFFTAG_COLORMAP, red.data(), green.data(), blue.data());
                             }}));
  for (std::size_t i = 0; i < codes.data.size(); ++i) {
    EXPECT_EQ(pixels(image)[3 * i], static_cast<float>(codes.data[i] * 257) / 65535.0f);
    EXPECT_EQ(pixels(image)[3 * i + 1], static_cast<float>((255 - codes.data[i]) * 257) / 65535.0f);
    EXPECT_EQ(pixels(image)[3 * i + 2], 12345.0f / 65535.0f);
  }
}

TEST(Tiff, FloatsAreLight) {
  const Codes codes = pattern(37, 29);
  for (const bool tiled : {false, true})
    for (const char* mode : {"wl", "wb"}) {
      const Image image = read(tiff_file(codes, {.floats = true, .tiled = tiled, .mode = mode}));
      EXPECT_EQ(image.referred, Image::Referred::scene);
      for (std::size_t i = 0; i < codes.data.size(); ++i)
        ASSERT_EQ(pixels(image)[i], static_cast<float>(codes.data[i]) / 16.0f);
    }
  Bytes file = tiff_file(codes, {.floats = true});
  const float nan = std::nanf("");
  std::memcpy(file.data() + find(file, std::string_view("\0\0\x20\x40", 4)), &nan, 4);  // 40 / 16
  EXPECT_TRUE(warns(read(file), "1 values replaced (1 NaN"));
}

TEST(Tiff, OrientationProfileAndXmp) {
  const Codes codes = pattern(9, 5);
  const Image plain = read(tiff_file(codes));
  for (std::uint16_t orientation = 1; orientation <= 8; ++orientation) {
    const Image image = read(tiff_file(codes, {.orientation = orientation}));
    EXPECT_EQ(image.orientation, orientation);
    EXPECT_EQ(pixels(image), turned(plain, orientation)) << orientation;
    EXPECT_TRUE(image.warnings.empty());
  }
  const Bytes xmp = bytes_of("<x tiff:Orientation='6'/>");  // the file's own word counts
  const Image image = read(tiff_file(codes, {.icc = rgb_icc(srgb), .xmp = xmp}));
  EXPECT_EQ(image.icc, rgb_icc(srgb));
  EXPECT_EQ(image.xmp, xmp);
  EXPECT_EQ(image.orientation, 1);
  EXPECT_EQ(pixels(image), expected(codes));
  if (ColourTransform::available) {
    for (const std::uint16_t bits : {std::uint16_t{8}, std::uint16_t{16}})
      EXPECT_EQ(pixels(read(tiff_file(codes, {.bits = bits, .icc = rgb_icc(display_p3_space)}))),
                pixels(read(png_file(codes, icc_chunk(rgb_icc(display_p3_space))))));
  }
}

TEST(Tiff, CameraRawIsRefused) {
  const Codes codes = pattern(16, 16);
  const auto with = [&](const std::function<void(TIFF*)>& tune) { return refusal(tiff_file(codes, {.tune = tune})); };
  const std::string told = "test: a camera raw file; develop it first, for example to a 16-bit TIFF";
  EXPECT_EQ(with([](TIFF* file) { TIFFSetField(file, TIFFTAG_SUBFILETYPE, FILETYPE_REDUCEDIMAGE); }), told);
  EXPECT_EQ(with([](TIFF* file) { TIFFSetField(file, TIFFTAG_DNGVERSION, "\1\4\0\0"); }), told);
  EXPECT_EQ(with([](TIFF* file) { TIFFSetField(file, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_CFA); }), told);
}

TEST(Tiff, PicturesThatFollow) {
  const Codes codes = pattern(16, 16);
  Bytes file = tiff_file(codes, {.mode = "wl"});
  const std::uint32_t directory = ByteView(file, std::endian::little).u32(4).value();
  const std::uint32_t entries = ByteView(file, std::endian::little).u16(directory).value();
  const std::size_t link = directory + 2 + 12 * entries;
  const std::size_t copy = (file.size() + 1) / 2 * 2;
  const Bytes second(file.begin() + directory, file.begin() + static_cast<std::ptrdiff_t>(link + 4));
  file.resize(copy);
  file = file + second;
  const Bytes offset = little(static_cast<std::int64_t>(copy));
  std::copy(offset.begin(), offset.end(), file.begin() + static_cast<std::ptrdiff_t>(link));
  const Image image = read(file);
  EXPECT_EQ(pixels(image), expected(codes));
  EXPECT_TRUE(warns(image, "more pictures follow in the TIFF; only the first is used"));
}

#endif
#if DUHDR_WITH_LIBWEBP

TEST(WebP, LosslessAndLossy) {
  const Codes codes = pattern(37, 29), transparent = pattern(37, 29, 4);
  const Image image = read(lossless_webp(codes));
  EXPECT_EQ(pixels(image), expected(codes));
  EXPECT_TRUE(image.warnings.empty());
  EXPECT_EQ(image.format, "webp");
  EXPECT_LT(mean_difference(pixels(read(lossy_webp(codes))), expected(codes)), 0.03);
  EXPECT_TRUE(warns(read(lossless_webp(transparent)), "transparency is ignored"));
  EXPECT_TRUE(warns(read(lossless_webp(codes) + bytes_of("more")), "4 bytes behind the end"));
}

TEST(WebP, MetadataAndAnimation) {
  const Codes codes = pattern(9, 5), other = pattern(9, 5);
  const Bytes simple = lossless_webp(codes), xmp = bytes_of("<x tiff:Orientation='3'/>");
  const Image plain = read(simple);
  for (unsigned orientation = 1; orientation <= 8; ++orientation) {
    const Bytes exif = exif_block(orientation), icc = rgb_icc(srgb);
    const Image image = read(webp_with(simple, 9, 5, {.icc = icc, .exif = exif, .xmp = xmp}));
    EXPECT_EQ(image.exif, exif);
    EXPECT_EQ(image.icc, icc);
    EXPECT_EQ(image.xmp, xmp);
    EXPECT_EQ(pixels(image), turned(plain, static_cast<int>(orientation)));
    EXPECT_TRUE(image.warnings.empty());
  }
  EXPECT_EQ(pixels(read(webp_with(simple, 9, 5, {.xmp = xmp}))), turned(plain, 3));
  const Image animated = read(animated_webp(simple, lossless_webp(other), 9, 5));
  EXPECT_EQ(pixels(animated), expected(codes));
  EXPECT_TRUE(warns(animated, "animated WebP; only its first picture is used"));
  if (ColourTransform::available) {
    EXPECT_EQ(pixels(read(webp_with(simple, 9, 5, {.icc = rgb_icc(display_p3_space)}))),
              pixels(read(png_file(codes, icc_chunk(rgb_icc(display_p3_space))))));
  }
}

#endif
#if DUHDR_WITH_LIBHEIF

struct HeifKind {
  heif_compression_format format;
  std::string name;
};
const HeifKind kinds[] = {{heif_compression_AV1, "avif"}, {heif_compression_HEVC, "heif"}};

class Heif : public ::testing::TestWithParam<HeifKind> {
 protected:
  void SetUp() override {
    if (!has_heif(GetParam().format)) GTEST_SKIP() << "libheif cannot write or read " << GetParam().name;
  }
  Bytes file(const Codes& codes, HeifOptions options = {}) const {
    options.format = GetParam().format;
    return heif_file(codes, options);
  }
};

TEST_P(Heif, EightBitsAndMore) {
  const Codes codes = pattern(64, 48);
  for (const int bits : {8, 10}) {
    if (bits > 8 && GetParam().format == heif_compression_AV1) continue;  // libheif 1.15 aborts in its encoder
    const Bytes bytes = file(codes, {.bits = bits});
    if (bytes.empty()) continue;  // an encoder of 8 bits alone
    const Image image = read(bytes);
    EXPECT_EQ(image.format, GetParam().name);
    EXPECT_LT(mean_difference(pixels(image), expected(codes)), 0.03) << bits;
    EXPECT_TRUE(image.warnings.empty());
    std::set<float> levels;
    for (const float value : pixels(image)) levels.insert(value);
    EXPECT_EQ(levels.size() > 256, bits > 8) << levels.size();
  }
}

/// By the file's own properties, once; what EXIF says of it is not done again.
TEST_P(Heif, IsTurnedOnce) {
  const Codes codes = pattern(64, 48);
  const Image plain = read(file(codes));
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const Bytes exif = exif_block(static_cast<unsigned>(orientation));
    const Image image = read(file(codes, {.exif = exif, .orientation = orientation}));
    EXPECT_EQ(image.exif, exif);
    EXPECT_LT(mean_difference(pixels(image), turned(plain, orientation)), 0.03) << orientation;
    EXPECT_EQ(image.orientation, 1);
    EXPECT_EQ(pixels(read(file(codes, {.exif = exif}))), pixels(plain)) << "EXIF alone turns nothing";
  }
}

TEST_P(Heif, Colours) {
  if (!ColourTransform::available) GTEST_SKIP() << "built without lcms2";
  const Codes codes = pattern(64, 48);
  const std::vector<float> wanted = pixels(read(png_file(codes, icc_chunk(rgb_icc(display_p3_space)))));
  const Image by_profile = read(file(codes, {.icc = rgb_icc(display_p3_space)}));
  EXPECT_EQ(by_profile.icc, rgb_icc(display_p3_space));
  EXPECT_LT(mean_difference(pixels(by_profile), wanted), 0.01);
  EXPECT_LT(mean_difference(pixels(read(file(codes, {.primaries = 12, .transfer = 13}))), wanted), 0.01);
  EXPECT_GT(mean_difference(pixels(read(file(codes, {.primaries = 1, .transfer = 13}))), wanted), 0.014);
}

TEST_P(Heif, OfHdrDisplaysIsRefused) {
  const Codes codes = pattern(64, 48);
  EXPECT_EQ(refusal(file(codes, {.primaries = 9, .transfer = 16})),
            "test: a picture for HDR displays, not a photograph (its codes are PQ, not those of SDR)");
  EXPECT_EQ(refusal(file(codes, {.primaries = 9, .transfer = 18})),
            "test: a picture for HDR displays, not a photograph (its codes are HLG, not those of SDR)");
}

INSTANTIATE_TEST_SUITE_P(Kinds, Heif, ::testing::ValuesIn(kinds), [](const auto& kind) { return kind.param.name; });

#endif

}  // namespace
}  // namespace duhdr
