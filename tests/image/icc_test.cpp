// SPDX-License-Identifier: Apache-2.0
// Colours that files state, against conversions in double from the published primaries and curves.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "image/colour_transform.h"
#include "image/display_gain.h"
#include "image/formats.h"
#include "tests/support/ciede2000.h"
#include "tests/support/image_checks.h"
#include "tests/support/image_icc_files.h"
#if DUHDR_WITH_LCMS2
#include <lcms2.h>
#endif

namespace duhdr {
namespace {

using namespace files;

#define NEEDS_LCMS2() \
  if (!ColourTransform::available) GTEST_SKIP() << "built without lcms2"

/// Light of sRGB codes as CIELAB under D65.
Lab lab(const Vector& codes) {
  const Vector xyz = srgb.to_xyz() * Vector{srgb_light(codes[0]), srgb_light(codes[1]), srgb_light(codes[2])};
  Vector f{};
  for (std::size_t i = 0; i < 3; ++i) {
    const double t = xyz[i] / d65[i];
    f[i] = t > 216.0 / 24389 ? std::cbrt(t) : (24389.0 / 27 * t + 16) / 116;
  }
  return {116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])};
}

/// sRGB codes of a colour of the space, clipped to [0, 1].
Vector reference(const RgbSpace& space, const Vector& code) {
  Vector out = to_linear_srgb(space) * Vector{space.light(code[0]), space.light(code[1]), space.light(code[2])};
  for (double& value : out) value = std::clamp(srgb_code(value), 0.0, 1.0);
  return out;
}

/// Every combination of 9 codes a channel, and all greys.
Codes patches() {
  Codes codes{9 * 9, 9, 3, {}};
  for (int i = 0; i < 9 * 9 * 9; ++i)
    for (const int c : {i / 81, i / 9 % 9, i % 9}) codes.data.push_back(static_cast<std::uint8_t>(c * 255 / 8));
  return codes;
}
Codes greys() {
  Codes codes{256, 1, 3, {}};
  for (int i = 0; i < 256; ++i) codes.data.insert(codes.data.end(), 3, static_cast<std::uint8_t>(i));
  return codes;
}

Image png_in(const RgbSpace& space, const Codes& codes) { return read(png_file(codes, icc_chunk(rgb_icc(space)))); }

/// The largest CIEDE2000 between an image and the reference of its patches.
double worst(const Image& image, const RgbSpace& space, const Codes& codes) {
  double largest = 0;
  for (std::size_t i = 0; i < codes.data.size(); i += 3) {
    Vector code{}, found{};
    for (std::size_t c = 0; c < 3; ++c) {
      code[c] = codes.data[i + c] / 255.0;
      found[c] = static_cast<double>(image.pixels.data<float>()[i + c]);
    }
    largest = std::max(largest, ciede2000(lab(found), lab(reference(space, code))));
  }
  return largest;
}

