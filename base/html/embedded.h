// SPDX-License-Identifier: Apache-2.0
// The text files of this folder, compiled in (duhdr_embed of cmake/DuhdrLibraries.cmake): style and script that pages
// with pictures share. The style goes before a page's own; the script makes the object `pictures` and goes first.
#pragma once

#include <string_view>

namespace duhdr::embedded {

extern const std::string_view pictures_css, pictures_js;

}  // namespace duhdr::embedded
