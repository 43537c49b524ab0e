// SPDX-License-Identifier: Apache-2.0
#include "infer/run_page_entry.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>

#include "base/html.h"

namespace duhdr {
namespace {

namespace fs = std::filesystem;

std::string fact(std::string_view name, const std::string& value_html) {
  return value_html.empty() ? "" : fmt::format("<dt>{}</dt><dd>{}</dd>", name, value_html);
}

std::string files(const std::vector<fs::path>& paths) {
  std::string out;
  for (const fs::path& path : paths) out += (out.empty() ? "" : "<br>") + html(shown(path));
  return out;
}

std::string facts(const JobReport& report) {
  const std::string computed =
      report.tiles > 0 ? fmt::format(" ({} of {} squares of 64 pixels)", report.computed, report.tiles) : "";
  return "<dl class=\"facts\">" + fact("Photograph", html(shown(report.job.input))) +
         fact("Written", files(report.written)) +
         fact("Size", fmt::format("{} &times; {} pixels", report.width, report.height)) +
         fact("Clipped", fmt::format("{:.2f} % of the photograph{}", 100 * report.clipped, computed)) +
         fact("Brightest",
              fmt::format("{:.4g}, {} above the clip level", report.values.maximum, stops_above_clip(report))) +
         fact("Median, 99 %", fmt::format("{:.3g}, {:.3g}", report.values.median, report.values.p99)) +
         fact("Time", fmt::format("{:.2f} s: read {:.2f}, compute {:.2f}, write {:.2f}",
                                  report.load_s + report.infer_s + report.save_s, report.load_s, report.infer_s,
                                  report.save_s)) +
         fact("Memory", fmt::format("{} MiB of tensors at most", report.peak_memory >> 20)) +
         fact("SHA-256", "<span class=\"hash\">" + html(report.sha256) + "</span>") + "</dl>";
}

std::string warnings(const JobReport& report) {
  if (report.warnings.empty()) return "";
  std::string out = "<div class=\"callout\"><h4>Warnings</h4><ul>";
  for (const std::string& warning : report.warnings) out += "<li>" + html(warning) + "</li>";
  return out + "</ul></div>";
}

/// Where the slider of the exposure begins: the brightest light is just white. Without light above the clip level,
/// where the photograph is what it was.
double first_exposure(const PageCopies& copies) { return -std::clamp(std::round(4 * copies.dazzle) / 4, 0.0, 8.0); }

std::string stage(const PageCopies& copies, const std::string& name) {
  const double aspect = static_cast<double>(copies.width) / static_cast<double>(copies.height);
  constexpr int largest_zoom = 3;  // of copies that a page of many pictures has
  return fmt::format(
      "<div class=\"stage\" style=\"aspect-ratio:{0}/{1};max-width:min(64rem,{2}px,80vh*{3:.4f});--divide:50%\">"
      "<img src=\"data:image/jpeg;base64,{4}\" width=\"{0}\" height=\"{1}\" decoding=\"async\" alt=\"Photograph "
      "{5}\"><canvas class=\"left\" role=\"img\" aria-label=\"Photograph {5} at the chosen exposure\"></canvas><canvas "
      "class=\"right\" role=\"img\" aria-label=\"Result of {5} at the chosen exposure\"></canvas><canvas "
      "class=\"invented\" role=\"img\" aria-label=\"Where light of {5} was invented, and how much\" hidden></canvas>"
      "<div class=\"line needs-script\"></div><span class=\"tag l\">photograph</span><span class=\"tag r "
      "needs-script\">result</span></div>",
      copies.width, copies.height, std::max<std::int64_t>(480, largest_zoom * copies.width), aspect,
      base64(copies.photograph), name);
}

std::string controls(const PageCopies& copies, const std::string& name) {
  const double ev = first_exposure(copies);
  return fmt::format(
      "<div class=\"controls needs-script no-print\"><label class=\"wide\">Photograph and result<input type=\"range\" "
      "class=\"divider\" min=\"0\" max=\"100\" step=\"0.5\" value=\"50\" aria-label=\"Divider between photograph and "
      "result of {0}\"></label><label class=\"wide\"><span>Exposure <output>{1:+.2f} EV</output></span><input "
      "type=\"range\" class=\"exposure\" min=\"-12\" max=\"4\" step=\"0.25\" value=\"{1}\" aria-label=\"Exposure of "
      "{0}\"></label><label class=\"check\"><input type=\"checkbox\" class=\"overlay\">Invented light</label><button "
      "type=\"button\" class=\"plain zero\">0 EV</button><button type=\"button\" class=\"plain reset\">Reset</button>"
      "</div><div class=\"legend invented-legend\" hidden><div></div><ol aria-label=\"stops that the result is above "
      "the "
      "photograph\"><li>0</li><li>2</li><li>4</li><li>6</li><li>&ge; {2} stops above the photograph</li></ol></div>",
      name, ev, PageCopies::most_stops);
}

}  // namespace

std::string name_on_page(const JobReport& report) { return html(shown(report.job.input.filename())); }

std::string stops_above_clip(const JobReport& report) {
  const double stops = std::log2(std::max(report.values.maximum / report.clip_level, 0x1p-24));
  return fmt::format("{:+.1f} stops", stops);
}

std::string page_entry(const JobReport& report, std::size_t number) {
  const std::string name = name_on_page(report);
  std::string out = fmt::format("<article id=\"picture-{}\"", number);
  if (report.copies)
    out += fmt::format(" class=\"shown\" data-width=\"{}\" data-height=\"{}\" data-clip=\"{}\" data-ev=\"{}\"",
                       report.copies->width, report.copies->height, report.clip_level, first_exposure(*report.copies));
  out += "><h3>" + name + "</h3>";
  if (report.copies) out += stage(*report.copies, name) + controls(*report.copies, name);
  out += "<div class=\"about\"><div>" + facts(report) + warnings(report) + "</div>";
  if (report.copies) out += histogram_svg(report.copies->before, report.copies->after);
  return out + "</div></article>\n";
}

std::string page_entry_data(const JobReport& report, std::size_t number) {
  if (!report.copies) return "";
  return fmt::format(
      "<script type=\"text/plain\" id=\"light-{0}\">{1}</script>\n<script type=\"text/plain\" "
      "id=\"invented-{0}\">{2}</script>\n",
      number, base64(report.copies->light), base64(report.copies->invented));
}

}  // namespace duhdr
