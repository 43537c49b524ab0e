// SPDX-License-Identifier: Apache-2.0
// The reports of an evaluation: what stands in all of them, what never may, and that names from outside stay text.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "eval/report_csv.h"
#include "eval/report_html.h"
#include "eval/report_json.h"
#include "eval/report_markdown.h"
#include "eval/report_table.h"
#include "eval/report_text.h"

namespace duhdr {
namespace {

using Json = nlohmann::json;

constexpr double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
const std::string hostile = "a</script><script>alert(1)</script>,\"<img src=x onerror='alert(2)'>\x1b[31m\r\n& b";

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++found;
  return found;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

PairResult result(const std::string& pair, std::map<std::string, double> values) {
  return {pair, "", std::move(values), {}};
}

/// Three pairs, the last of them refused by all; "energy" is undefined on the second.
Evaluation sample() {
  Evaluation evaluation;
  evaluation.protocol = "si-hdr";
  evaluation.protocol_definition = "Camera response corrected, scale fitted on unclipped pixels.";
  evaluation.set_name = "pairs";
  evaluation.set_sha256 = std::string(64, 'a');
  evaluation.version = "0.1.0";
  evaluation.metrics = {{"psnr", "PSNR", "dB", "Peak signal over noise.", Better::higher},
                        {"rmse", "log-RMSE", "", "Root mean square of log10.", Better::lower},
                        {"energy", "Energy", "stops", "Of highlights.", Better::nearer_to_zero}};
  evaluation.pairs = {"square", "gym", "tree"};
  evaluation.methods = {
      {"lite",
       "the trained model",
       {result("square", {{"psnr", 0.1 + 0.2}, {"rmse", 1e-300}, {"energy", -0.5}}),
        result("gym", {{"psnr", 40}, {"rmse", 1.0 / 3}}),
        {"tree", "shifted by 3 pixels", {{"psnr", 987.654321}}, {}}},
       {{"psnr", {20.15, 0.3, 40, 2}}, {"rmse", {0.1667, 0, 0.3333, 2}}, {"energy", {-0.5, -0.5, -0.5, 1}}},
       12.25},
      {"akyuz",
       "expansion",
       {result("square", {{"psnr", 20}, {"rmse", 0.5}, {"energy", 0.75}}),
        result("gym", {{"psnr", 21}, {"rmse", 0.25}}),
        {"tree", "shifted by 3 pixels", {}, {}}},
       {{"psnr", {20.5, 20, 21, 2}}, {"rmse", {0.375, 0.25, 0.5, 2}}, {"energy", {0.75, 0.75, 0.75, 1}}},
       3.5}};
  evaluation.comparisons = {{"psnr", "lite", "akyuz", -0.35, -19.7, 19, 0.5, 2}};
  evaluation.remarks = {"akyuz: gains energy without structure"};
  return evaluation;
}

void add_pictures(Evaluation& evaluation, const std::string& pair) {
  PairPictures& pictures = evaluation.pictures[pair];
  pictures.photograph = Tensor::full({1, 400, 600, 3}, 0.5, DType::f32);
  pictures.reference = Tensor::full({1, 400, 600, 3}, 3, DType::f32);
  for (const MethodResult& method : evaluation.methods) {
    pictures.estimates[method.name] = Tensor::full({1, 400, 600, 3}, 2, DType::f32);
    pictures.errors[method.name] = Tensor::full({1, 400, 600, 1}, 0.3, DType::f32);
  }
}

/// Every report of an evaluation.
std::map<std::string, std::string> reports(const Evaluation& evaluation) {
  return {{"text", report_text(evaluation)},
          {"csv", report_csv(evaluation)},
          {"json", report_json(evaluation)},
          {"markdown", report_markdown(evaluation)},
          {"html", report_html(evaluation)}};
}

Json parsed(const std::string& text) {
  return parse_json(text, "report", ExitCode::internal, {.bytes = std::size_t{64} << 20});
}

/// The data of a page's script.
Json data_of(const std::string& page) {
  const std::string begin = "<script type=\"application/json\" id=\"data\">";
  const std::size_t first = page.find(begin) + begin.size();
  return parsed(page.substr(first, page.find("</script>", first) - first));
}

/// RFC 4180 by its grammar; anything else fails.
std::vector<std::vector<std::string>> rows_of(const std::string& csv) {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> row;
  for (std::size_t i = 0; i < csv.size();) {
    std::string field;
    if (csv[i] == '"') {
      for (++i; i < csv.size() && (csv[i] != '"' || csv.compare(i, 2, "\"\"") == 0); ++i) {
        if (csv[i] == '"') ++i;
        field += csv[i];
      }
      ++i;
    } else {
      while (i < csv.size() && csv[i] != ',' && csv[i] != '\r') field += csv[i++];
      EXPECT_EQ(field.find_first_of("\"\n"), std::string::npos) << field;
    }
    row.push_back(field);
    if (csv.compare(i, 2, "\r\n") == 0) {
      rows.push_back(std::move(row));
      row.clear();
      i += 2;
    } else if (csv.compare(i, 1, ",") == 0) {
      ++i;
    } else {
      ADD_FAILURE() << "at byte " << i << ": " << csv.substr(i, 20);
      return rows;
    }
  }
  EXPECT_TRUE(row.empty()) << "the last row does not end";
  return rows;
}

TEST(Report, NamesARefusedPairAndItsReasonInEveryForm) {
  for (const auto& [form, text] : reports(sample())) {
    EXPECT_TRUE(has(text, "tree")) << form;
    EXPECT_TRUE(has(text, "shifted by 3 pixels")) << form;
  }
  EXPECT_TRUE(
      has(report_text(sample()), "2 of 3 count; left out for every method:\n          tree: shifted by 3 pixels\n"));
  EXPECT_TRUE(has(report_html(sample()), "2 of 3 count"));
  EXPECT_TRUE(has(report_html(sample()), "Left out of every mean: 1 of 3 pairs"));
  EXPECT_EQ(parsed(report_json(sample()))["pairs_counted"], 2);
  Evaluation whole = sample();
  for (MethodResult& method : whole.methods) method.pairs[2].refusal = "";
  EXPECT_FALSE(has(report_html(whole), "Left out of every mean"));
  EXPECT_TRUE(has(report_text(whole), "3 of 3 count\n"));
}

TEST(Report, SaysWhoRefusesWhereMethodsDiffer) {
  Evaluation evaluation = sample();
  evaluation.methods[0].pairs[2].refusal = "holds NaN";
  evaluation.methods[0].pairs[1].refusal = "is black";
  const std::vector<Exclusion> found = exclusions(evaluation);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].pair, "gym");
  EXPECT_EQ(found[0].reason, "lite: is black");
  EXPECT_EQ(found[1].reason, "lite: holds NaN; akyuz: shifted by 3 pixels");
  evaluation.methods[0].pairs.pop_back();
  EXPECT_THROW(exclusions(evaluation), Error);
}

