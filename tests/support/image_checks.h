// SPDX-License-Identifier: Apache-2.0
// What tests of reading pictures ask about one.
#pragma once

#include <algorithm>

#include "tests/support/image_files.h"

namespace duhdr::files {

inline Image read(const Bytes& bytes, const ReadLimits& limits = {}, std::string_view extension = {}) {
  return decode_image(bytes, "test", limits, extension);
}
inline float value(const Image& image, std::int64_t x, std::int64_t y, std::int64_t c) {
  return image.pixels.data<float>()[(y * image.width() + x) * 3 + c];
}
inline bool warns(const Image& image, std::string_view text) {
  return std::ranges::any_of(image.warnings, [&](const std::string& w) { return w.find(text) != std::string::npos; });
}
inline std::vector<float> pixels(const Image& image) { return image.pixels.to_vector<float>(); }

/// code / 255 of a picture, a grey one three times, alpha left out.
inline std::vector<float> expected(const Codes& codes) {
  std::vector<float> out;
  for (std::size_t i = 0; i < codes.data.size(); i += static_cast<std::size_t>(codes.channels))
    for (std::size_t c = 0; c < 3; ++c)
      out.push_back(static_cast<float>(codes.data[i + (codes.channels > 2 ? c : 0)]) / 255.0f);
  return out;
}

}  // namespace duhdr::files
