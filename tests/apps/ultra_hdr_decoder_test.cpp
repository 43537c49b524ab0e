// SPDX-License-Identifier: Apache-2.0
// Ultra HDR files shown by a decoder of others: ultrahdr_app of libultrahdr, a path in DUHDR_ULTRAHDR_APP. Files of
// duhdr-infer are compared with what its own layers say, computed here once more.
#include <ImfFrameBuffer.h>
#include <ImfHeader.h>
#include <ImfInputFile.h>
#include <gtest/gtest.h>
#include <half.h>

#include <cmath>
#include <filesystem>

#include "image/orientation.h"
#include "image/ultra_hdr.h"
#include "tests/image/gain_hill.h"
#include "tests/image/ultra_hdr_reader.h"
#include "tests/support/cli_run.h"
#include "tests/support/photographs.h"

namespace duhdr {
namespace {

using namespace files;
namespace fs = std::filesystem;

constexpr double tolerance = 0.05;        // stops beside a step of the map's codes
constexpr double least_share = 0.99;      // of the pixels that lie within
constexpr double most = 10000.0 / 203.0;  // libultrahdr clips linear light there

/// A gain between pixels; of one channel for all.
double between(const Tensor& gain, double y, double x, std::int64_t channel) {
  const Shape& shape = gain.shape();
  const auto at = [&](double row, double column) {
    const std::int64_t r = std::min(static_cast<std::int64_t>(row), shape.h() - 1);
    const std::int64_t c = std::min(static_cast<std::int64_t>(column), shape.w() - 1);
    return static_cast<double>(gain.data<float>()[(r * shape.w() + c) * shape.c() + channel % shape.c()]);
  };
  const double down = y - std::floor(y), right = x - std::floor(x);
  return (1 - down) * ((1 - right) * at(y, x) + right * at(y, x + 1)) +
         down * ((1 - right) * at(y + 1, x) + right * at(y + 1, x + 1));
}

/// What expect_shown() asks for.
double late(MapSize size) { return (static_cast<double>(size) - 1) / 2; }

class UltraHdrDecoder : public testing::Test {
 protected:
  void SetUp() override {
    const char* told = std::getenv("DUHDR_ULTRAHDR_APP");
    if (told == nullptr) GTEST_SKIP() << "no second decoder (DUHDR_ULTRAHDR_APP: path of libultrahdr's ultrahdr_app)";
    program_ = fs::absolute(told);
  }

  /// Linear light of a display of any headroom, three values a pixel.
  std::vector<double> shown(const Bytes& file) {
    write_file(folder_ / "in.jpg", file);
    const cli::Outcome outcome = cli::run_program_file(
        program_, {"-m", "1", "-j", "in.jpg", "-z", "out.raw", "-o", "0", "-O", "4"}, {.folder = folder_.path()});
    EXPECT_EQ(outcome.code, 0) << outcome.out << outcome.err;
    const Bytes raw = read_file(folder_ / "out.raw", std::size_t{1} << 30, ExitCode::internal);
    std::vector<double> light;
    for (std::size_t at = 0; at + 8 <= raw.size(); at += 8)  // R, G, B and A as halves
      for (std::size_t c = 0; c < 6; c += 2) {
        half value;
        std::memcpy(&value, raw.data() + at + c, 2);
        light.push_back(static_cast<double>(static_cast<float>(value)));
      }
    return light;
  }

  /// The file shows the base's light times the gain (as stored), `offset` pixels further down and to the right: of a
  /// smaller map libultrahdr takes pixel x for the sample x / scale, where ours, like a texture's, has its middle at
  /// (x + 0.5) / scale - 0.5. The decoder itself says what the base's light is, from
  /// the same base with a map that gains nothing: it has ways of its own to make RGB of subsampled chroma.
  void expect_shown(const Bytes& base, const Bytes& file, const Tensor& gain, double offset, const std::string& what) {
    const UltraHdrReader reader(file);
    const Tensor none = Tensor::full(gain.shape().with(3, 1), 1.0, DType::f32);
    const auto plain = shown(encode_ultra_hdr(base, make_gain_map(none, MapSize::full), what)), light = shown(file);
    ASSERT_EQ(plain.size(), static_cast<std::size_t>(gain.shape().numel() / gain.shape().c() * 3)) << what;
    ASSERT_EQ(light.size(), plain.size()) << what;
    const std::int64_t width = gain.shape().w();
    std::size_t within = 0;
    for (std::size_t i = 0; i < light.size(); ++i) {
      const std::int64_t pixel = static_cast<std::int64_t>(i) / 3, channel = static_cast<std::int64_t>(i) % 3;
      const double wanted = between(gain, static_cast<double>(pixel / width) + offset,
                                    static_cast<double>(pixel % width) + offset, channel);
      const double code = 255.0 * std::pow(std::log2(wanted) / reader.iso.at("GainMapMax"), reader.iso.at("Gamma"));
      const double step = reader.boost(std::min(code, 254.0) + 1) - reader.boost(std::min(code, 254.0));
      const double intended = std::min(plain[i] * wanted, most);
      constexpr double black = 1e-4;  // halves have steps of 1 % below
      const double error = plain[i] < black ? 0 : std::abs(std::log2(light[i] / intended));
      within += error <= step + tolerance;
    }
    const double share = static_cast<double>(within) / static_cast<double>(light.size());
    std::printf("%s: %.3f %% within\n", what.c_str(), 100 * share);
    EXPECT_GE(share, least_share) << what;
  }

