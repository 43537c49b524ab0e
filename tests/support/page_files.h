// SPDX-License-Identifier: Apache-2.0
// What a page of HTML holds: its blocks of data by their id.
#pragma once

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <string>

#include "base/file.h"
#include "tensor/tensor.h"

namespace duhdr::pages {

inline std::string text_of(const std::filesystem::path& path) {
  const Bytes bytes = read_file(path, std::uint64_t{1} << 30, ExitCode::internal);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++found;
  return found;
}

/// The bytes that a block <script type="text/plain" id="..."> holds in base64.
inline Bytes data_of(const std::string& page, const std::string& id) {
  const std::string begin = "<script type=\"text/plain\" id=\"" + id + "\">";
  const std::size_t first = page.find(begin);
  if (first == std::string::npos) {
    ADD_FAILURE() << "no data " << id;
    return {};
  }
  const std::size_t start = first + begin.size(), size = page.find("</script>", first) - start;
  Bytes bytes(size / 4 * 3);
  EXPECT_EQ(EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                            reinterpret_cast<const unsigned char*>(page.data() + start), static_cast<int>(size)),
            static_cast<int>(bytes.size()));
  for (std::size_t end = start + size; page[--end] == '=';) bytes.pop_back();
  return bytes;
}

/// Half floats, little endian, as f32 values.
inline std::vector<float> light_of(const Bytes& halves) {
  std::vector<float> light;
  for (std::size_t i = 0; i + 1 < halves.size(); i += 2) {
    f16 half;
    half.bits =
        static_cast<std::uint16_t>(static_cast<unsigned>(halves[i]) | static_cast<unsigned>(halves[i + 1]) << 8);
    light.push_back(half);
  }
  return light;
}

}  // namespace duhdr::pages
