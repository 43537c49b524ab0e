// SPDX-License-Identifier: Apache-2.0
// A reader of PNG files that shares nothing with the writer but zlib: chunks with their checksums, and the samples of
// pictures that are not interlaced. Throws std::runtime_error on anything that PNG does not allow.
#pragma once

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/image_files.h"

namespace duhdr::files {

class PngReader {
 public:
  std::vector<std::pair<std::string, std::string>> chunks;  // name and data, in the file's order
  std::size_t width = 0, height = 0;
  int depth = 0, colour_type = 0;

  explicit PngReader(const Bytes& file) : text_(reinterpret_cast<const char*>(file.data()), file.size()) {
    require(text_.starts_with("\x89PNG\r\n\x1A\n"), "signature");
    for (std::size_t at = 8; at < text_.size();) {
      const std::size_t length = number(text_, at, 4);
      require(at + 12 + length <= text_.size(), "length");
      const std::string body = text_.substr(at + 4, 4 + length);
      const auto sum = crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()));
      require(number(text_, at + 8 + length, 4) == sum, "checksum");
      chunks.emplace_back(body.substr(0, 4), body.substr(4));
      at += 12 + length;
    }
    require(!chunks.empty() && chunks.front().first == "IHDR" && chunks.back().first == "IEND", "first and last chunk");
    const std::string& header = chunks.front().second;
    width = number(header, 0, 4);
    height = number(header, 4, 4);
    depth = static_cast<int>(number(header, 8, 1));
    colour_type = static_cast<int>(number(header, 9, 1));
    require(number(header, 10, 3) == 0, "deflate, no interlacing");
  }

  static std::size_t number(const std::string& data, std::size_t at, int count) {
    std::size_t value = 0;
    for (int i = 0; i < count; ++i)
      value = value * 256 + static_cast<unsigned char>(data.at(at + static_cast<std::size_t>(i)));
    return value;
  }

  /// Index of the only chunk of that name; chunks.size() when there is none.
  std::size_t index(const std::string& name) const {
    std::size_t found = chunks.size();
    for (std::size_t i = 0; i < chunks.size(); ++i) {
      if (chunks[i].first != name) continue;
      require(found == chunks.size() || name == "IDAT", "a chunk twice");
      found = std::min(found, i);
    }
    return found;
  }
  bool has(const std::string& name) const { return index(name) < chunks.size(); }
  const std::string& data(const std::string& name) const { return chunks.at(index(name)).second; }

  /// R G B codes of 16 bits.
  std::vector<int> codes16() const {
    require(depth == 16 && colour_type == 2, "R G B of 16 bits");
    constexpr std::size_t pixel = 6;
    const std::size_t row = width * pixel;
    std::string packed, raw((row + 1) * height, '\0');
    for (const auto& [name, part] : chunks)
      if (name == "IDAT") packed += part;
    uLongf length = static_cast<uLongf>(raw.size());
    require(uncompress(reinterpret_cast<Bytef*>(raw.data()), &length, reinterpret_cast<const Bytef*>(packed.data()),
                       static_cast<uLong>(packed.size())) == Z_OK &&
                length == raw.size(),
            "picture data");
    std::vector<int> above(row), line(row), codes;
    for (std::size_t y = 0; y < height; ++y) {
      const int filter = raw[y * (row + 1)];
      for (std::size_t i = 0; i < row; ++i) {
        const int left = i < pixel ? 0 : line[i - pixel], up = above[i], corner = i < pixel ? 0 : above[i - pixel];
        line[i] = (static_cast<unsigned char>(raw[y * (row + 1) + 1 + i]) + predicted(filter, left, up, corner)) & 255;
      }
      for (std::size_t i = 0; i < row; i += 2) codes.push_back(line[i] * 256 + line[i + 1]);
      above = line;
    }
    return codes;
  }

 private:
  static void require(bool condition, const char* what) {
    if (!condition) throw std::runtime_error(std::string("PNG: ") + what);
  }
  static int predicted(int filter, int left, int up, int corner) {
    const int estimate = left + up - corner;
    const int to_left = std::abs(estimate - left), to_up = std::abs(estimate - up),
              to_corner = std::abs(estimate - corner);
    switch (filter) {
      case 0:
        return 0;
      case 1:
        return left;
      case 2:
        return up;
      case 3:
        return (left + up) / 2;
      case 4:
        return to_left <= to_up && to_left <= to_corner ? left : to_up <= to_corner ? up : corner;
      default:
        throw std::runtime_error("PNG: filter");
    }
  }

  std::string text_;
};

}  // namespace duhdr::files
