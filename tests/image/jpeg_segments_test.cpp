// SPDX-License-Identifier: Apache-2.0
// Where segments and scans of a JPEG begin and end, also in files that are cut or damaged.
#include "image/jpeg_segments.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <new>

#include "tests/support/image_files.h"

namespace duhdr {
namespace {

using namespace files;
using namespace std::string_view_literals;

/// Bytes of which the last is the last of its page, and the next page may not be read.
class Guarded {
 public:
  explicit Guarded(std::size_t capacity) : page_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))) {
    room_ = (capacity / page_ + 1) * page_;
    void* pages = mmap(nullptr, room_ + page_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) throw std::bad_alloc();
    first_ = static_cast<std::byte*>(pages);
    mprotect(first_ + room_, page_, PROT_NONE);
  }
  ~Guarded() { munmap(first_, room_ + page_); }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;

  std::span<const std::byte> hold(std::span<const std::byte> bytes) {
    std::byte* begin = first_ + room_ - bytes.size();
    std::ranges::copy(bytes, begin);
    return {begin, bytes.size()};
  }

 private:
  std::size_t page_, room_ = 0;
  std::byte* first_ = nullptr;
};

Bytes copy(std::span<const std::byte> bytes) { return Bytes(bytes.begin(), bytes.end()); }

/// The parts put together again: all of the file when nothing stands between its segments.
Bytes joined(const JpegParts& parts) {
  Bytes out = bytes_of("\xFF\xD8"sv);
  for (const JpegSegment& segment : parts.header) out = out + copy(segment.bytes);
  return out + copy(parts.scans) + copy(parts.following);
}

std::string refusal(const Bytes& file) {
  try {
    jpeg_parts(file, "test");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::bad_image);
    return error.what();
  }
  return "accepted";
}

std::vector<Bytes> good_files() {
  const Codes codes = pattern(70, 41), grey = pattern(70, 41, 1);
  return {jpeg_file(codes),
          jpeg_file(grey),
          jpeg_file(codes, [](jpeg_compress_struct& info) { info.restart_interval = 2; }),
          jpeg_file(codes, [](jpeg_compress_struct& info) { jpeg_simple_progression(&info); }),
          jpeg_file(codes, [](jpeg_compress_struct& info) { info.arith_code = TRUE; }),
          many_scans_jpeg(codes)};
}

TEST(JpegParts, EveryProcess) {
  for (const Bytes& file : good_files()) {
    const JpegParts parts = jpeg_parts(file, "test");
    EXPECT_EQ(parts.width, 70u);
    EXPECT_EQ(parts.height, 41u);
    EXPECT_TRUE(parts.ended);
    EXPECT_EQ(joined(parts), file);
    EXPECT_TRUE(parts.following.empty());
    const Bytes scans = copy(parts.scans);
    EXPECT_EQ(cut(scans, 2), bytes_of("\xFF\xDA"sv));
    EXPECT_EQ(Bytes(scans.end() - 2, scans.end()), bytes_of("\xFF\xD9"sv));
    EXPECT_TRUE(parts.header.front().is(0xE0, "JFIF"));
    EXPECT_FALSE(parts.header.front().is(0xE1, "JFIF"));
    EXPECT_FALSE(parts.header.front().is(0xE0, "JFIX"));
  }
  EXPECT_EQ(jpeg_parts(good_files()[0], "test").components, 3u);
  EXPECT_EQ(jpeg_parts(good_files()[1], "test").components, 1u);
}

TEST(JpegParts, WhatFollowsAndWhatOnlyLooksLikeAnEnd) {
  const Bytes inner = jpeg_file(pattern(16, 16));
  for (const Bytes& plain : good_files()) {
    const Bytes file = with_segment(with_segment(plain, 0xFE, inner), 0xE1, exif_segment(inner));
    for (const Bytes& rest : {inner + inner, bytes_of("\0\0junk"sv), bytes_of("\xFF"sv)}) {
      const Bytes longer = file + rest;
      const JpegParts parts = jpeg_parts(longer, "test");
      EXPECT_EQ(copy(parts.following), rest);
      EXPECT_EQ(joined(parts), longer);
      EXPECT_TRUE(parts.header.front().is(0xE1, "Exif\0\0"sv));
      EXPECT_EQ(copy(parts.header.front().payload()), exif_segment(inner));
    }
    const Bytes shorter = cut(file, file.size() - 2);
    const JpegParts open = jpeg_parts(shorter, "test");
    EXPECT_FALSE(open.ended);
    EXPECT_EQ(joined(open) + "\xFF\xD9"sv, file);
  }
  // A comment with an end marker in it, between two scans.
  const Bytes file = good_files()[3];
  const std::size_t second = find_last(file, "\xFF\xDA"sv);
  const Bytes commented = cut(file, second) + "\xFF\xFE\0\x06\xFF\xD9\xFF\xD9"sv +
                          Bytes(file.begin() + static_cast<std::ptrdiff_t>(second), file.end());
  EXPECT_EQ(joined(jpeg_parts(commented, "test")), commented);
  EXPECT_TRUE(jpeg_parts(commented, "test").following.empty());
}