TEST(Report, HoldsProtocolSetVersionComparisonsAndRemarks) {
  for (const auto& [form, text] : reports(sample())) {
    EXPECT_TRUE(has(text, "si-hdr")) << form;
    if (form == "csv") continue;
    for (const char* part : {"Camera response corrected", "aaaaaaaa", "gains energy without structure"})
      EXPECT_TRUE(has(text, part)) << form << ": " << part;
  }
  const std::string text = report_text(sample());
  EXPECT_TRUE(has(text, "lite - akyuz    PSNR     -0.35   [-19.70, 19.00]   0.5000   2")) << text;
  EXPECT_TRUE(has(text, "12.2")) << text;
}

TEST(Report, SaysNothingOfTimeInFiles) {
  Evaluation slow = sample();
  slow.methods[0].seconds = 99999;
  EXPECT_EQ(report_csv(slow), report_csv(sample()));
  EXPECT_EQ(report_json(slow), report_json(sample()));
  EXPECT_EQ(report_html(slow), report_html(sample()));
}

TEST(Report, MarkdownHasTheMeansAndWhatDiffers) {
  Evaluation evaluation = sample();
  const std::string same = report_markdown(evaluation);
  EXPECT_TRUE(has(same, "2 of 3 pairs"));
  EXPECT_TRUE(has(same, "Left out: tree: shifted by 3 pixels"));
  EXPECT_TRUE(has(same, "| method | PSNR, dB; higher is better | log-RMSE; lower is better |"));
  EXPECT_TRUE(has(same, "| lite | 20.15 [0.30, 40.00] | **0.1667 [0.0000, 0.3333]** |"));
  EXPECT_FALSE(has(same, "Differences")) << "the interval holds 0";
  evaluation.comparisons[0] = {"psnr", "lite", "akyuz", -0.35, -0.6, -0.1, 0.04, 2};
  EXPECT_TRUE(has(report_markdown(evaluation), "| lite - akyuz | PSNR | -0.35 [-0.60, -0.10] | 0.0400 |"))
      << report_markdown(evaluation);
  evaluation.methods[0].name = "a|b\n<c>";
  EXPECT_TRUE(has(report_markdown(evaluation), "| a\\|b")) << "a name that would begin a cell";
  EXPECT_FALSE(has(report_markdown(evaluation), "<c>"));
}

