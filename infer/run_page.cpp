// SPDX-License-Identifier: Apache-2.0
#include "infer/run_page.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <system_error>

#include "base/duration.h"
#include "base/html.h"
#include "base/html/embedded.h"
#include "infer/html/embedded.h"
#include "infer/run_page_entry.h"

namespace duhdr {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t largest_side = 1024, smallest_side = 128;
constexpr double bytes_of_page = 100e6, bytes_a_pixel = 10;  // halves, the photograph and the map, in base64
constexpr double usual_aspect = 2.0 / 3;
constexpr std::size_t most_pictures = 1000;  // with copies

fs::path page_in(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw Error(ExitCode::io, message(shown(folder), ": cannot be made (", error.message(), ")"));
  return folder / "report.html";
}

std::string sort_head(std::string_view title, std::string_view first) {
  return fmt::format(
      "<th scope=\"col\" aria-sort=\"none\"><button type=\"button\" class=\"sort\" data-first=\"{}\">{}<span "
      "class=\"arrow\" aria-hidden=\"true\"></span></button></th>",
      first, title);
}

std::string cell(double key, const std::string& text) {
  return fmt::format("<td data-key=\"{:.6g}\">{}</td>", key, text);
}

}  // namespace

RunPage::RunPage(const fs::path& folder, std::size_t pictures, Facts facts)
    : path_(page_in(folder)), file_(path_), facts_(std::move(facts)) {
  write(html_begin("duhdr-infer: " + std::to_string(pictures) + (pictures == 1 ? " picture" : " pictures"),
                   std::string(embedded::pictures_css) + std::string(embedded::run_page_css)));
}

std::int64_t RunPage::copy_side(std::size_t pictures) {
  const auto count = static_cast<double>(std::clamp<std::size_t>(pictures, 1, most_pictures));
  const double side = std::sqrt(bytes_of_page / (count * bytes_a_pixel * usual_aspect));
  return std::clamp(static_cast<std::int64_t>(side), smallest_side, largest_side);
}

void RunPage::write(const std::string& text) {
  if (failure_) return;
  try {
    file_.write(text);
  } catch (const Error&) {
    failure_ = std::current_exception();
  }
}

void RunPage::add(const JobReport& report) {
  const std::size_t number = ++number_;
  const std::string name = name_on_page(report);
  seconds_ += report.load_s + report.infer_s + report.save_s;
  if (!report.error.empty()) {
    ++failed_;
    failures_ += "<li>" + html(report.error) + "</li>";
    rows_ += "<tr><th scope=\"row\" data-key=\"" + name + "\">" + name +
             "</th><td class=\"bad\" colspan=\"4\">failed</td></tr>\n";
    return;
  }
  rows_ += fmt::format("<tr><th scope=\"row\" data-key=\"{0}\"><a href=\"#picture-{1}\">{0}</a></th>", name, number) +
           cell(static_cast<double>(report.width * report.height),
                fmt::format("{} &times; {}", report.width, report.height)) +
           cell(report.clipped, fmt::format("{:.2f} %", 100 * report.clipped)) +
           cell(report.values.maximum / report.clip_level, stops_above_clip(report)) +
           cell(report.load_s + report.infer_s + report.save_s,
                fmt::format("{:.2f} s", report.load_s + report.infer_s + report.save_s)) +
           "</tr>\n";
  JobReport known = report;
  if (number > most_pictures) known.copies.reset();
  write(page_entry_data(known, number));
  entries_ += page_entry(known, number);
}

std::string RunPage::head(std::size_t skipped) const {
  std::string out =
      "<header><h1>Photographs to light<small>a run of duhdr-infer " DUHDR_VERSION "</small></h1><dl class=\"facts\">";
  out += fmt::format("<dt>Pictures</dt><dd>{} written", number_ - failed_);
  if (failed_ > 0) out += fmt::format(", <b class=\"bad\">{} failed</b>", failed_);
  if (skipped > 0) out += fmt::format(", {} skipped (their outputs exist)", skipped);
  out += "</dd>";
  for (const auto& [name, value] : facts_) {
    const bool is_hash = value.size() == 64;
    out += "<dt>" + html(name) + "</dt><dd>" + (is_hash ? "<span class=\"hash\">" : "") + html(value) +
           (is_hash ? "</span>" : "") + "</dd>";
  }
  out += "<dt>Time</dt><dd>" + fmt::format("{:.1f} s in all", seconds_) + "</dd></dl>";
  if (!failures_.empty())
    out += fmt::format("<div class=\"callout excluded\"><h2>Failed: {} of {}</h2><ul>", failed_, number_) + failures_ +
           "</ul></div>";
  if (number_ > most_pictures)
    out += fmt::format("<div class=\"callout\">Pictures are shown of the first {} photographs.</div>", most_pictures);
  return out +
         "<noscript><p class=\"note\">Results, exposures and maps need JavaScript; the photographs and all numbers "
         "do not.</p></noscript></header>";
}

std::string RunPage::table() const {
  if (number_ < 2) return "";
  return "<section><h2>Overview</h2><div class=\"scroll tall\" role=\"region\" tabindex=\"0\" aria-label=\"Pictures of "
         "this "
         "run\"><table class=\"data overview\"><thead><tr>" +
         sort_head("Photograph", "ascending") + sort_head("Size", "descending") + sort_head("Clipped", "descending") +
         sort_head("Brightest", "descending") + sort_head("Time", "descending") + "</tr></thead><tbody>\n" + rows_ +
         "</tbody></table></div></section>";
}

fs::path RunPage::finish(std::size_t skipped) {
  write(
      head(skipped) + "<main>" + table() + "<section class=\"pictures\">" + (number_ > 1 ? "<h2>Pictures</h2>" : "") +
      "<p class=\"note\">Both sides are linear light times 2<sup>EV</sup>, clipped, as sRGB; at 0 EV the photograph is "
      "what it was, and 1.0 of the page is its clip level. Light is stored as half floats of copies reduced by "
      "area.</p>");
  write(entries_);
  write("</section></main><footer>This file is complete: it loads nothing and sends nothing.</footer><script>" +
        std::string(embedded::pictures_js) + std::string(embedded::run_page_js) + "</script>");
  write(std::string(html_end));
  if (failure_) std::rethrow_exception(failure_);
  file_.commit();
  return path_;
}

}  // namespace duhdr