  fs::path program_;
  cli::Scratch folder_{"ultra-hdr-decoder"};
};

/// A channel of an EXR file.
std::vector<float> plane(const fs::path& path, const char* name) {
  Imf::InputFile file(path.c_str());
  const Imath::Box2i box = file.header().dataWindow();
  const std::size_t width = static_cast<std::size_t>(box.max.x) + 1, height = static_cast<std::size_t>(box.max.y) + 1;
  std::vector<float> values(width * height, std::nanf(""));
  Imf::FrameBuffer frame;
  frame.insert(name,
               Imf::Slice(Imf::FLOAT, reinterpret_cast<char*>(values.data()), sizeof(float), sizeof(float) * width));
  file.setFrameBuffer(frame);
  file.readPixels(0, box.max.y);
  return values;
}

/// docs/command-line.md: 1 + mask (max(1, result / linearised) - 1) of the luminances, but not above the display's
/// peak.
std::vector<float> intended_gain(const fs::path& exr, double peak) {
  const auto luminance = [&](const std::string& layer) {
    const auto r = plane(exr, (layer + "R").c_str()), g = plane(exr, (layer + "G").c_str()),
               b = plane(exr, (layer + "B").c_str());
    std::vector<double> y;
    for (std::size_t i = 0; i < r.size(); ++i)
      y.push_back(0.2126 * static_cast<double>(r[i]) + 0.7152 * static_cast<double>(g[i]) +
                  0.0722 * static_cast<double>(b[i]));
    return y;
  };
  const auto result = luminance(""), linear = luminance("linear.");
  const auto mask = plane(exr, "mask.Y");
  std::vector<float> gain;
  for (std::size_t i = 0; i < mask.size(); ++i) {
    const double full = std::max(1.0, result[i] / std::max(linear[i], 1e-6));
    gain.push_back(static_cast<float>(std::min(1 + static_cast<double>(mask[i]) * (full - 1), peak / 203)));
  }
  return gain;
}

TEST_F(UltraHdrDecoder, EveryKindOfBaseAndMap) {
  using Tune = std::function<void(jpeg_compress_struct&)>;
  const Tune halved = [](jpeg_compress_struct& info) {
    info.comp_info[0].h_samp_factor = info.comp_info[0].v_samp_factor = 2;
  };
  const Tune progressive = [](jpeg_compress_struct& info) { jpeg_simple_progression(&info); };
  for (const auto& [width, height] : {std::pair{160, 120}, {203, 131}})
    for (const Tune& tune : {Tune(), halved, progressive})
      for (const MapSize size : {MapSize::full, MapSize::half, MapSize::quarter})
        for (const int channels : {1, 3}) {
          const Bytes base = jpeg_file(pattern(width, height), tune);
          const double stops = size == MapSize::quarter ? 2 : 4;  // half as steep for samples twice as far apart
          const Tensor gain = hill(width, height, channels, stops);
          expect_shown(base, encode_ultra_hdr(base, make_gain_map(gain, size), "test"), gain, late(size),
                       message(width, " x ", height, ", map of ", channels, " x ", static_cast<int>(size)));
        }
}

TEST_F(UltraHdrDecoder, PhotographsOfTheProgram) {
  std::vector<fs::path> pictures = photographs();
  pictures.emplace_back(DUHDR_SOURCE_DIR "/docs/sample/photo.jpg");
  constexpr std::uintmax_t largest = 150'000;  // bytes; the networks take their time
  for (const fs::path& picture : pictures) {
    if (fs::file_size(picture) > largest) continue;
    const auto run = [&](std::vector<std::string> arguments) {
      arguments.insert(arguments.begin(), {"-q", "-d", "cpu", "-i", picture.string()});
      const cli::Outcome outcome = cli::run_program_file("duhdr-infer", arguments, {.folder = folder_.path()});
      ASSERT_EQ(outcome.code, 0) << picture << outcome.err;
    };
    run({"-o", "out.exr", "--layers", "hdr,linear,mask"});
    run({"-o", "out.jpg", "-f", "uhdr"});
    const Image image = read_image(picture);
    const Tensor gain =
        Tensor::of<float>({1, image.height(), image.width(), 1}, intended_gain(folder_ / "out.exr", 1000));
    const Bytes base = read_file(picture, std::size_t{1} << 26, ExitCode::internal);
    expect_shown(base, read_file(folder_ / "out.jpg", std::size_t{1} << 26, ExitCode::internal),
                 as_stored(gain, image.orientation), late(MapSize::half), picture.filename());
  }
}

}  // namespace
}  // namespace duhdr
