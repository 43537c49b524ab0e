// SPDX-License-Identifier: Apache-2.0
// Strict JSON: a table of texts that must be refused with their place, and the typed readers.
#include "base/fields.h"

#include <gtest/gtest.h>

#include <chrono>
#include <clocale>
#include <functional>

namespace duhdr {
namespace {

using nlohmann::json;

json parse(std::string_view text, JsonLimits limits = {}) {
  return parse_json(text, "c.json", ExitCode::usage, limits);
}

std::string error_of(const std::function<void()>& call, ExitCode code = ExitCode::usage) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    const std::string text = error.what();
    EXPECT_TRUE(text.starts_with("c.json: ")) << text;
    for (const char c : text) EXPECT_GE(static_cast<unsigned char>(c), 0x20) << text;
    EXPECT_LT(text.size(), 700u);
    return text;
  }
  return "no error";
}

struct BadText {
  std::string text;
  std::string part;  // of the message
};

const std::vector<BadText> bad_texts{
    {"", "line 1, column 1 (byte 0)"},
    {" \n ", "line 2"},
    {"{\"a\": 1,}", "line 1, column 9 (byte 8)"},
    {"[1, 2,]", "column 7"},
    {"{\n  \"a\": 1\n  \"b\": 2\n}", "line 3, column 5"},
    {"// comment\n{}", "line 1, column 1"},
    {"{} /* comment */", "column 4"},
    {"{\"a\": 1 # comment\n}", "column 9"},
    {"\xEF\xBB\xBF{}", "byte order mark"},
    {"\xFF\xFE{\0}\0", "UTF-16"},
    {std::string("\0{\0}", 4), "control character \\x00"},
    {"{", "line 1, column 2"},
    {"{\"a\"", "column 5"},
    {"{\"a\":", "column 6"},
    {"{\"a\":1", "column 7"},
    {"{} {}", "column 4"},
    {"{}x", "column 3"},
    {std::string("{}\0garbage", 10), "control character"},
    {"{a: 1}", "column 2"},
    {"{'a': 1}", "column 2"},
    {"{\"a\": 01}", "column 8"},
    {"{\"a\": +1}", "column 7"},
    {"{\"a\": .5}", "column 7"},
    {"{\"a\": 1.}", "column 9"},
    {"{\"a\": 0x10}", "column 8"},
    {"{\"a\": NaN}", "column 7"},
    {"{\"a\": Infinity}", "column 7"},
    {"{\"a\": 1e999}", "number overflow"},
    {"{\"a\": True}", "column 7"},
    {"{\"a\": nul}", "column"},
    {"{\"a\": \"\xC3\x28\"}", "byte 8"},
    {"{\"a\": \"\xED\xA0\x80\"}", "byte 8"},
    {"{\"a\": \"\xF5\x80\x80\x80\"}", "byte 7"},
    {"{\"a\": \"\\ud800\"}", "surrogate"},
    {"{\"a\": \"\\x41\"}", "column 9"},
    {"{\"a\": \"line\nbreak\"}", "control character \\x0a"},
    {"{\"a\": \"\x1b[2J\"}", "control character \\x1b"},
    {"{\"a\": \"open}", "column"},
    {"{\"a\": 1, \"b\": 2, \"a\": 3}", "byte 20): duplicate key \"a\""},
    {"{\"a\": 1, \"\\u0061\": 3}", "duplicate key \"a\""},
    {"{\"x\": {\"a\": 1,\n\"a\": 1}}", "line 2, column 4 (byte 18): duplicate key \"a\""},
    {"{\"a\\u001b[2J\": 1, \"a\\u001b[2J\": 3}", "duplicate key \"a\\x1b[2J\""},
    {"[1 2]", "column 4"},
    {"]", "column 1"},
    {"[}", "column 2"},
    {"{\"a\": [}", "column 8"},
    {"{1: 2}", "column 2"},
    {"{,}", "column 2"},
    {"[1,,2]", "column 4"},
    {"\x80\x04K*.", "control character \\x04"},
};

TEST(Json, RefusesBadTextWithItsPlace) {
  for (const BadText& bad : bad_texts) {
    const std::string text = error_of([&] { parse(bad.text); });
    EXPECT_NE(text.find(bad.part), std::string::npos) << escaped(bad.text) << " gave: " << text;
    EXPECT_NE(text.find("line "), std::string::npos) << text;
  }
}

TEST(Json, EveryTruncationIsRefused) {
  const std::string text = R"({"a": [1, 2.5e-3, "x\u00e9", true, null], "b": {"c": -7}})";
  parse(text);
  for (std::size_t size = 0; size < text.size(); ++size)
    EXPECT_NE(error_of([&] { parse(text.substr(0, size)); }), "no error") << size;
}

