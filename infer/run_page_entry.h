// SPDX-License-Identifier: Apache-2.0
// One picture on the page of a run, as HTML.
#pragma once

#include <cstddef>
#include <string>

#include "infer/job_run.h"

namespace duhdr {

/// "a.jpg", safe for HTML.
std::string name_on_page(const JobReport& report);

/// log2 of the largest value over the clip level: "+5.3 stops".
std::string stops_above_clip(const JobReport& report);

/// The picture with its sliders, what is known of it, and its histogram. `number` names its elements; without copies
/// there is no picture.
std::string page_entry(const JobReport& report, std::size_t number);

/// What the page's script needs of the picture: its light. Empty without copies.
std::string page_entry_data(const JobReport& report, std::size_t number);

/// Where and how much is in the picture at what luminance, as SVG.
std::string histogram_svg(const LightHistogram& before, const LightHistogram& after);

}  // namespace duhdr
