// SPDX-License-Identifier: Apache-2.0
// What the encoders write, the Radiance and PFM readers, colour and previews.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>

#include <ImfChannelList.h>
#include <ImfFrameBuffer.h>
#include <ImfHeader.h>
#include <ImfInputFile.h>

#include "image/encode.h"
#include "image/preview.h"
#include "tensor/parallel.h"
#include "tests/support/cli_run.h"
#include "tests/support/image_files.h"

namespace duhdr {
namespace {

using namespace files;

Image read(const Bytes& bytes) { return decode_image(bytes, "test"); }
std::vector<float> pixels(const Image& image) { return image.pixels.to_vector<float>(); }
bool warns(const Image& image, std::string_view text) {
  return std::ranges::any_of(image.warnings, [&](const std::string& w) { return w.find(text) != std::string::npos; });
}

/// Light over 12 decades with zeros, runs and every channel of its own.
Tensor light(std::int64_t height, std::int64_t width) {
  Tensor tensor({1, height, width, 3}, DType::f32);
  float* out = tensor.mutable_data<float>();
  for (std::int64_t i = 0; i < tensor.numel(); ++i)
    out[i] = i % 11 == 0 ? 0.0f
                         : std::exp2(static_cast<float>((i / 30 * 7) % 40) - 24.0f) *
                               (1.0f + 0.07f * static_cast<float>(i % 3));
  return tensor;
}
Tensor codes(const Codes& from) { return Tensor::of<std::uint8_t>({1, from.height, from.width, 3}, from.data); }
constexpr std::pair<int, int> sizes[] = {{1, 1}, {1, 70}, {70, 1}, {7, 5}, {8, 5}, {131, 67}, {300, 3}};

TEST(EncodeExr, FloatIsExact) {
  for (const auto& [width, height] : sizes) {
    const Tensor pixels_in = light(height, width);
    const Image image = read(encode_exr(pixels_in, {.half = false}));
    EXPECT_EQ(image.pixels.shape(), pixels_in.shape());
    EXPECT_EQ(pixels(image), pixels_in.to_vector<float>());
    EXPECT_TRUE(image.warnings.empty());
  }
}

TEST(EncodeExr, HalfIsRoundedAndClamped) {
  Tensor pixels_in = light(67, 131);
  pixels_in.mutable_data<float>()[5] = 1e9f;
  pixels_in.mutable_data<float>()[6] = 65504.5f;
  pixels_in.mutable_data<float>()[7] = 65504.0f;
  EXPECT_EQ(count_above_half(pixels_in), 2);
  const std::vector<float> found = pixels(read(encode_exr(pixels_in)));
  for (std::size_t i = 0; i < found.size(); ++i)
    EXPECT_EQ(found[i], static_cast<float>(f16(std::min(pixels_in.data<float>()[i], 65504.0f))));
}

/// One channel of an EXR file.
std::vector<float> channel_of(const std::filesystem::path& path, const std::string& name, int height, int width) {
  std::vector<float> values(static_cast<std::size_t>(height * width));
  Imf::InputFile file(path.c_str());
  EXPECT_NE(file.header().channels().findChannel(name), nullptr) << name;
  Imf::FrameBuffer buffer;
  buffer.insert(name, Imf::Slice(Imf::FLOAT, reinterpret_cast<char*>(values.data()), sizeof(float),
                                 sizeof(float) * static_cast<std::size_t>(width)));
  file.setFrameBuffer(buffer);
  file.readPixels(0, height - 1);
  return values;
}

TEST(EncodeExr, LayersBesideThePicture) {
  constexpr int height = 600, width = 31;  // more lines than are handed to OpenEXR at once
  const Tensor picture = light(height, width), flat = Tensor::full(picture.shape(), 0.25f, DType::f32);
  Tensor mask(picture.shape().with(3, 1), DType::f32);
  for (std::int64_t i = 0; i < mask.numel(); ++i) mask.mutable_data<float>()[i] = static_cast<float>(i % 5) / 4;
  ExrOptions options{.half = false};
  options.layers = {{"linear", flat}, {"mask", mask}};
  const Bytes bytes = encode_exr(picture, options);
  EXPECT_EQ(pixels(read(bytes)), picture.to_vector<float>());
  const cli::Scratch folder{"layers"};
  write_file(folder / "layers.exr", bytes);
  EXPECT_EQ(channel_of(folder / "layers.exr", "mask.Y", height, width), mask.to_vector<float>());
  EXPECT_EQ(channel_of(folder / "layers.exr", "linear.G", height, width),
            std::vector<float>(static_cast<std::size_t>(height * width), 0.25f));
  options.layers = {{"linear", light(height, width + 1)}};
  EXPECT_THROW(encode_exr(picture, options), Error);
}

TEST(EncodeExr, SameBytesOnAnyNumberOfThreads) {
  const Tensor pixels_in = light(700, 67);  // more lines than are handed to OpenEXR at once
  set_pool_threads(1);
  const Bytes one = encode_exr(pixels_in);
  for (const int threads : {2, 3}) {
    set_pool_threads(threads);
    EXPECT_TRUE(encode_exr(pixels_in) == one) << threads;
  }
  set_pool_threads(usable_processors());
}

TEST(EncodeExr, AttributesAndBadLight) {
  ExrOptions options;
  options.white_luminance = 100.0f;
  options.attributes = {{"duhdrVersion", "1\x1B"}, {std::string(60, 'n'), "long name"}};
  const Image image = read(encode_exr(light(3, 3), options));
  EXPECT_EQ(image.white_luminance, 100.0f);
  EXPECT_TRUE(image.chromaticities && is_rec709(*image.chromaticities));
  EXPECT_EQ(encode_exr(light(3, 3), options), encode_exr(light(3, 3), options));
  options.attributes = {{"channels", "mine"}};
  EXPECT_THROW(encode_exr(light(3, 3), options), Error);
  for (const float bad : {-1.0f, std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    const Tensor tensor = Tensor::full({1, 2, 2, 3}, static_cast<double>(bad), DType::f32);
    EXPECT_THROW(encode_exr(tensor), Error);
    EXPECT_THROW(encode_hdr(tensor), Error);
    EXPECT_THROW(encode_pfm(tensor), Error);
  }
}

TEST(EncodeHdr, WithinHalfAMantissaStep) {
  for (const auto& [width, height] : sizes) {
    const Tensor pixels_in = light(height, width);
    const Image image = read(encode_hdr(pixels_in, {{"SOFTWARE", "a\nb"}}));
    ASSERT_EQ(image.pixels.shape(), pixels_in.shape());
    EXPECT_TRUE(image.warnings.empty());
    EXPECT_TRUE(image.chromaticities && is_rec709(*image.chromaticities));
    const float *in = pixels_in.data<float>(), *out = image.pixels.data<float>();
    for (std::int64_t i = 0; i < pixels_in.numel(); i += 3) {
      const float largest = std::max({in[i], in[i + 1], in[i + 2]});
      for (std::int64_t c = i; c < i + 3; ++c) EXPECT_NEAR(in[c], out[c], largest / 255.0f);
    }
    EXPECT_EQ(encode_hdr(image.pixels), encode_hdr(read(encode_hdr(image.pixels)).pixels));  // stable
  }
}

TEST(EncodeHdr, ExtremesAndRounding) {
  const std::vector<float> in{3.4e38f, 0.0f,   1.0f, 255.7f,       128.0f, 0.4f,
                              1e-39f,  1e-44f, 0.0f, 0.998046875f, 1.0f,   2.0f};
  const std::vector<float> out = pixels(read(encode_hdr(Tensor::of<float>({1, 2, 2, 3}, in))));
  EXPECT_EQ(out[0], std::ldexp(255.0f, 119));
  EXPECT_EQ(out[3], 256.0f);  // would not fit a mantissa of 8 bits: the exponent went up
  EXPECT_EQ(out[4], 128.0f);
  EXPECT_EQ(out[6], 0.0f);  // below the smallest exponent
  EXPECT_EQ(out[11], 2.0f);
}

TEST(EncodeHdr, StatesThePrimaries) {
  const Image image = read(encode_hdr(light(5, 7), {}, acescg));
  ASSERT_TRUE(image.chromaticities);
  EXPECT_NEAR(image.chromaticities->red_x, 0.713, 1e-6);
  EXPECT_NEAR(image.chromaticities->white_y, 0.33767, 1e-6);
  EXPECT_TRUE(warns(image, "primaries"));
}

TEST(EncodeExr, CompressionsAndPrimaries) {
  const Tensor pixels_in = light(40, 33);
  const std::vector<float> wanted = pixels_in.to_vector<float>();
  for (std::size_t i = 0; i < exr_compressions.size(); ++i)
    for (const bool half : {true, false}) {
      const Bytes file = encode_exr(
          pixels_in, {.half = half, .compression = static_cast<ExrCompression>(i), .chromaticities = acescg});
      const std::size_t at = find(file, std::string("compression\0compression\0", 24)) + 24 + 4;
      EXPECT_EQ(std::to_integer<std::size_t>(file[at]), i);
      const Image image = read(file);
      ASSERT_TRUE(image.chromaticities);
      EXPECT_NEAR(image.chromaticities->green_x, 0.165, 1e-6);
      const std::string_view name = exr_compressions[i];
      const bool lossy = name.starts_with("dwa") || (half && name.starts_with("b44")) || (!half && name == "pxr24");
      const std::vector<float> found = pixels(image);
      double worst = 0;
      for (std::size_t k = 0; k < found.size(); ++k) {
        const double exact = static_cast<double>(half ? static_cast<float>(f16(wanted[k])) : wanted[k]);
        worst = std::max(worst, std::abs(static_cast<double>(found[k]) - exact));
      }
      EXPECT_LE(worst, lossy ? 0.1 * static_cast<double>(*std::ranges::max_element(wanted)) : 0.0) << name << half;
    }
}

TEST(EncodePfm, Exact) {
  for (const auto& [width, height] : sizes) {
    const Tensor pixels_in = light(height, width);
    EXPECT_EQ(pixels(read(encode_pfm(pixels_in))), pixels_in.to_vector<float>());
  }
  const Bytes bytes = encode_pfm(Tensor::of<float>({1, 2, 1, 3}, std::vector<float>{1, 1, 1, 2, 2, 2}));
  EXPECT_EQ(bytes, bytes_of("PF\n1 2\n-1.0\n") + number(0x00000040, 4) + number(0x00000040, 4) + number(0x00000040, 4) +
                       number(0x0000803F, 4) + number(0x0000803F, 4) + number(0x0000803F, 4));
}

TEST(ReadPfm, GreyBigEndianAndRepairs) {
  const Image grey = read(bytes_of("Pf\n2 1\n1.0\n") + number(0x3F800000, 4) + number(0x40000000, 4));
  EXPECT_EQ(pixels(grey), (std::vector<float>{1, 1, 1, 2, 2, 2}));
  const Image odd = read(bytes_of("PF 1 1 -2.5\r\n") + number(0x7F800000, 4, false) + number(0x7FC00000, 4, false) +
                         number(0xBF800000, 4, false) + "x");
  EXPECT_EQ(pixels(odd), (std::vector<float>{65504, 0, 0}));
  EXPECT_EQ(odd.replaced, 3);
  EXPECT_TRUE(warns(odd, "3 values replaced (1 NaN and 1 negative by 0, 1 infinite by 65504)"));
  EXPECT_TRUE(warns(odd, "scale 2.5 is not applied"));
  EXPECT_TRUE(warns(odd, "1 bytes behind"));
}

Bytes hdr(std::string_view header, const Bytes& data) { return bytes_of("#?RADIANCE\n") + header + data; }
Bytes grey_pixel(int code) { return number(static_cast<unsigned>(code) * 0x01010100u + 129, 4); }  // code / 128

TEST(ReadHdr, EveryScanOrder) {
  // A picture of 3 x 2: 2 4 6 / 8 10 12, written in the order that each resolution line announces.
  const std::pair<const char*, std::vector<int>> orders[] = {
      {"-Y 2 +X 3", {2, 4, 6, 8, 10, 12}}, {"-Y 2 -X 3", {6, 4, 2, 12, 10, 8}}, {"+Y 2 +X 3", {8, 10, 12, 2, 4, 6}},
      {"+Y 2 -X 3", {12, 10, 8, 6, 4, 2}}, {"+X 3 -Y 2", {2, 8, 4, 10, 6, 12}}, {"+X 3 +Y 2", {8, 2, 10, 4, 12, 6}},
      {"-X 3 -Y 2", {6, 12, 4, 10, 2, 8}}, {"-X 3 +Y 2", {12, 6, 10, 4, 8, 2}}};
  for (const auto& [resolution, order] : orders) {
    Bytes data;
    for (const int code : order) data = data + grey_pixel(code);
    const Image image = read(hdr("FORMAT=32-bit_rle_rgbe\n\n" + std::string(resolution) + "\n", data));
    ASSERT_EQ(image.pixels.shape(), Shape({1, 2, 3, 3})) << resolution;
    for (std::int64_t i = 0; i < 6; ++i)
      EXPECT_EQ(image.pixels.data<float>()[3 * i], static_cast<float>(2 * i + 2) / 128.0f) << resolution;
  }
}

TEST(ReadHdr, OldRunsExposureAndXyz) {
  const Bytes run = number(0x01010103, 4), shifted = number(0x01010101, 4);
  Bytes old = grey_pixel(128) + run + shifted;  // 1 + 3 + 256
  const Image image = read(hdr("EXPOSURE=2\n# a comment\nEXPOSURE=0.25\nCOLORCORR=1 2 4\n\n-Y 1 +X 260\n", old));
  EXPECT_EQ(image.width(), 260);
  const float* last = image.pixels.data<float>() + 259 * 3;
  EXPECT_EQ(last[0], 2.0f);
  EXPECT_EQ(last[1], 1.0f);
  EXPECT_EQ(last[2], 0.5f);
  const Image xyz = read(hdr("FORMAT=32-bit_rle_xyze\n\n-Y 1 +X 1\n", number(0x798089, 3) + number(129, 1)));
  for (int c = 0; c < 3; ++c) EXPECT_NEAR(xyz.pixels.data<float>()[c], 1.0f, 0.03f);  // about the D65 white
  const Image wide = read(hdr("PRIMARIES=0.7 0.3 0.2 0.7 0.1 0.1 0.3 0.3\n\n-Y 1 +X 1\n", grey_pixel(64)));
  EXPECT_TRUE(warns(wide, "primaries"));
}

TEST(EncodeDisplay, PngAndJpeg) {
  const Codes from = pattern(61, 23);
  const Image png = read(encode_png8(codes(from)));
  for (std::size_t i = 0; i < from.data.size(); ++i)
    EXPECT_EQ(png.pixels.data<float>()[i], static_cast<float>(from.data[i]) / 255.0f);
  EXPECT_TRUE(png.warnings.empty());
  const Image best = read(encode_jpeg(codes(from), 100)), poor = read(encode_jpeg(codes(from), 5));
  double error_best = 0, error_poor = 0;
  for (std::size_t i = 0; i < from.data.size(); ++i) {
    error_best =
        std::max(error_best, std::abs(static_cast<double>(best.pixels.data<float>()[i] - png.pixels.data<float>()[i])));
    error_poor =
        std::max(error_poor, std::abs(static_cast<double>(poor.pixels.data<float>()[i] - png.pixels.data<float>()[i])));
  }
  EXPECT_LT(error_best, 0.02);
  EXPECT_GT(error_poor, error_best);
  EXPECT_TRUE(best.warnings.empty());
}

TEST(EncodeDisplay, JpegHalvesChromaWhenAsked) {
  const Codes from = pattern(61, 23);
  const auto sampling = [](const Bytes& jpeg) {  // of the first component, in the frame header
    for (std::size_t i = 0; i + 11 < jpeg.size(); ++i)
      if (jpeg[i] == std::byte{0xFF} && jpeg[i + 1] == std::byte{0xC0}) return std::to_integer<int>(jpeg[i + 11]);
    return 0;
  };
  const Bytes full = encode_jpeg(codes(from), 95), half = encode_jpeg(codes(from), 95, ChromaSampling::half);
  EXPECT_EQ(sampling(full), 0x11);
  EXPECT_EQ(sampling(half), 0x22);
  EXPECT_LT(half.size(), full.size());
  const Image image = read(half);
  EXPECT_EQ(image.width(), 61);
  EXPECT_EQ(image.height(), 23);
}

TEST(EncodeDisplay, JpegWithoutChroma) {
  // Red of its own in every pixel: within a code, where chroma in 8 bits costs more.
  std::vector<std::uint8_t> from(16 * 16 * 3, 128);
  for (std::size_t i = 0; i < from.size(); i += 3) from[i] = static_cast<std::uint8_t>(i * 7 % 256);
  const auto error = [](const std::vector<std::uint8_t>& in, const Bytes& jpeg, std::size_t channels) {
    const std::vector<float> out = pixels(read(jpeg));
    float worst = 0;
    for (std::size_t i = 0; i < out.size(); ++i)
      worst = std::max(worst, std::abs(255.0f * out[i] - static_cast<float>(in[channels == 1 ? i / 3 : i])));
    return worst;
  };
  const Tensor colours = Tensor::of<std::uint8_t>({1, 16, 16, 3}, from);
  EXPECT_LT(error(from, encode_jpeg(colours, 100, ChromaSampling::none), 3), 1.5f);
  EXPECT_GT(error(from, encode_jpeg(colours, 100, ChromaSampling::full), 3), 1.5f);
  const std::vector<std::uint8_t> grey(from.begin(), from.begin() + 256);
  for (const ChromaSampling any : {ChromaSampling::full, ChromaSampling::half, ChromaSampling::none})
    EXPECT_LT(error(grey, encode_jpeg(Tensor::of<std::uint8_t>({1, 16, 16, 1}, grey), 100, any), 1), 1.5f);
}

TEST(EncodeDisplay, Png16KeepsEveryLevel) {
  std::vector<float> values(65536 * 3);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i / 3) / 65535.0f;
  EXPECT_EQ(pixels(read(encode_png16(Tensor::of<float>({1, 256, 256, 3}, values)))), values);
  const std::vector<float> wild{-1.0f, 2.0f, 0.5f};
  EXPECT_EQ(pixels(read(encode_png16(Tensor::of<float>({1, 1, 1, 3}, wild)))),
            (std::vector<float>{0, 1, 32768.0f / 65535.0f}));
}

TEST(Colour, CurveAndPrimaries) {
  for (int code = 0; code <= 255; ++code) {
    const float v = static_cast<float>(code) / 255.0f;
    EXPECT_NEAR(linear_to_srgb(srgb_to_linear(v)), v, 2e-6f);
  }
  EXPECT_NEAR(srgb_to_linear(0.5f), 0.21404114f, 1e-6f);
  EXPECT_NEAR(linear_to_srgb(0.18f), 0.46135613f, 1e-6f);
  EXPECT_FLOAT_EQ(luminance(1, 1, 1), 1.0f);
  EXPECT_TRUE(is_rec709(rec709));
  Chromaticities other = rec709;
  other.blue_y = 0.07f;
  EXPECT_FALSE(is_rec709(other));
}

void expect_matrix(const Matrix3& found, const Matrix3& wanted, double tolerance) {
  for (std::size_t r = 0; r < 3; ++r)
    for (std::size_t c = 0; c < 3; ++c) EXPECT_NEAR(found[r][c], wanted[r][c], tolerance) << r << c;
}

TEST(Colour, MatricesBetweenPrimaries) {
  const Matrix3 identity{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
  const Matrix3 wide{{{0.627403895934699, 0.329283038377884, 0.043313065687417},
                      {0.069097289358232, 0.919540395075459, 0.011362315566309},
                      {0.016391438875150, 0.088013307877226, 0.895595253247624}}};  // BT.2087
  expect_matrix(rgb_to_rgb(rec709, rec2020), wide, 1e-12);
  expect_matrix(rgb_to_rgb(rec2020, rec709) * wide, identity, 1e-12);
  const Matrix3 p3{{{0.8224621, 0.1775380, 0}, {0.0331941, 0.9668058, 0}, {0.0170827, 0.0723974, 0.9105199}}};
  expect_matrix(rgb_to_rgb(rec709, display_p3), p3, 1e-6);
  const Matrix3 aces{{{0.613097, 0.339523, 0.047379}, {0.070194, 0.916354, 0.013452}, {0.020616, 0.109570, 0.869815}}};
  expect_matrix(rgb_to_rgb(rec709, acescg), aces, 2e-6);  // by Bradford from D65
  // Between white points white stays white.
  Chromaticities d50 = rec709;
  d50.white_x = 0.34567;
  d50.white_y = 0.35850;
  const Vector3 white = rgb_to_rgb(rec709, d50) * Vector3{1, 1, 1};
  for (const double value : white) EXPECT_NEAR(value, 1, 1e-12);
  expect_matrix(rgb_to_rgb(d50, rec709) * rgb_to_rgb(rec709, d50), identity, 1e-12);
}

TEST(Colour, LightInOtherPrimariesIsNeverNegative) {
  const Tensor in = Tensor::of<float>({1, 1, 4, 3}, std::vector<float>{1, 0, 0, 0, 1, 0, 0, 0, 1, 3, 3, 3});
  for (const NamedPrimaries& named : named_primaries) {
    const std::vector<float> out = in_primaries(in, named.primaries).to_vector<float>();
    const Matrix3 matrix = rgb_to_rgb(rec709, named.primaries);
    for (std::size_t pixel = 0; pixel < 3; ++pixel)
      for (std::size_t c = 0; c < 3; ++c) {
        EXPECT_GT(matrix[c][pixel], -1e-12) << named.name;
        EXPECT_GE(out[3 * pixel + c], 0.0f);
        EXPECT_NEAR(static_cast<double>(out[3 * pixel + c]), matrix[c][pixel], 1e-6);
      }
    for (std::size_t c = 9; c < 12; ++c) EXPECT_FLOAT_EQ(out[c], 3.0f);
  }
}

TEST(Preview, ShoulderIsSmoothAndBounded) {
  EXPECT_EQ(soft_shoulder(0.5f), 0.5f);
  EXPECT_EQ(soft_shoulder(0.8f), 0.8f);
  EXPECT_NEAR(soft_shoulder(1.0f), 0.9f, 1e-6f);
  EXPECT_NEAR((soft_shoulder(0.801f) - soft_shoulder(0.8f)) / 0.001f, 1.0f, 0.01f);
  EXPECT_LE(soft_shoulder(std::numeric_limits<float>::infinity()), 1.0f);
  for (float light = 0.01f; light < 1e5f; light *= 1.1f)
    EXPECT_GT(soft_shoulder(light * 1.1f), soft_shoulder(light) - 1e-7f);
}

TEST(Preview, BoxAverageIsExact) {
  const Tensor row = Tensor::of<float>({1, 1, 3, 1}, std::vector<float>{3, 6, 12});
  const std::vector<float> two = box_average(row, 1, 2).to_vector<float>();
  EXPECT_FLOAT_EQ(two[0], (3.0f + 0.5f * 6.0f) / 1.5f);
  EXPECT_FLOAT_EQ(two[1], (0.5f * 6.0f + 12.0f) / 1.5f);
  EXPECT_FLOAT_EQ(box_average(row, 1, 1).to_vector<float>()[0], 7.0f);
  const Tensor flat = Tensor::full({1, 37, 53, 3}, 0.7, DType::f32);
  for (const float v : box_average(flat, 11, 17).to_vector<float>()) EXPECT_FLOAT_EQ(v, 0.7f);
}

TEST(Preview, StripOfPanels) {
  const double stops[] = {-2.0, 0.0, 2.0};
  const Tensor strip = preview_strip(Tensor::full({1, 10, 20, 3}, 0.18, DType::f32), stops);
  ASSERT_EQ(strip.shape(), Shape({1, 10, 68, 3}));
  const std::uint8_t* row = strip.data<std::uint8_t>();
  for (const auto& [x, stop] : {std::pair{0, -2}, {19, -2}, {24, 0}, {48, 2}, {67, 2}})
    EXPECT_EQ(row[x * 3],
              std::lround(255.0f * linear_to_srgb(soft_shoulder(0.18f * std::exp2(static_cast<float>(stop))))));
  for (const int x : {20, 23, 44, 47}) EXPECT_EQ(row[x * 3], 32);
  const Tensor large = preview_strip(Tensor::full({1, 1000, 3000, 3}, 5.0, DType::f32), stops);
  EXPECT_EQ(large.shape(), Shape({1, 227, 2048, 3}));  // panels of 680 x 227
}

}  // namespace
}  // namespace duhdr
