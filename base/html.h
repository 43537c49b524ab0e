// SPDX-License-Identifier: Apache-2.0
// Pages of HTML that are one file: they need no other one, and their policy lets no request out.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace duhdr {

/// Text for HTML, also within an attribute's quotes: & < > " ' become entities.
std::string html(std::string_view text);

/// RFC 4648, one line.
std::string base64(std::span<const std::byte> bytes);

/// A whole page; `title` is text, `style` is CSS that follows the common one, `body` is HTML. The common style has the
/// colours of the light and the dark scheme as variables.
std::string html_page(std::string_view title, std::string_view style, std::string_view body);

/// What stands before and after the body, of pages that are written in pieces.
std::string html_begin(std::string_view title, std::string_view style);
inline constexpr std::string_view html_end = "</body></html>\n";

}  // namespace duhdr
