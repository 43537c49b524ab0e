// SPDX-License-Identifier: Apache-2.0
// The text files of this folder, compiled in (duhdr_embed of cmake/DuhdrLibraries.cmake).
#pragma once

#include <string_view>

namespace duhdr::embedded {

extern const std::string_view run_page_css, run_page_js;

}  // namespace duhdr::embedded