/// All pairs of Sharma et al. 2005, table 1.
TEST(Ciede2000, PublishedPairs) {
  struct Pair {
    Lab first, second;
    double difference;
  };
  const Pair pairs[] = {
      {{50, 2.6772, -79.7751}, {50, 0, -82.7485}, 2.0425},
      {{50, 3.1571, -77.2803}, {50, 0, -82.7485}, 2.8615},
      {{50, 2.8361, -74.0200}, {50, 0, -82.7485}, 3.4412},
      {{50, -1.3802, -84.2814}, {50, 0, -82.7485}, 1.0000},
      {{50, -1.1848, -84.8006}, {50, 0, -82.7485}, 1.0000},
      {{50, -0.9009, -85.5211}, {50, 0, -82.7485}, 1.0000},
      {{50, 0, 0}, {50, -1, 2}, 2.3669},
      {{50, -1, 2}, {50, 0, 0}, 2.3669},
      {{50, 2.4900, -0.0010}, {50, -2.4900, 0.0009}, 7.1792},
      {{50, 2.4900, -0.0010}, {50, -2.4900, 0.0010}, 7.1792},
      {{50, 2.4900, -0.0010}, {50, -2.4900, 0.0011}, 7.2195},
      {{50, 2.4900, -0.0010}, {50, -2.4900, 0.0012}, 7.2195},
      {{50, -0.0010, 2.4900}, {50, 0.0009, -2.4900}, 4.8045},
      {{50, -0.0010, 2.4900}, {50, 0.0010, -2.4900}, 4.8045},
      {{50, -0.0010, 2.4900}, {50, 0.0011, -2.4900}, 4.7461},
      {{50, 2.5, 0}, {50, 0, -2.5}, 4.3065},
      {{50, 2.5, 0}, {73, 25, -18}, 27.1492},
      {{50, 2.5, 0}, {61, -5, 29}, 22.8977},
      {{50, 2.5, 0}, {56, -27, -3}, 31.9030},
      {{50, 2.5, 0}, {58, 24, 15}, 19.4535},
      {{50, 2.5, 0}, {50, 3.1736, 0.5854}, 1.0000},
      {{50, 2.5, 0}, {50, 3.2972, 0}, 1.0000},
      {{50, 2.5, 0}, {50, 1.8634, 0.5757}, 1.0000},
      {{50, 2.5, 0}, {50, 3.2592, 0.3350}, 1.0000},
      {{60.2574, -34.0099, 36.2677}, {60.4626, -34.1751, 39.4387}, 1.2644},
      {{63.0109, -31.0961, -5.8663}, {62.8187, -29.7946, -4.0864}, 1.2630},
      {{61.2901, 3.7196, -5.3901}, {61.4292, 2.2480, -4.9620}, 1.8731},
      {{35.0831, -44.1164, 3.7933}, {35.0232, -40.0716, 1.5901}, 1.8645},
      {{22.7233, 20.0904, -46.6940}, {23.0331, 14.9730, -42.5619}, 2.0373},
      {{36.4612, 47.8580, 18.3852}, {36.2715, 50.5065, 21.2231}, 1.4146},
      {{90.8027, -2.0831, 1.4410}, {91.1528, -1.6435, 0.0447}, 1.4441},
      {{90.9257, -0.5406, -0.9208}, {88.6381, -0.8985, -0.7239}, 1.5381},
      {{6.7747, -0.2908, -2.4247}, {5.8714, -0.0985, -2.2286}, 0.6377},
      {{2.0776, 0.0795, -1.1350}, {0.9033, -0.0636, -0.5514}, 0.9082},
  };
  for (const Pair& pair : pairs) {
    EXPECT_NEAR(ciede2000(pair.first, pair.second), pair.difference, 5e-5);
    EXPECT_NEAR(ciede2000(pair.second, pair.first), pair.difference, 5e-5);
  }
}

TEST(Icc, WideGamutsBecomeSrgb) {
  NEEDS_LCMS2();
  for (const RgbSpace& space : {display_p3_space, adobe_rgb, rec2020_space, prophoto}) {
    const Image image = png_in(space, patches());
    EXPECT_TRUE(image.warnings.empty()) << space.name;
    EXPECT_EQ(image.icc, rgb_icc(space));
    EXPECT_LT(worst(image, space, patches()), 0.2) << space.name;  // the profile's curve has 16 bits
    EXPECT_LT(worst(png_in(space, greys()), space, greys()), 0.2) << space.name;
    EXPECT_GT(worst(read(png_file(patches())), space, patches()), 5) << space.name << ": nothing to convert";
    for (const float value : pixels(image)) ASSERT_TRUE(value >= 0 && value <= 1);
  }
}