TEST(Json, ReadsWhatIsValid) {
  const json value = parse("\t{\"a\": [1, -2, 2.5e3, \"\xC3\xA9\\u00e9\\n\", true, null, {}, []],\r\n \"b\": {}} \n");
  EXPECT_EQ(value["a"][0], 1u);
  EXPECT_EQ(value["a"][1], -2);
  EXPECT_EQ(value["a"][2], 2500.0);
  EXPECT_EQ(value["a"][3], "\xC3\xA9\xC3\xA9\n");
  EXPECT_EQ(value["a"][4], true);
  EXPECT_TRUE(value["a"][5].is_null());
  EXPECT_TRUE(value["a"][6].is_object());
  EXPECT_TRUE(value["a"][7].is_array());
  EXPECT_TRUE(value["b"].empty());
  EXPECT_EQ(parse("{\"a\": {\"k\": 1}, \"b\": {\"k\": 2}}")["b"]["k"], 2);
  EXPECT_EQ(parse("18446744073709551615"), std::uint64_t{18446744073709551615u});
  EXPECT_EQ(parse("\"[[[{{{\""), "[[[{{{");
}

TEST(Json, LimitsAreCheckedBeforeParsing) {
  const std::string nested = std::string(64, '[') + std::string(64, ']');
  EXPECT_NO_THROW(parse(nested));
  EXPECT_NE(error_of([&] { parse("[" + nested + "]"); }).find("at most 64 levels"), std::string::npos);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_NE(error_of([&] { parse(std::string(1000000, '[')); }).find("column 65"), std::string::npos);
  EXPECT_NE(error_of([&] { parse(std::string((1 << 20) + 1, ' ')); }).find("at most 1048576"), std::string::npos);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(500));
}

TEST(Json, DecimalCommaLocaleChangesNothing) {
  const std::string before = std::setlocale(LC_NUMERIC, nullptr);
  if (!std::setlocale(LC_NUMERIC, "de_DE.UTF-8")) GTEST_SKIP() << "locale de_DE.UTF-8 is not installed";
  const double value = parse("[1.5]")[0];
  std::setlocale(LC_NUMERIC, before.c_str());
  EXPECT_EQ(value, 1.5);
}

/// Reads one value out of {"k": <text>} and expects a refusal that names key and allowed range.
template <class Read>
void expect_refused(const std::string& value, const Read& read, const std::string& part) {
  const json root = parse("{\"k\": " + value + "}");
  const std::string text = error_of([&] {
    JsonObject object(root, "c.json", ExitCode::usage);
    read(object);
  });
  EXPECT_NE(text.find("c.json: k: "), std::string::npos) << text;
  EXPECT_NE(text.find(part), std::string::npos) << text;
}

TEST(JsonObject, IntegersAreExact) {
  const auto read = [](JsonObject& object) { object.integer("k", 0, 1000); };
  for (const char* value :
       {"-1", "1001", "1.5", "1.0", "1e3", "\"7\"", "true", "null", "[]", "{}", "9223372036854775808",
        "18446744073709551615", "18446744073709551616", "-9223372036854775809"})
    expect_refused(value, read, "allowed: a whole number from 0 to 1000");
  expect_refused("-1", read, "found -1,");
  expect_refused("\"7\\n\"", read, "found \"7\\n\",");
  const json root = parse(R"({"a": 0, "b": 1000, "c": -9223372036854775808, "d": 9223372036854775807, "e": -3})");
  JsonObject object(root, "c.json", ExitCode::usage);
  EXPECT_EQ(object.integer("a", 0, 1000), 0);
  EXPECT_EQ(object.integer("b", 0, 1000), 1000);
  EXPECT_EQ(object.integer("c", INT64_MIN, INT64_MAX), INT64_MIN);
  EXPECT_EQ(object.integer("d", 1, INT64_MAX), INT64_MAX);
  EXPECT_EQ(object.integer("e", -5, -1), -3);
  EXPECT_EQ(object.integer("f", 0, 9, 4), 4);
  object.finish();
}

