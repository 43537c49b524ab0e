// SPDX-License-Identifier: Apache-2.0
// Numbers on the command line.
#include "apps/options.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>

#include "base/error.h"

namespace duhdr {
namespace {

template <class T>
std::string refusal(const std::string& text, T least, T most) {
  try {
    (void)parse_number<T>("--option", text, least, most);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::usage);
    return error.what();
  }
  ADD_FAILURE() << text << " is taken for a number";
  return {};
}

constexpr std::uint64_t largest = UINT64_MAX;

TEST(Numbers, AreWholeTextsInDecimal) {
  EXPECT_EQ(parse_number<double>("-x", "0.25", 0, 1), 0.25);
  EXPECT_EQ(parse_number<double>("-x", "+2.5e-1", 0, 1), 0.25);
  EXPECT_EQ(parse_number<double>("-x", "-3", -4, 4), -3);
  EXPECT_EQ(parse_number<int>("-x", "010", 0, 99), 10);
  EXPECT_EQ(parse_number<std::int64_t>("-x", "-9223372036854775808", INT64_MIN, 0), INT64_MIN);
  EXPECT_EQ(parse_number<std::uint64_t>("-x", "18446744073709551615", 0, largest), largest);
}

TEST(Numbers, RefusesWhatIsNone) {
  for (const char* text :
       {"", " 1", "1 ", "1,5", "0x1p3", "one", "1e999", "nan", "-nan", "NaN", "inf", "-inf", "+-1", "+"})
    EXPECT_NE(refusal<double>(text, -1e300, 1e300).find("not a number"), std::string::npos) << text;
  for (const char* text : {"", "1.0", "1e3", "0x10", "-1", "18446744073709551616", "99999999999999999999999"})
    EXPECT_NE(refusal<std::uint64_t>(text, 0, largest).find("not a whole number"), std::string::npos) << text;
  (void)refusal<int>("2147483648", INT32_MIN, INT32_MAX);
}

TEST(Numbers, SaysWhatIsAllowedInFewWords) {
  EXPECT_EQ(refusal<double>("nan", 0, 1), "--option nan: not a number (allowed: 0 to 1)");
  EXPECT_EQ(refusal<double>("-1", 0, std::numeric_limits<double>::max()),
            "--option -1: not a number (allowed: at least 0)");
  EXPECT_EQ(refusal<std::uint64_t>("18446744073709551616", 0, largest),
            "--option 18446744073709551616: not a whole number (allowed: at least 0)");
  EXPECT_EQ(refusal<int>("9\x1b[2J", 1, 8), "--option 9\\x1b[2J: not a whole number (allowed: 1 to 8)");
}

TEST(Numbers, AsDimensionsAndRanges) {
  EXPECT_EQ(parse_dimensions("--size", "33x20").width, 33);
  EXPECT_EQ(parse_dimensions("--size", "33x20").height, 20);
  EXPECT_EQ(parse_dimensions("--size", "65536").height, 65'536);
  for (const char* text : {"", "x", "10x", "x10", "0", "10x0", "65537", "-1x4", "4x4x4", "4 x 4", "4X4"})
    EXPECT_THROW(parse_dimensions("--size", text), Error) << text;
  EXPECT_EQ(parse_range("-r", "-3..2.5", -16, 16), (std::pair{-3.0, 2.5}));
  EXPECT_EQ(parse_range("-r", "4", 0, 16), (std::pair{4.0, 4.0}));
  for (const char* text : {"", "..", "1..", "..1", "2..1", "1...2", "1..17", "nan..1"})
    EXPECT_THROW(parse_range("-r", text, 0, 16), Error) << text;
}

TEST(Numbers, AsOptions) {
  CLI::App app;
  double share = 0.5;
  std::uint64_t seed = 7;
  add_number(app, "-s,--share", share, "A share", 0.0, 1.0)->capture_default_str();
  add_number(app, "--seed", seed, "A seed", std::uint64_t{0});
  EXPECT_NE(app.help().find("-s,--share NUMBER=0.5"), std::string::npos) << app.help();
  app.parse("--seed 18446744073709551615");
  EXPECT_EQ(seed, largest);
  EXPECT_EQ(share, 0.5) << "not given";
  app.parse("-s 0.75");
  EXPECT_EQ(share, 0.75);
  try {
    app.parse("-s nan");
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::usage);
    EXPECT_STREQ(error.what(), "--share nan: not a number (allowed: 0 to 1)");
  }
}

}  // namespace
}  // namespace duhdr