TEST(JpegParts, BytesBetweenSegmentsAreLeftOut) {
  const Bytes file = good_files()[0];
  const Bytes odd = cut(file, 2) + "\xFF\xFF\xFF"sv + Bytes(file.begin() + 3, file.begin() + 20) +
                    "junk\xFF\0\xFF\x01\xFF\xD3"sv + Bytes(file.begin() + 20, file.end());
  EXPECT_EQ(joined(jpeg_parts(odd, "test")), file);
}

TEST(JpegParts, WhatIsNoJpegIsRefused) {
  const Bytes file = good_files()[0];
  const std::size_t frame = find(file, "\xFF\xC0"sv), scan = find(file, "\xFF\xDA"sv);
  const Bytes frame_segment(file.begin() + static_cast<std::ptrdiff_t>(frame),
                            file.begin() + static_cast<std::ptrdiff_t>(frame) + 19);
  const auto contains = [](const std::string& text, std::string_view part) { return text.find(part) != text.npos; };
  for (const auto& [bytes, reason] : std::vector<std::pair<Bytes, std::string_view>>{
           {{}, "no start marker"},
           {bytes_of("\x89PNG"sv), "no start marker"},
           {cut(file, 2), "no picture data (2 bytes)"},
           {cut(file, 2) + "\xFF\xD9"sv, "no picture data"},
           {cut(file, scan), "no picture data"},
           {cut(file, 2) + file, "no picture data"},
           {cut(file, 3) + "\xE0\0\x01"sv, "segment 224 reaches behind the end (at byte 4 of 6)"},
           {cut(file, 3) + "\xE0\0"sv, "segment 224 reaches behind the end"},
           {cut(file, scan + 5), "segment 218 reaches behind the end"},
           {with_byte(with_byte(file, frame + 5, 0), frame + 6, 0), "no usable frame header"},
           {with_byte(file, frame + 1, 0xC4), "no usable frame header"},
           {cut(file, frame) + frame_segment + Bytes(file.begin() + static_cast<std::ptrdiff_t>(frame), file.end()),
            "no usable frame header"},
           {cut(file, scan) + cut(Bytes(file.begin() + static_cast<std::ptrdiff_t>(scan), file.end()), 40) + file,
            "a second picture begins within the first"}}) {
    EXPECT_TRUE(contains(refusal(bytes), reason)) << refusal(bytes) << " / " << reason;
    EXPECT_TRUE(refusal(bytes).starts_with("test: damaged JPEG: "));
  }
}

TEST(JpegParts, NeverReadsBeyondTheBytes) {
  Guarded guard(1 << 16);
  std::size_t accepted = 0, refused = 0;
  const auto look = [&](const Bytes& bytes) {
    const auto held = guard.hold(bytes);
    try {
      const JpegParts parts = jpeg_parts(held, "test");
      std::vector<std::span<const std::byte>> spans{parts.scans, parts.following};
      for (const JpegSegment& segment : parts.header) {
        ASSERT_GE(segment.bytes.size(), 4u);
        spans.push_back(segment.payload());
      }
      for (const auto& span : spans) {
        ASSERT_GE(span.data(), held.data());
        ASSERT_LE(span.data() + span.size(), held.data() + held.size());
      }
      ASSERT_GT(parts.width * parts.height * parts.components, 0u);
      ++accepted;
    } catch (const Error& error) {
      ASSERT_EQ(error.code(), ExitCode::bad_image);
      ++refused;
    }
  };
  const Codes small = pattern(9, 7);
  for (const Bytes& file :
       {jpeg_file(small, [](jpeg_compress_struct& info) { info.restart_interval = 1; }),
        jpeg_file(small, [](jpeg_compress_struct& info) { jpeg_simple_progression(&info); }) + jpeg_file(small)}) {
    ASSERT_LE(file.size(), std::size_t{1} << 16);
    for (std::size_t length = 0; length <= file.size(); ++length) look(cut(file, length));
    for (std::size_t at = 0; at < file.size(); ++at)
      for (const int value : {0x00, 0x01, 0xC4, 0xD0, 0xD8, 0xD9, 0xDA, 0xE1, 0xFE, 0xFF}) {
        const Bytes flipped = with_byte(file, at, static_cast<std::uint8_t>(value));
        look(flipped);
        look(cut(flipped, at + 1));
      }
  }
  EXPECT_GT(accepted, 1000u);
  EXPECT_GT(refused, 1000u);
}

}  // namespace
}  // namespace duhdr