TEST(JsonObject, OtherTypes) {
  expect_refused(
      "\"1e-4\"", [](JsonObject& o) { o.number("k", 0, 1); }, "allowed: a number from 0 to 1");
  expect_refused(
      "1.5", [](JsonObject& o) { o.number("k", 0, 1); }, "found 1.5");
  expect_refused(
      "-0.5", [](JsonObject& o) { o.number("k", 0, 1, 0.5); }, "found -0.5");
  expect_refused(
      "1", [](JsonObject& o) { o.boolean("k"); }, "true or false");
  expect_refused(
      "1", [](JsonObject& o) { o.text("k"); }, "allowed: a \"text\"");
  expect_refused(
      "\"resnet\"",
      [](JsonObject& o) {
        o.one_of("k", {"resnet18", "crfnet"});
      },
      "found \"resnet\", allowed: resnet18, crfnet");
  expect_refused(
      "3",
      [](JsonObject& o) {
        o.one_of("k", {"resnet18", "crfnet"});
      },
      "found 3");
  expect_refused(
      "[1, 2.5]", [](JsonObject& o) { o.integers("k", 0, 9); }, "element 1: found 2.5");
  expect_refused(
      "3", [](JsonObject& o) { o.integers("k", 0, 9); }, "an array of whole numbers");
  expect_refused(
      "[1, 2.5]", [](JsonObject& o) { o.numbers("k", 0, 2); }, "element 1: found 2.5, allowed: a number from 0 to 2");
  expect_refused(
      "[0.5, \"1\"]", [](JsonObject& o) { o.numbers("k", 0, 2); }, "element 1: found \"1\"");
  expect_refused(
      "0.5", [](JsonObject& o) { o.numbers("k", 0, 2); }, "an array of numbers");
  expect_refused(
      "[\"a\", 1]", [](JsonObject& o) { o.texts("k"); }, "element 1: found 1");
  expect_refused(
      "\"a\"", [](JsonObject& o) { o.texts("k"); }, "array");
  expect_refused(
      "[]", [](JsonObject& o) { o.object("k"); }, "an object");

  const json root = parse(R"({"n": 2, "x": 0.5, "b": true, "t": "hi", "o": "b", "i": [1, 2], "s": ["u"], "e": []})");
  JsonObject object(root, "c.json", ExitCode::usage);
  EXPECT_EQ(object.number("n", 0, 3), 2.0);
  EXPECT_EQ(object.number("x", 0, 3), 0.5);
  EXPECT_EQ(object.number("absent", 0, 3, 1.5), 1.5);
  EXPECT_TRUE(object.boolean("b"));
  EXPECT_FALSE(object.boolean("absent", false));
  EXPECT_EQ(object.text("t"), "hi");
  EXPECT_EQ(object.text("absent", "none"), "none");
  EXPECT_EQ(object.one_of("o", {"a", "b"}), "b");
  EXPECT_EQ(object.one_of("absent", {"a", "b"}, "a"), "a");
  EXPECT_EQ(object.integers("i", 1, 2), (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(object.numbers("i", 1, 2), (std::vector<double>{1, 2}));
  EXPECT_EQ(object.texts("s"), std::vector<std::string>{"u"});
  EXPECT_TRUE(object.texts("e").empty());
  EXPECT_TRUE(object.has("n"));
  EXPECT_FALSE(object.has("absent"));
  object.finish();
}

TEST(JsonObject, UnknownAndMissingKeys) {
  const json root = parse(R"({"train": {"learning_rat": 1e-4, "batch": 8}, "zzz": 1})");
  JsonObject object(root, "c.json", ExitCode::usage);
  JsonObject train = object.object("train");
  train.number("learning_rate", 0, 1, 1e-3);
  EXPECT_EQ(error_of([&] { train.finish(); }), "c.json: train.batch: unknown key (allowed: learning_rate)");
  train.integer("batch", 1, 64);
  EXPECT_EQ(error_of([&] { train.finish(); }),
            "c.json: train.learning_rat: unknown key; did you mean \"learning_rate\"?");
  JsonObject again = object.object("train");
  EXPECT_EQ(error_of([&] { again.number("learning_rate", 0, 1); }),
            "c.json: train.learning_rate: missing (found \"learning_rat\")");
  EXPECT_EQ(error_of([&] { again.number("epochs", 0, 1); }), "c.json: train.epochs: missing");
  EXPECT_EQ(error_of([&] { object.finish(); }), "c.json: zzz: unknown key (allowed: train)");
  const json escape = parse("{\"a\\u001b\\n\": 1}");
  EXPECT_EQ(error_of([&] { JsonObject(escape, "c.json", ExitCode::usage).finish(); }),
            "c.json: a\\x1b\\x0a: unknown key (allowed: none)");
}

TEST(JsonObject, TheTopMustBeAnObject) {
  const json root = parse("[1]");
  EXPECT_EQ(error_of([&] { JsonObject(root, "c.json", ExitCode::bad_weights); }, ExitCode::bad_weights),
            "c.json: found an array, allowed: an object {...}");
}

}  // namespace
}  // namespace duhdr
