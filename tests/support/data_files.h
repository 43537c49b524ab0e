// SPDX-License-Identifier: Apache-2.0
// Folders of images made at test time for the tests of data sets.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>

#include "data/augment.h"
#include "data/dataset.h"
#include "image/encode.h"

namespace duhdr {

namespace fs = std::filesystem;

inline bool same_bits(const Tensor& a, const Tensor& b) {
  if (!a.defined() || !b.defined()) return a.defined() == b.defined();
  return a.shape() == b.shape() && a.dtype() == b.dtype() && std::memcmp(a.raw(), b.raw(), a.bytes()) == 0;
}

inline bool same(const Sample& a, const Sample& b) {
  return same_bits(a.ldr, b.ldr) && same_bits(a.hdr, b.hdr) && same_bits(a.encoded, b.encoded) &&
         same_bits(a.clipped, b.clipped) && same_bits(a.inverse_curve, b.inverse_curve) && a.weight == b.weight;
}

/// Every pixel and channel different, over six stops.
inline Tensor light(std::int64_t height, std::int64_t width, std::uint64_t key = 1, float scale = 1) {
  const Philox draws(key, 78);
  Tensor out({1, height, width, 3}, DType::f32);
  for (std::int64_t i = 0; i < out.numel(); ++i)
    out.mutable_data<float>()[i] =
        scale * static_cast<float>(std::exp2(6 * draws.uniform(static_cast<std::uint64_t>(i)) - 5));
  return out;
}

constexpr double gamma = 2.2;

/// The photograph of `radiance` by a camera of response x^(1/2.2) that clips at 1.
inline Tensor photograph_of(const Tensor& radiance, float exposure = 1) {
  Tensor out(radiance.shape(), DType::f32);
  for (std::int64_t i = 0; i < radiance.numel(); ++i)
    out.mutable_data<float>()[i] =
        static_cast<float>(std::pow(std::min(1.0f, exposure * radiance.data<float>()[i]), 1 / gamma));
  return codes_of(out);
}

class DataFolder : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = fs::temp_directory_path() / "duhdr-data-test-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder = name;
  }
  void TearDown() override { fs::remove_all(folder); }

  void write(const fs::path& name, const Bytes& bytes) const {
    fs::create_directories((folder / name).parent_path());
    write_file(folder / name, bytes);
  }
  void write(const fs::path& name, const std::string& text) const {
    const auto bytes = std::as_bytes(std::span(text));
    write(name, Bytes(bytes.begin(), bytes.end()));
  }
  void write_hdr(const fs::path& name, const Tensor& pixels) const { write(name, encode_pfm(pixels)); }
  void write_photo(const fs::path& name, const Tensor& codes) const { write(name, encode_png8(codes)); }

  /// `count` HDR images of 24 x 24.
  void write_many(int count) const {
    for (int i = 0; i < count; ++i)
      write_hdr(message("image", 1000 + i, ".pfm"), light(24, 24, static_cast<std::uint64_t>(i + 1)));
  }
  DataSource source(DataSource::Kind kind) const { return {kind, folder, 1}; }

  fs::path folder;
};

inline DataOptions small() {
  DataOptions options;
  options.patch = 16;
  options.validation_share = 0;
  for (int i = 0; i < 1024; ++i) options.mean_inverse_curve.push_back(std::pow(i / 1023.0, gamma));
  return options;
}

inline DataOptions noiseless() {
  DataOptions options = small();
  options.camera = {0, 0, 0, 0, 0, 0};
  return options;
}

inline void expect_error(const std::function<void()>& call, ExitCode code, const std::string& part) {
  try {
    call();
    ADD_FAILURE() << "no error; expected: " << part;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
  }
}

}  // namespace duhdr
