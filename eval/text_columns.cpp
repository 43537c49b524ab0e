// SPDX-License-Identifier: Apache-2.0
#include "eval/text_columns.h"

#include <algorithm>

namespace duhdr {
namespace {

constexpr std::size_t gap = 3;  // spaces between columns

/// Characters of UTF-8 text.
std::size_t length(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::size_t width_of(const TextColumn& column) {
  std::size_t most = 0;
  for (const std::string& cell : column) most = std::max(most, length(cell));
  return most;
}

std::string laid_out(const std::vector<TextColumn>& columns) {
  std::string out;
  for (std::size_t i = 0; i < columns[0].size(); ++i) {
    std::string line;
    for (const TextColumn& column : columns) {
      if (&column != &columns[0]) line.append(gap, ' ');
      line += column[i];
      line.append(width_of(column) - length(column[i]), ' ');
    }
    out += line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
  }
  return out;
}

}  // namespace

std::string in_columns(const std::vector<TextColumn>& columns, std::size_t width) {
  std::string out;
  for (std::size_t next = 1; next < columns.size();) {
    std::vector<TextColumn> block{columns[0]};
    std::size_t used = width_of(columns[0]);
    do {
      used += gap + width_of(columns[next]);
      block.push_back(columns[next++]);
    } while (next < columns.size() && used + gap + width_of(columns[next]) <= width);
    if (!out.empty()) out += '\n';
    out += laid_out(block);
  }
  return out;
}

}  // namespace duhdr
