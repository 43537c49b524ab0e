// SPDX-License-Identifier: Apache-2.0
#include "base/html.h"

#include <openssl/evp.h>

#include <algorithm>

#include "base/error.h"

namespace duhdr {
namespace {

constexpr std::string_view policy =
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'";

constexpr std::string_view common_style = R"(
:root{color-scheme:light dark;--ink:#1c2024;--paper:#fff;--panel:#f6f8fa;--line:#d5dae0;--note:#59636e;--accent:#1f6feb;
--good:#1a7f37;--bad:#b42318}
@media screen and (prefers-color-scheme:dark){:root{--ink:#e6e8eb;--paper:#15181c;--panel:#1c2127;--line:#39414a;
--note:#9aa5b1;--accent:#6cb0ff;--good:#4cc26b;--bad:#ff8378}}
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:1180px;padding:0 1rem;color:var(--ink);
background:var(--paper)}
h1{margin:0}h2{margin:2rem 0 .5rem;border-bottom:1px solid var(--line)}h3{margin:.2rem 0}
table{border-collapse:collapse}td,th{padding:.25rem .8rem .25rem 0;text-align:right}
th:first-child,td:first-child{text-align:left}
.good{color:var(--good)}.bad{color:var(--bad)}.note{color:var(--note)}
)";

}  // namespace

std::string html(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else if (c == '\'')
      out += "&#39;";
    else
      out += c;
  }
  return out;
}

std::string base64(std::span<const std::byte> bytes) {
  constexpr std::size_t part = 3 << 20;  // the encoder counts in int; parts of whole triples have no padding between
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');  // and the encoder's NUL
  std::size_t written = 0;
  for (std::size_t first = 0; first < bytes.size(); first += part) {
    const std::size_t count = std::min(part, bytes.size() - first);
    written += static_cast<std::size_t>(EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data() + written),
                                                        reinterpret_cast<const unsigned char*>(bytes.data() + first),
                                                        static_cast<int>(count)));
  }
  DUHDR_CHECK(written + 1 == out.size(), written, " digits for ", bytes.size(), " bytes");
  out.pop_back();
  return out;
}

std::string html_begin(std::string_view title, std::string_view style) {
  std::string page = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">";
  page += "<meta http-equiv=\"Content-Security-Policy\" content=\"";
  page += policy;
  page += "\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>";
  page += html(title);
  page += "</title><style>";
  page += common_style;
  page += style;
  page += "</style></head>\n<body>";
  return page;
}

std::string html_page(std::string_view title, std::string_view style, std::string_view body) {
  std::string page = html_begin(title, style);
  page += body;
  page += html_end;
  return page;
}

}  // namespace duhdr
