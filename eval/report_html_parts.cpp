// SPDX-License-Identifier: Apache-2.0
#include "eval/report_html_parts.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "base/html.h"
#include "eval/report_pictures.h"

namespace duhdr {
namespace {

using Json = nlohmann::ordered_json;
using Maps = std::map<std::string, Tensor>;

std::string option(const std::string& value, const std::string& text, bool selected) {
  return "<option value=\"" + html(value) + '"' + (selected ? " selected" : "") + '>' + html(text) + "</option>";
}

/// The methods as options; their value is their place.
std::string method_options(const Evaluation& evaluation, std::size_t selected) {
  std::string out;
  for (std::size_t i = 0; i < evaluation.methods.size(); ++i)
    out += option(message(i), evaluation.methods[i].name, i == selected);
  return out;
}

std::string select(const char* id, const char* label, const std::string& options, const char* name = "") {
  return message("<label class=\"", name, "\">", label, "<select id=\"", id, "\">", options, "</select></label>");
}

/// All maps of one kind; where an evaluation has none, it gets no colour scale either.
std::vector<Tensor> all_maps(const Evaluation& evaluation, Maps PairPictures::*kind) {
  std::vector<Tensor> maps;
  for (const auto& [pair, pictures] : evaluation.pictures)
    for (const auto& [method, map] : pictures.*kind) maps.push_back(map);
  return maps;
}

std::string maps_part(const Evaluation& evaluation, Maps PairPictures::*kind, const std::string& id,
                      const std::string& title) {
  const std::vector<Tensor> maps = all_maps(evaluation, kind);
  if (maps.empty()) return "";
  const double top = scale_top(maps);
  std::string ticks;
  for (const double share : {0.0, 0.25, 0.5, 0.75}) ticks += "<li>" + shortest(share * top) + "</li>";
  return "<div class=\"maps\" id=\"" + id + "\"><h3 id=\"" + id + "-title\">" + title + "</h3><figure id=\"" + id +
         "-left\"></figure><figure id=\"" + id +
         "-right\"></figure><div class=\"legend\"><div></div><ol aria-label=\"colour scale\">" + ticks + "<li>&ge; " +
         shortest(top) + "</li></ol></div></div>";
}

Json json_of(const CodedPicture& picture) {
  return {{"width", picture.width},
          {"height", picture.height},
          {"low", picture.low},
          {"high", picture.high},
          {"jpeg", picture.jpeg}};
}

/// By the method's place; null where it has no such picture.
Json by_method(const Evaluation& evaluation, const Maps& pictures, const auto& code) {
  Json out = Json::array();
  for (const MethodResult& method : evaluation.methods) {
    const auto found = pictures.find(method.name);
    out.push_back(found == pictures.end() || !found->second.defined() ? Json() : json_of(code(found->second)));
  }
  return out;
}

Json pictures_of_pairs(const Evaluation& evaluation, const std::map<std::string, std::string>& reasons) {
  const std::int64_t side = embedded_side(evaluation);
  const double error_top = scale_top(all_maps(evaluation, &PairPictures::errors));
  const double visibility_top = scale_top(all_maps(evaluation, &PairPictures::visibility));
  const auto light = [side](const Tensor& pixels) { return code_light(pixels, side); };
  Json out = Json::array();
  for (std::size_t i = 0; i < evaluation.pairs.size(); ++i) {
    const auto found = evaluation.pictures.find(evaluation.pairs[i]);
    if (found == evaluation.pictures.end()) continue;
    const PairPictures& pictures = found->second;
    const auto reason = reasons.find(found->first);
    out.push_back({
        {"index", i},
        {"name", found->first},
        {"excluded", reason == reasons.end() ? Json() : Json(reason->second)},
        {"photograph", pictures.photograph.defined() ? json_of(light(light_of_codes(pictures.photograph))) : Json()},
        {"reference", pictures.reference.defined() ? json_of(light(pictures.reference)) : Json()},
        {"estimates", by_method(evaluation, pictures.estimates, light)},
        {"errors",
         by_method(evaluation, pictures.errors, [&](const Tensor& map) { return code_map(map, error_top, side); })},
        {"visibility", by_method(evaluation, pictures.visibility,
                                 [&](const Tensor& map) { return code_map(map, visibility_top, side); })},
    });
  }
  return out;
}

Json values_of(const Evaluation& evaluation, const PairResult& result) {
  Json out = Json::array();
  for (const MetricColumn& metric : evaluation.metrics) {
    const double* value = value_of(result, metric.name);
    out.push_back(value == nullptr ? Json() : std::isinf(*value) ? Json(shortest(*value)) : Json(*value));
  }
  return out;
}

}  // namespace

std::string pictures_part(const Evaluation& evaluation) {
  std::string pairs;
  std::size_t place = 0;
  const std::vector<Exclusion> excluded = exclusions(evaluation);
  for (const std::string& pair : evaluation.pairs) {
    if (!evaluation.pictures.contains(pair)) continue;
    const bool counts =
        std::none_of(excluded.begin(), excluded.end(), [&](const auto& one) { return one.pair == pair; });
    pairs += option(message(place++), pair + (counts ? "" : " (left out)"), false);
  }
  if (pairs.empty()) return "<section><h2>Pictures</h2><p>This evaluation has no pictures.</p></section>";
  const bool has_methods = !evaluation.methods.empty();
  const auto sources = [&](bool left) {
    return option("photograph", "photograph", left && !has_methods) + option("reference", "reference", !left) +
           method_options(evaluation, left ? 0 : evaluation.methods.size());
  };
  return "<section id=\"viewer\"><h2>Pictures</h2><noscript><p>The pictures need JavaScript.</p></noscript><div "
         "class=\"needs-script\"><div class=\"controls\">" +
         select("pair", "Pair", pairs, "wide") +
         "<div class=\"steps\"><button type=\"button\" class=\"plain\" id=\"previous\">Previous</button><button "
         "type=\"button\" class=\"plain\" id=\"next\">Next</button></div>" +
         select("left", "Left", sources(true), "wide") + select("right", "Right", sources(false), "wide") +
         "</div><div class=\"stage\"><canvas class=\"left\" role=\"img\"></canvas><canvas class=\"right\" "
         "role=\"img\"></canvas><div class=\"line\"></div><span class=\"tag l\"></span><span class=\"tag r\"></span>"
         "</div><div class=\"controls\"><label class=\"wide\">Divider between left and right<input type=\"range\" "
         "id=\"divider\" min=\"0\" max=\"100\" step=\"0.5\" value=\"50\"></label><label class=\"wide\"><span>Exposure "
         "of both sides: <output id=\"ev\" for=\"exposure\">0.00 EV</output></span><input type=\"range\" "
         "id=\"exposure\" min=\"-8\" max=\"4\" step=\"0.25\" value=\"0\"></label><button type=\"button\" "
         "class=\"plain no-print\" id=\"reset\">Reset</button></div><ul class=\"note\" id=\"notes\"></ul><div "
         "class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Metrics of this pair\"><table class=\"data\" "
         "id=\"values\"></table></div>" +
         maps_part(evaluation, &PairPictures::errors, "errors", "Error in stops, |log2 estimate - log2 reference|") +
         maps_part(evaluation, &PairPictures::visibility, "visibility",
                   "Visibility of the difference by HDR-VDP-3, 0 = invisible") +
         "<p class=\"note\">Linear light times 2<sup>EV</sup>, as sRGB; 0 EV shows the photograph's clip level "
         "as "
         "white. Pictures are reduced by area in linear light and stored in steps of less than 0.1 stops: for the eye, "
         "not for measuring. A colour scale is the same for all pairs and methods.</p></div></section>";
}

std::string wins_part(const Evaluation& evaluation) {
  if (evaluation.methods.size() < 2 || evaluation.metrics.empty()) return "";
  std::string metrics;
  for (std::size_t i = 0; i < evaluation.metrics.size(); ++i)
    metrics += option(message(i), evaluation.metrics[i].title, i == 0);
  return "<section class=\"needs-script\"><h2>Wins and losses</h2><div class=\"controls\">" +
         select("method", "Method", method_options(evaluation, 0), "wide") +
         select("other", "Against", method_options(evaluation, 1), "wide") +
         select("metric", "Metric", metrics, "wide") +
         "</div><p id=\"tally\" aria-live=\"polite\"></p><div class=\"columns\"><div><h3>Largest wins</h3><ul "
         "class=\"bars\" id=\"wins\"></ul></div><div><h3>Largest losses</h3><ul class=\"bars\" id=\"losses\"></ul>"
         "</div></div></section>";
}

std::string page_data(const Evaluation& evaluation, const std::vector<Exclusion>& excluded) {
  std::map<std::string, std::string> reasons;
  for (const Exclusion& one : excluded) reasons[one.pair] = one.reason;
  Json metrics = Json::array(), methods = Json::array(), left_out = Json::array();
  for (const MetricColumn& metric : evaluation.metrics)
    metrics.push_back({{"title", metric.title},
                       {"unit", metric.unit},
                       {"better", name_of(metric.better)},
                       {"decimals", decimals_of(evaluation, metric)}});
  for (const MethodResult& method : evaluation.methods) {
    Json values = Json::array(), warnings = Json::array();
    for (const PairResult& result : method.pairs) {
      values.push_back(values_of(evaluation, result));
      warnings.push_back(result.warnings);
    }
    methods.push_back({{"name", method.name}, {"values", std::move(values)}, {"warnings", std::move(warnings)}});
  }
  for (const std::string& pair : evaluation.pairs) left_out.push_back(reasons.contains(pair));
  const Json data{{"metrics", std::move(metrics)},   {"pair_names", evaluation.pairs},
                  {"excluded", std::move(left_out)}, {"methods", std::move(methods)},
                  {"toe", std::exp2(toe_stop)},      {"pairs", pictures_of_pairs(evaluation, reasons)}};
  std::string out;
  for (const char c : data.dump(-1, ' ', false, Json::error_handler_t::replace)) {
    if (c == '<')
      out += "\\u003c";
    else
      out += c;
  }
  return out;
}

}  // namespace duhdr