TEST(Icc, CodesBetweenThoseOf8BitsAreMade) {
  NEEDS_LCMS2();
  Bytes samples;
  for (unsigned code = 0; code < 65536; ++code) samples = std::move(samples) + number(code, 2);  // R G B of 16 bits
  const Image image = read(png_signature + ihdr(128, 170, 16, 2) + icc_chunk(rgb_icc(adobe_rgb, srgb_curve())) +
                           chunk("IDAT", deflated(filtered(cut(samples, 128 * 170 * 6), 768))) + iend);
  std::set<float> levels;
  for (const float value : pixels(image)) levels.insert(value);
  EXPECT_GT(levels.size(), 20'000u);
}

TEST(Icc, SrgbInAllItsFormsIsLeftAlone) {
  NEEDS_LCMS2();
  RgbSpace named = srgb;
  for (const std::string name : {"sRGB IEC61966-2.1", "Google/Skia", "my screen"}) {
    named.name = name;
    for (const Bytes& curve : {srgb_curve(), curve_element(srgb_light, 1024), curve_element(srgb_light, 4096)}) {
      const Image image = read(png_file(patches(), icc_chunk(rgb_icc(named, curve))));
      EXPECT_EQ(pixels(image), expected(patches())) << name;
      EXPECT_TRUE(image.warnings.empty()) << name;
      const Codes photo = pattern(33, 17);
      const Bytes jpeg = jpeg_file(photo);
      EXPECT_EQ(pixels(read(with_segment(jpeg, 0xE2, icc_segment(rgb_icc(named, curve))))), pixels(read(jpeg)));
    }
  }
  named.light = [](double code) { return std::pow(code, 2.2); };  // no matter what it is called
  const Image power = png_in(named, patches());
  EXPECT_NE(pixels(power), expected(patches()));
  EXPECT_LT(worst(power, named, patches()), 0.2);
}

TEST(Icc, GreyAndWhatDoesNotFit) {
  NEEDS_LCMS2();
  const auto linear = [](double code) { return code; };
  const Bytes grey = icc_file("Linear grey", {{"kTRC", curve_element(linear, 2)}}, "mntr", "GRAY");
  Codes codes = greys();
  const Image image = read(with_segment(jpeg_file(codes), 0xE2, icc_segment(grey)));
  const Image without = read(jpeg_file(codes));
  EXPECT_TRUE(image.warnings.empty());
  for (std::size_t i = 0; i < pixels(image).size(); ++i)
    ASSERT_NEAR(pixels(image)[i], srgb_code(static_cast<double>(pixels(without)[i])), 2e-4);
  const Codes coloured = pattern(16, 16);
  const auto left_alone = [&](const Bytes& profile, const std::string& warning) {
    const Image found = read(with_segment(jpeg_file(coloured), 0xE2, icc_segment(profile)));
    EXPECT_EQ(pixels(found), pixels(read(jpeg_file(coloured)))) << warning;
    EXPECT_TRUE(warns(found, warning)) << warning;
    EXPECT_EQ(found.icc, profile);
  };
  left_alone(grey, "ICC profile of grey pictures in a coloured one; treated as sRGB");
  left_alone(icc_profile("Display P3"), "ICC profile \"Display P3\" cannot be used; treated as sRGB");
  left_alone(icc_profile("evil\x1B[2J"), "evil\\x1b[2J");
  left_alone(bytes_of("not a profile"), "broken ICC profile; treated as sRGB");
  const Bytes whole = rgb_icc(display_p3_space);
  Bytes link = whole;
  std::memcpy(link.data() + 12, "link", 4);
  left_alone(link, "cannot be used");
  Bytes ink = whole;
  std::memcpy(ink.data() + 16, "CMYK", 4);
  left_alone(ink, "cannot be used");
  left_alone(replaced(whole, "rXYZ", "xxxx"), "cannot be used");
  left_alone(cut(whole, 300), "treated as sRGB");
}

TEST(Icc, DamagedProfilesAreWarnings) {
  const Bytes whole = rgb_icc(display_p3_space, srgb_curve());
  const Bytes jpeg = jpeg_file(pattern(8, 8));
  constexpr std::uint8_t values[] = {0x00, 0x7F, 0xFF};
  for (std::size_t i = 0; i < whole.size(); i += 5) {
    const Image image = read(with_segment(jpeg, 0xE2, icc_segment(with_byte(whole, i, values[i % 3]))));
    for (const float code : pixels(image)) ASSERT_TRUE(code >= 0 && code <= 1) << i;
  }
}

#if DUHDR_WITH_LCMS2
/// A profile of inks whose lightness is 100 (1 - K).
Bytes ink_profile() {
  const cmsHPROFILE profile = cmsCreateProfilePlaceholder(nullptr);
  cmsSetProfileVersion(profile, 2.4);
  cmsSetDeviceClass(profile, cmsSigOutputClass);
  cmsSetColorSpace(profile, cmsSigCmykData);
  cmsSetPCS(profile, cmsSigLabData);
  cmsPipeline* pipeline = cmsPipelineAlloc(nullptr, 4, 3);
  cmsStage* table = cmsStageAllocCLut16bit(nullptr, 3, 4, 3, nullptr);
  const auto lightness = [](const cmsUInt16Number in[], cmsUInt16Number out[], void*) -> cmsInt32Number {
    out[0] = static_cast<cmsUInt16Number>(0xFF00 - in[3] * 0xFF00 / 0xFFFF);  // ICC 2: 0xFF00 is 100
    out[1] = out[2] = 0x8000;
    return 1;
  };
  cmsStageSampleCLut16bit(table, lightness, nullptr, 0);
  cmsPipelineInsertStage(pipeline, cmsAT_END, table);
  for (const cmsTagSignature tag : {cmsSigAToB0Tag, cmsSigAToB1Tag}) cmsWriteTag(profile, tag, pipeline);
  cmsUInt32Number length = 0;
  cmsSaveProfileToMem(profile, nullptr, &length);
  Bytes out(length);
  cmsSaveProfileToMem(profile, out.data(), &length);
  cmsPipelineFree(pipeline);
  cmsCloseProfile(profile);
  return out;
}

TEST(Icc, InksByTheirProfile) {
  Codes codes{32, 8, 4, {}};  // light that is left, as Adobe writes it
  for (int i = 0; i < 256; ++i)
    for (const int c : {200, 90, 20, i / 8 * 8}) codes.data.push_back(static_cast<std::uint8_t>(c));
  const Bytes jpeg = jpeg_file(codes), profile = ink_profile();
  const Image image = read(with_segment(jpeg, 0xE2, icc_segment(profile)));
  EXPECT_TRUE(image.warnings.empty());
  EXPECT_EQ(image.icc, profile);
  double largest = 0;
  for (std::size_t i = 0; i < 256; ++i) {
    const double f = (codes.data[4 * i + 3] / 255.0 * 100 + 16) / 116;
    const double light = f > 6.0 / 29 ? f * f * f : (116 * f - 16) * 27 / 24389;
    for (std::size_t c = 0; c < 3; ++c)
      largest = std::max(largest, std::abs(static_cast<double>(pixels(image)[3 * i + c]) - srgb_code(light)));
  }
  EXPECT_LT(largest, 0.02);  // of which the JPEG is 0.015
  EXPECT_TRUE(warns(read(jpeg), "CMYK without a colour profile; inks are multiplied out"));
  EXPECT_TRUE(
      warns(read(with_segment(jpeg, 0xE2, icc_segment(rgb_icc(display_p3_space)))), "cannot be used; inks are"));
}
#endif

/// Light and a photograph's linearised one, both in Rec. 709, as tensors.
struct Pixel {
  Vector light, linear;
};
Tensor as_tensor(const std::vector<Pixel>& all, Vector Pixel::*part) {
  Tensor out({1, 1, static_cast<std::int64_t>(all.size()), 3}, DType::f32);
  float* to = out.mutable_data<float>();
  for (const Pixel& pixel : all)
    for (const double value : pixel.*part) *to++ = static_cast<float>(value);
  return out;
}

constexpr double unlimited = std::numeric_limits<double>::infinity();

TEST(Icc, GainsOfChannelsAreForThePrimariesOfTheBase) {
  NEEDS_LCMS2();
  const std::vector<Pixel> all{{{3, 2, 1}, {1, 1, 1}}, {{9, 0.5, 0}, {1, 0.5, 0}}, {{0.2, 4, 8}, {0.1, 0.9, 1}}};
  const Tensor light = as_tensor(all, &Pixel::light), linear = as_tensor(all, &Pixel::linear),
               mask = Tensor::full({1, 1, 3, 1}, 1.0, DType::f32);
  for (const RgbSpace& space : {display_p3_space, adobe_rgb, prophoto}) {
    const Tensor gain = display_gain_in(rgb_icc(space), light, linear, mask, unlimited);
    const Matrix into = inverse(to_linear_srgb(space));
    for (std::size_t i = 0; i < all.size(); ++i) {
      const Vector base = into * all[i].linear, wanted = into * all[i].light;
      for (std::size_t c = 0; c < 3; ++c) {
        const double shown = base[c] * static_cast<double>(gain.data<float>()[3 * i + c]);
        EXPECT_NEAR(shown, std::max(wanted[c], base[c]), 2e-3 * wanted[c] + 1e-3) << space.name << i << c;
      }
    }
  }
  const std::vector<float> plain = display_gain(light, linear, mask, true, unlimited).to_vector<float>();
  for (const Bytes& profile : {rgb_icc(srgb), Bytes(), bytes_of("no profile"), icc_profile("Display P3")})
    EXPECT_EQ(display_gain_in(profile, light, linear, mask, unlimited).to_vector<float>(), plain);
  const Bytes tables = icc_file("Linear grey", {{"kTRC", curve_element([](double code) { return code; }, 2)}}, "mntr",
                                "GRAY");  // it has no primaries either
  EXPECT_EQ(display_gain_in(tables, light, linear, mask, unlimited).to_vector<float>(),
            display_gain(light, linear, mask, false, unlimited).to_vector<float>());
}

TEST(Icc, ColourGainMapsKnowTheBase) {
  NEEDS_LCMS2();
  const Tensor linear = Tensor::full({1, 16, 16, 3}, 1.0, DType::f32);
  const std::vector<Pixel> one(256, {{3, 2, 1}, {1, 1, 1}});
  Tensor light({1, 16, 16, 3}, DType::f32);
  std::copy_n(as_tensor(one, &Pixel::light).data<float>(), light.numel(), light.mutable_data<float>());
  const auto file = [&](const Bytes& profile, bool colour) {
    const Photograph photograph{
        .jpeg = with_segment(jpeg_file(pattern(16, 16)), 0xE2, icc_segment(profile)), .icc = profile, .codes = {}};
    Output output{.pixels = light, .layers = {{"linear", linear}}, .photograph = &photograph};
    output.layers["mask"] = Tensor::full({1, 16, 16, 1}, 1.0, DType::f32);
    output.options.colour_gain = colour;
    const Bytes bytes = written_format("uhdr", Image::Referred::scene)->encode(output);
    const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const std::size_t at = text.find("hdrgm:GainMapMax=\"") + 18;
    return std::stod(text.substr(at));
  };
  const Vector p3 = inverse(to_linear_srgb(display_p3_space)) * Vector{3, 2, 1};
  EXPECT_NEAR(file(rgb_icc(srgb), true), std::log2(3.0), 1e-4);
  EXPECT_NEAR(file(rgb_icc(display_p3_space), true), std::log2(p3[0]), 1e-3);
  EXPECT_EQ(file(rgb_icc(display_p3_space), false), file(rgb_icc(srgb), false));
}

Bytes numbers_chunk(const RgbSpace& space, double gamma) {
  Bytes primaries = number(31270, 4) + number(32900, 4);
  for (const auto& xy : space.xy)
    for (const double value : xy) primaries = primaries + number(static_cast<unsigned>(std::lround(value * 1e5)), 4);
  return chunk("gAMA", number(static_cast<unsigned>(std::lround(gamma * 1e5)), 4)) + chunk("cHRM", primaries);
}
Bytes code_points(unsigned primaries, unsigned transfer) {
  return chunk("cICP", number(primaries, 1) + number(transfer, 1) + number(0, 1) + number(1, 1));
}

TEST(Png, ColoursByNumbers) {
  NEEDS_LCMS2();
  const Image adobe = read(png_file(patches(), numbers_chunk(adobe_rgb, 256.0 / 563)));
  RgbSpace power = adobe_rgb;
  EXPECT_LT(worst(adobe, adobe_rgb, patches()), 6) << "within the tolerance of gamma, the curve is sRGB's";
  power.light = srgb_light;
  EXPECT_LT(worst(adobe, power, patches()), 0.2);
  power.light = [](double code) { return std::pow(code, 1.8); };
  EXPECT_LT(worst(read(png_file(patches(), numbers_chunk(power, 1 / 1.8))), power, patches()), 0.2);
  EXPECT_LT(worst(read(png_file(patches(), code_points(12, 13))), display_p3_space, patches()), 0.2);
  EXPECT_LT(worst(read(png_file(patches(), code_points(9, 1))), rec2020_space, patches()), 0.2);
  EXPECT_TRUE(read(png_file(patches(), code_points(9, 1))).warnings.empty());
  for (const Bytes& plain : {code_points(1, 13), code_points(2, 2), numbers_chunk(srgb, 0.45455),
                             chunk("sRGB", number(0, 1)) + numbers_chunk(adobe_rgb, 1 / 1.8)})
    EXPECT_EQ(pixels(read(png_file(patches(), plain))), expected(patches()));
}

TEST(Png, OfHdrDisplaysIsRefused) {
  for (const auto& [transfer, text] : {std::pair{16u, "PQ"}, {18u, "HLG"}}) {
    try {
      read(png_file(patches(), code_points(9, transfer)));
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::bad_image);
      EXPECT_EQ(std::string(error.what()), message("test: a picture for HDR displays, not a photograph (its codes are ",
                                                   text, ", not those of SDR)"));
    }
  }
}

