// SPDX-License-Identifier: Apache-2.0
#include "eval/csv.h"

namespace duhdr {
namespace {

std::string field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += c;
    out += c;
  }
  return out + '"';
}

}  // namespace

std::string csv_row(const std::vector<std::string>& fields) {
  std::string out;
  for (const std::string& text : fields) {
    if (&text != &fields[0]) out += ',';
    out += field(text);
  }
  return out += "\r\n";
}

}  // namespace duhdr