TEST(Report, GivesTheSameBytesAgain) {
  Evaluation first = sample(), second = sample();
  add_pictures(first, "gym");
  add_pictures(second, "gym");
  EXPECT_TRUE(reports(first) == reports(second));
}

TEST(Report, ShowsWhatIsMissingAsMissing) {
  Evaluation evaluation = sample();
  evaluation.methods[0].summaries.erase("rmse");
  evaluation.methods[1].summaries["rmse"] = {nan, nan, nan, 2};
  evaluation.methods[1].summaries["energy"].pairs = 0;
  evaluation.methods[0].pairs[0].values.erase("rmse");
  evaluation.methods[0].pairs[1].values["rmse"] = nan;
  EXPECT_EQ(count(report_html(evaluation), "<td>-</td>"), 3u);
  EXPECT_EQ(count(report_html(sample()), "<td>-</td>"), 0u);
  const std::vector<std::vector<std::string>> rows = rows_of(report_csv(evaluation));
  for (std::size_t row = 1; row <= 3; ++row) EXPECT_EQ(rows[row][5], "") << row;  // rmse of lite
  const Json json = parsed(report_json(evaluation));
  for (const Json& pair : json["methods"][0]["pairs"]) EXPECT_FALSE(pair["values"].contains("rmse"));
  EXPECT_FALSE(json["methods"][0]["summaries"].contains("rmse"));
  EXPECT_FALSE(json["methods"][1]["summaries"].contains("energy"));
  const std::string text = report_text(evaluation);
  EXPECT_TRUE(has(text, "\nlite       20.15 [0.30, 40.00]    -                 ")) << text;
  EXPECT_TRUE(has(text, "\nakyuz    * 20.50 [20.00, 21.00]   -                 ")) << text;
  const Json data = data_of(report_html(evaluation));
  EXPECT_TRUE(data["methods"][0]["values"][0][1].is_null());
  EXPECT_TRUE(data["methods"][0]["values"][1][1].is_null());
  EXPECT_DOUBLE_EQ(data["methods"][1]["values"][0][1], 0.5);
  EXPECT_EQ(data["excluded"], Json({false, false, true}));
}

TEST(Report, SaysWhereAMeanIsOverFewerPairs) {
  EXPECT_TRUE(has(report_text(sample()), "-0.5000 [-0.5000, -0.5000] n=1")) << report_text(sample());
  EXPECT_EQ(count(report_text(sample()), "n="), 2u);
  EXPECT_EQ(count(report_html(sample()), "<small>1 pair</small>"), 2u);
}

TEST(Report, WrapsAWideTable) {
  const std::string wide = report_text(sample(), 1000), narrow = report_text(sample(), 60);
  const std::string least = report_text(sample(), 1);  // one metric at a time, whatever its width
  EXPECT_EQ(count(wide, "\nlite  "), 1u);
  EXPECT_EQ(count(narrow, "\nlite  "), 2u) << narrow;
  EXPECT_EQ(count(least, "\nlite  "), 4u) << least;
  EXPECT_EQ(count(narrow, "PSNR (dB)"), 1u);
}

TEST(Leaders, AreTheBestOfTheMeansOverTheMostPairs) {
  using Names = std::set<std::string>;
  Evaluation evaluation = sample();
  EXPECT_EQ(leaders(evaluation, evaluation.metrics[0]), Names{"akyuz"});
  EXPECT_EQ(leaders(evaluation, evaluation.metrics[1]), Names{"lite"});
  EXPECT_EQ(leaders(evaluation, evaluation.metrics[2]), Names{"lite"});  // -0.5 is nearer to zero than 0.75
  evaluation.methods[0].summaries["psnr"].mean = 20.5;
  EXPECT_EQ(leaders(evaluation, evaluation.metrics[0]), (Names{"lite", "akyuz"}));
  evaluation.methods[0].summaries["psnr"] = {99, 99, 99, 1};  // over fewer pairs
  EXPECT_EQ(leaders(evaluation, evaluation.metrics[0]), Names{});
  evaluation.methods.push_back(evaluation.methods[1]);
  evaluation.methods[2].name = "landis";
  evaluation.methods[2].summaries["psnr"].mean = inf;
  EXPECT_EQ(leaders(evaluation, evaluation.metrics[0]), Names{"landis"});
  evaluation.methods[2].summaries["psnr"].mean = nan;
  EXPECT_EQ(leaders(evaluation, evaluation.metrics[0]), Names{});
  EXPECT_TRUE(has(report_html(sample()), "<td data-key=\"20.5\" class=\"best\"><span class=\"number\">20.50</span>"));
}