TEST(Png, TheBestStatementCounts) {
  NEEDS_LCMS2();
  const Bytes p3 = icc_chunk(rgb_icc(display_p3_space));
  EXPECT_EQ(pixels(read(png_file(patches(), code_points(1, 13) + p3))), expected(patches()));
  EXPECT_LT(worst(read(png_file(patches(), p3 + numbers_chunk(srgb, 0.45455))), display_p3_space, patches()), 0.2);
  Bytes damaged = code_points(1, 13);
  damaged.back() ^= std::byte{1};
  EXPECT_LT(worst(read(png_file(patches(), damaged + p3)), display_p3_space, patches()), 0.2);
  const Image film = read(png_file(patches(), code_points(8, 10)));
  EXPECT_EQ(pixels(film), expected(patches()));
  EXPECT_TRUE(warns(film, "colours of primaries 8 and transfer 10 are not known; treated as sRGB"));
}

TEST(Icc, WithoutTheLibraryThereIsAWarning) {
  if (ColourTransform::available) GTEST_SKIP() << "built with lcms2";
  const Image image = png_in(display_p3_space, patches());
  EXPECT_EQ(pixels(image), expected(patches()));
  EXPECT_TRUE(warns(image, "ICC profile \"Display P3\" is not applied (built without lcms2); treated as sRGB"));
  EXPECT_TRUE(png_in(srgb, patches()).warnings.empty());
  EXPECT_TRUE(warns(read(png_file(patches(), code_points(12, 13))), "is not applied (built without lcms2)"));
}

}  // namespace
}  // namespace duhdr
