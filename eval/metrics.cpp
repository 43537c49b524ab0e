// SPDX-License-Identifier: Apache-2.0
#include "eval/metrics.h"

#include <algorithm>

#include "base/nearest.h"
#include "metrics/delta_e_itp.h"
#include "metrics/hdr_vdp3.h"
#include "metrics/highlights.h"
#include "metrics/log_rmse.h"
#include "metrics/psnr.h"
#include "metrics/ssim.h"

namespace duhdr {
namespace {

using Value = std::optional<double>;

/// The program itself is asked once for both of its numbers.
const HdrVdp3& vdp(Compared& c) {
  if (!c.vdp) c.vdp = hdr_vdp3(c.shown.display, c.shown.reference_display, {.visibility = c.wants_visibility});
  return *c.vdp;
}

LogRmse log_rmse(const Compared& c, double floor) {
  LogRmse rmse(floor);
  rmse.add(c.shown.light, c.shown.reference_light, c.clipped);
  return rmse;
}

constexpr double photograph_floor = 1.0 / 255, light_floor = 1e-5;

Value log_rmse_clipped(Compared& c) {
  const LogRmse rmse = log_rmse(c, light_floor);
  return rmse.clipped_pixels() > 0 ? Value(rmse.clipped()) : std::nullopt;
}

Value log_rmse_unclipped(Compared& c) {
  const LogRmse rmse = log_rmse(c, light_floor);
  return rmse.clipped_pixels() < rmse.pixels() ? Value(rmse.unclipped()) : std::nullopt;
}

Value energy(Compared& c) {
  const auto found = highlights(c.shown.light, c.shown.reference_light, c.clipped);
  return found ? Value(found->energy) : std::nullopt;
}

Value absolute_energy(Compared& c) {
  const Value signed_energy = energy(c);
  return signed_energy ? Value(std::abs(*signed_energy)) : std::nullopt;
}

Value structure(Compared& c) {
  const auto found = highlights(c.shown.light, c.shown.reference_light, c.clipped);
  return found ? Value(found->structure) : std::nullopt;
}

Value ms_ssim_where_large_enough(Compared& c) {
  const Shape& shape = c.shown.display.shape();
  if (std::min(shape.h(), shape.w()) < least_ms_ssim_side) return std::nullopt;
  return pu21_ms_ssim(c.shown.display, c.shown.reference_display);
}

constexpr const char* clipped_pixels = "clipped pixels";
constexpr Better higher = Better::higher, lower = Better::lower;

}  // namespace

const std::vector<Metric>& metrics() {
  static const std::vector<Metric> rows{
      {{"vdp3-q", "HDR-VDP-3 Q", "", "Quality by HDR-VDP-3.0.7, 10 = identical; nearly blind to exposure.", higher},
       [](Compared& c) -> Value { return vdp(c).q; }},
      {{"vdp3-jod", "HDR-VDP-3 Q_JOD", "JOD", "The same in just objectionable differences below 10.", higher},
       [](Compared& c) -> Value { return vdp(c).q_jod; }},
      {{"pu21-psnr", "PU21-PSNR", "dB", "PSNR of perceptually uniform R, G and B, peak 256.", higher},
       [](Compared& c) -> Value { return pu21_psnr(c.shown.display, c.shown.reference_display); }},
      {{"pu21-psnr-y", "PU21-PSNR-Y", "dB", "The same of the luminance.", higher},
       [](Compared& c) -> Value { return pu21_psnr_y(c.shown.display, c.shown.reference_display); }},
      {{"pu21-ssim", "PU21-SSIM", "", "SSIM of the perceptually uniform luminance, range 256.", higher},
       [](Compared& c) -> Value { return pu21_ssim(c.shown.display, c.shown.reference_display); }},
      {{"pu21-ms-ssim", "PU21-MS-SSIM", "", "MS-SSIM of the same.", higher,
        message("sides of at least ", least_ms_ssim_side, " pixels")},
       ms_ssim_where_large_enough},
      {{"mu-psnr", "mu-PSNR", "dB",
        "PSNR after the mu-law with mu = 5000, both divided by the reference's largest value.", higher},
       [](Compared& c) -> Value { return mu_law_psnr(c.shown.light, c.shown.reference_light); }},
      {{"delta-e-itp", "Delta E ITP", "", "Mean difference of colours by BT.2124, 1 is just noticeable.", lower},
       [](Compared& c) -> Value { return delta_e_itp(c.shown.display, c.shown.reference_display); }},
      {{"log-rmse", "log-RMSE", "decades", "RMSE of log10 over all channel values, floor 1e-5 of the clip level.",
        lower},
       [](Compared& c) -> Value { return log_rmse(c, light_floor).all(); }},
      {{"log-rmse-255", "log-RMSE, 1/255", "decades", "The same with the floor 1/255 of the clip level.", lower},
       [](Compared& c) -> Value { return log_rmse(c, photograph_floor).all(); }},
      {{"log-rmse-clipped", "log-RMSE clipped", "decades", "log-RMSE over clipped pixels.", lower, clipped_pixels},
       log_rmse_clipped},
      {{"log-rmse-unclipped", "log-RMSE unclipped", "decades", "log-RMSE over the other pixels.", lower,
        "unclipped pixels"},
       log_rmse_unclipped},
      {{"log-rmse-offset", "log-RMSE, gain free", "decades",
        "log-RMSE after the mean difference was taken off, floor 1/255.", lower},
       [](Compared& c) -> Value { return log_rmse(c, photograph_floor).without_offset(); }},
      {{"energy", "Highlight energy", "stops",
        "log2 of the estimate's luminance sum over clipped pixels by the true one; a constant gain moves it.",
        Better::nearer_to_zero, clipped_pixels},
       energy},
      {{"energy-abs", "|Highlight energy|", "stops", "Its absolute value, picture by picture.", lower, clipped_pixels},
       absolute_energy},
      {{"structure", "Highlight structure", "decades",
        "Standard deviation of log10 of estimated by true luminance over clipped pixels; no constant gain moves it.",
        lower, clipped_pixels},
       structure}};
  return rows;
}

std::vector<const Metric*> metrics_of(const std::string& list) {
  std::vector<const Metric*> chosen;
  std::vector<std::string> names;
  for (const Metric& metric : metrics()) {
    names.push_back(metric.column.name);
    if (list.empty()) chosen.push_back(&metric);
  }
  if (!chosen.empty()) return chosen;
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    const std::string name = list.substr(begin, end - begin);
    begin = end + 1;
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
      const auto similar = nearest(name, names);
      throw Error(ExitCode::usage,
                  message("metric ", escaped(name), " is unknown",
                          similar ? "; did you mean " + *similar + "?" : "; --list-metrics names all"));
    }
    const Metric* metric = &metrics()[static_cast<std::size_t>(found - names.begin())];
    if (std::find(chosen.begin(), chosen.end(), metric) == chosen.end()) chosen.push_back(metric);
  }
  return chosen;
}

}  // namespace duhdr