TEST(Numbers, AreWrittenForPeopleAndForPrograms) {
  EXPECT_EQ(fixed(1.25, 3), "1.250");
  EXPECT_EQ(fixed(nan, 3), "-");
  EXPECT_EQ(fixed(-inf, 3), "-inf");
  EXPECT_EQ(fixed(1e300, 2), "1e+300");
  EXPECT_EQ(p_value(0.00001), "< 0.0001");
  EXPECT_EQ(p_value(0.0213), "0.0213");
  EXPECT_EQ(shortest(0.1), "0.1");
  for (const double value : {0.1 + 0.2, 1.0 / 3, 1e-300, -5e-324, 1.7976931348623157e308})
    EXPECT_EQ(std::strtod(shortest(value).c_str(), nullptr), value);
  Evaluation evaluation = sample();
  const auto decimals = [&](double mean) {
    for (MethodResult& method : evaluation.methods) method.summaries["psnr"].mean = mean;
    return decimals_of(evaluation, evaluation.metrics[0]);
  };
  EXPECT_EQ(decimals(43.21), 2);
  EXPECT_EQ(decimals(-9.87), 3);
  EXPECT_EQ(decimals(0.01), 4);
  EXPECT_EQ(decimals(123456), 0);
  EXPECT_EQ(decimals(inf), 4);
}

TEST(Csv, QuotesByRfc4180AndKeepsEveryBit) {
  Evaluation evaluation = sample();
  evaluation.methods[0].name = hostile;
  evaluation.methods[0].pairs[1].values["psnr"] = inf;
  const std::vector<std::vector<std::string>> rows = rows_of(report_csv(evaluation));
  ASSERT_EQ(rows.size(), 7u);
  EXPECT_EQ(rows[0], (std::vector<std::string>{"protocol", "method", "pair", "refusal", "psnr", "rmse", "energy"}));
  for (const auto& row : rows) EXPECT_EQ(row.size(), 7u);
  EXPECT_EQ(rows[1][1], hostile);
  EXPECT_EQ(std::strtod(rows[1][4].c_str(), nullptr), 0.1 + 0.2);
  EXPECT_EQ(std::strtod(rows[1][5].c_str(), nullptr), 1e-300);
  EXPECT_EQ(rows[2][4], "inf");
  EXPECT_EQ(rows[2][6], "");
  EXPECT_EQ(rows[3], (std::vector<std::string>{"si-hdr", hostile, "tree", "shifted by 3 pixels", "", "", ""}));
}

TEST(JsonReport, ReadsBackAsTheSameNumbers) {
  Evaluation evaluation = sample();
  evaluation.methods[1].pairs[0].values["psnr"] = -inf;
  evaluation.methods[1].pairs[0].warnings = {"two pixels were \"hot\""};
  const Json json = parsed(report_json(evaluation));
  const Json& lite = json["methods"][0];
  EXPECT_EQ(lite["pairs"][0]["values"]["psnr"].get<double>(), 0.1 + 0.2);
  EXPECT_EQ(lite["pairs"][0]["values"]["rmse"].get<double>(), 1e-300);
  EXPECT_EQ(lite["pairs"][1]["values"]["rmse"].get<double>(), 1.0 / 3);
  EXPECT_EQ(lite["pairs"][2]["refusal"], "shifted by 3 pixels");
  EXPECT_EQ(lite["summaries"]["psnr"], Json({{"mean", 20.15}, {"low", 0.3}, {"high", 40.0}, {"pairs", 2}}));
  EXPECT_EQ(json["methods"][1]["pairs"][0]["values"]["psnr"], "-inf");
  EXPECT_EQ(json["methods"][1]["pairs"][0]["warnings"][0], "two pixels were \"hot\"");
  EXPECT_EQ(json["metrics"][2]["better"], "nearer-to-zero");
  EXPECT_EQ(json["excluded"], Json::array({{{"pair", "tree"}, {"reason", "shifted by 3 pixels"}}}));
  EXPECT_EQ(json["comparisons"][0]["p"].get<double>(), 0.5);
  EXPECT_EQ(json["protocol"]["name"], "si-hdr");
  EXPECT_EQ(json["set"]["sha256"], std::string(64, 'a'));
}

