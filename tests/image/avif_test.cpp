// SPDX-License-Identifier: Apache-2.0
// AVIF files: what they say of themselves, told by avifdec, and their light, decoded by libavif.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <regex>

#include "image/avif_write.h"
#include "image/pq.h"
#include "tests/support/cli_run.h"
#include "tests/support/png_chunks.h"

namespace duhdr {
namespace {

namespace fs = std::filesystem;

/// Smooth light up to 5 times white, its channels apart.
PqPicture picture(std::int64_t height, std::int64_t width, int depth) {
  Tensor pixels({1, height, width, 3}, DType::f32);
  float* to = pixels.mutable_data<float>();
  for (std::int64_t y = 0; y < height; ++y)
    for (std::int64_t x = 0; x < width; ++x)
      for (int c = 0; c < 3; ++c)
        *to++ = 0.02f + 5.0f * static_cast<float>(x * (c + 1) + y * (3 - c)) / static_cast<float>(3 * (width + height));
  return make_pq_picture({pixels}, 203, 1000, depth);
}

class Avif : public testing::Test {
 protected:
  void SetUp() override {
    if (!avif_unavailable().empty()) GTEST_SKIP() << avif_unavailable();
  }
  /// What a tool of libavif-bin prints.
  std::string avifdec(const std::vector<std::string>& arguments) {
    const auto outcome = cli::run_program_file("/usr/bin/avifdec", arguments, {.folder = folder_.path()});
    EXPECT_EQ(outcome.code, 0) << outcome.out << outcome.err;
    return outcome.out;
  }
  static bool has_tool() { return fs::exists("/usr/bin/avifdec"); }

  cli::Scratch folder_{"avif"};
};

TEST_F(Avif, SaysWhatItIs) {
  if (!has_tool()) GTEST_SKIP() << "no avifdec (Debian: libavif-bin)";
  for (const int depth : {10, 12}) {
    write_file(folder_ / "a.avif", encode_avif(picture(48, 65, depth), 90));
    const std::string info = avifdec({"--info", "a.avif"});
    for (const std::string& line :
         {std::string("Resolution +: 65x48"), "Bit Depth +: " + std::to_string(depth), std::string("Format +: YUV444"),
          std::string("Range +: Full"), std::string("Color Primaries *: 9"), std::string("Transfer Char. *: 16"),
          std::string("Matrix Coeffs. *: 9"), std::string("Alpha +: Absent")})
      EXPECT_TRUE(std::regex_search(info, std::regex(line))) << line << '\n' << info;
  }
}

TEST_F(Avif, LightComesBack) {
  if (!has_tool()) GTEST_SKIP() << "no avifdec (Debian: libavif-bin)";
  const auto worst = [&](int depth, int quality) {
    const PqPicture wanted = picture(48, 64, depth);
    write_file(folder_ / "a.avif", encode_avif(wanted, quality));
    avifdec({"--depth", "16", "a.avif", "a.png"});
    const std::vector<int> codes = files::PngReader(read_file(folder_ / "a.png", 1 << 26, ExitCode::io)).codes16();
    EXPECT_EQ(codes.size(), wanted.codes.size());
    double largest = 0;
    for (std::size_t i = 0; i < codes.size(); ++i)
      largest = std::max(largest, std::abs(codes[i] * (std::exp2(depth) - 1) / 65535 - wanted.codes[i]));
    return largest;
  };
  // Y Cb Cr of as many bits as R G B: the rounding of three numbers makes up to 0.5 (1 + 1.88) of a code of blue.
  EXPECT_LE(worst(10, 100), 2);
  EXPECT_LE(worst(12, 100), 2);
  EXPECT_LE(worst(10, 95), 12);
  EXPECT_GT(worst(10, 20), 12);
}

TEST_F(Avif, SameBytesAgain) { EXPECT_EQ(encode_avif(picture(70, 90, 10), 80), encode_avif(picture(70, 90, 10), 80)); }

TEST_F(Avif, OtherDepthsAreABugOfTheCaller) { EXPECT_THROW(encode_avif(picture(4, 4, 16), 90), Error); }

TEST(AvifAbsent, IsAnErrorOfUsage) {
  if (avif_unavailable().empty()) GTEST_SKIP() << "this build writes AVIF";
  try {
    encode_avif(picture(4, 4, 10), 90);
    FAIL() << "written without libavif";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::usage);
    EXPECT_NE(std::string(error.what()).find("libavif"), std::string::npos);
  }
}

}  // namespace
}  // namespace duhdr