TEST(Report, KeepsHostileNamesText) {
  Evaluation evaluation = sample();
  const std::string bad_utf8 = hostile + "\xff\xfe";
  evaluation.protocol = evaluation.protocol_definition = evaluation.set_name = evaluation.version = hostile;
  evaluation.set_sha256 = evaluation.remarks[0] = hostile;
  evaluation.pairs[1] = hostile;
  evaluation.methods[0].name = bad_utf8;
  for (MethodResult& method : evaluation.methods) {
    method.description = hostile;
    method.pairs[1].pair = hostile;
    method.pairs[1].warnings = {hostile};
    method.pairs[2].refusal = hostile;
  }
  for (std::string* text : {&evaluation.metrics[0].title, &evaluation.metrics[0].unit,
                            &evaluation.metrics[0].definition, &evaluation.metrics[0].name})
    *text = hostile;
  evaluation.comparisons[0] = {hostile, bad_utf8, hostile, 1, 0, 2, 0.5, 1};
  add_pictures(evaluation, hostile);
  const std::string page = report_html(evaluation);
  EXPECT_EQ(count(page, "</script>"), 2u);  // of the data and of the page's own script
  EXPECT_EQ(count(page, "<script"), 2u);
  EXPECT_EQ(count(page, "<img"), 0u);
  EXPECT_EQ(count(page, "onerror='"), count(page, "u003cimg src=x onerror='"));  // within the JSON alone
  const Json data = data_of(page);
  EXPECT_EQ(data["pair_names"][1], hostile);
  EXPECT_EQ(data["methods"][0]["name"], hostile + "\uFFFD\uFFFD");
  EXPECT_EQ(data["pairs"][0]["name"], hostile);
  EXPECT_EQ(parsed(report_json(evaluation))["pairs"][1], hostile);
  const std::string text = report_text(evaluation);
  EXPECT_EQ(text.find_first_of("\x1b\r"), std::string::npos);
  EXPECT_FALSE(has(text, "\xff"));
}

TEST(Page, HasATableThatSorts) {
  const std::string page = report_html(sample());
  EXPECT_EQ(count(page, "<button type=\"button\" class=\"sort\" data-first=\"descending\">PSNR (dB)"), 1u);
  EXPECT_EQ(count(page, "<button type=\"button\" class=\"sort\" data-first=\"ascending\">log-RMSE"), 1u);
  EXPECT_EQ(count(page, "<button type=\"button\" class=\"sort\" data-first=\"ascending\">Energy (stops)"), 1u);
  EXPECT_EQ(count(page, "aria-sort=\"none\""), count(page, "class=\"sort\""));
  for (const char* key : {"20.15", "0.1667", "0.375"}) EXPECT_TRUE(has(page, message("data-key=\"", key, '"'))) << key;
  EXPECT_FALSE(has(page, "data-key=\"-0.5\""));  // nearer to zero: sorted by distance
  EXPECT_TRUE(has(page, "data-key=\"0.5\" class=\"best\"><span class=\"number\">-0.5000</span>"));
}

TEST(Page, AsksForNothing) {
  Evaluation evaluation = sample();
  add_pictures(evaluation, "gym");
  const std::string page = report_html(evaluation);
  EXPECT_TRUE(has(page, "default-src 'none'"));
  for (const char* part : {"://", "src=\"", "href", "@import", "url(", "fetch(", "XMLHttpRequest", "<link", "<iframe"})
    EXPECT_FALSE(has(page, part)) << part;
}

TEST(Page, ShowsPicturesThatAreThere) {
  Evaluation evaluation = sample();
  EXPECT_TRUE(has(report_html(evaluation), "This evaluation has no pictures."));
  add_pictures(evaluation, "gym");
  add_pictures(evaluation, "tree");
  evaluation.pictures["gym"].estimates.erase("lite");
  evaluation.pictures["gym"].photograph = Tensor();
  const std::string page = report_html(evaluation);
  const Json data = data_of(page);
  ASSERT_EQ(data["pairs"].size(), 2u);
  EXPECT_EQ(data["pairs"][0]["index"], 1);
  EXPECT_TRUE(data["pairs"][0]["photograph"].is_null());
  EXPECT_TRUE(data["pairs"][0]["estimates"][0].is_null());
  EXPECT_EQ(data["pairs"][0]["estimates"][1]["width"], 480);
  EXPECT_EQ(data["pairs"][0]["errors"][1]["width"], 240);
  EXPECT_TRUE(data["pairs"][0]["visibility"][1].is_null());
  EXPECT_EQ(data["pairs"][1]["excluded"], "shifted by 3 pixels");
  EXPECT_TRUE(has(page, "tree (left out)"));
  EXPECT_TRUE(has(page, "id=\"errors-title\""));
  EXPECT_FALSE(has(page, "id=\"visibility-title\""));
}

}  // namespace
}  // namespace duhdr
