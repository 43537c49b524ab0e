// SPDX-License-Identifier: Apache-2.0
// Pictures that must be refused: the right exit code, one line that says why, no output, little memory and time.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <set>

#include "image/encode.h"
#include "tensor/allocator.h"
#include "tests/image/bad_light_files.h"
#include "tests/image/bad_optional_files.h"
#include "tests/image/bad_stb_files.h"
#include "tests/support/image_exr_files.h"
#include "tests/support/image_files.h"

namespace duhdr {
namespace {

using namespace files;

struct Bad {
  std::string name;
  Bytes file;
  std::string reason;  // a part of the message
  ReadLimits limits = {};
  std::string extension = "x";
};

const Codes codes = pattern(40, 30);

/// The file with the start-of-frame segment's byte at `offset` (behind the marker) replaced.
Bytes frame(std::size_t offset, std::uint8_t value) {
  const Bytes file = jpeg_file(codes);
  return with_byte(file, find(file, "\xFF\xC0") + 2 + offset, value);
}

std::vector<Bad> unknown_files() {
  return {
      {"empty", {}, "not a supported image: 0 bytes"},
      {"one byte", bytes_of("P"), "not a supported image: 1 bytes"},
      {"png magic alone", png_signature, "not a supported image: 8 bytes"},
      {"jpeg magic alone", bytes_of("\xFF\xD8\xFF"), "not a supported image: 3 bytes"},
      {"exr magic alone", bytes_of("\x76\x2F\x31\x01"), "not a supported image: 4 bytes"},
      {"hdr magic alone", bytes_of("#?RADIANCE\n"), "the header has no end (11 bytes)"},
      {"text", bytes_of("this is only text, nothing else\n"), "not a supported image: 32 bytes"},
      {"zeros", Bytes(1000), "not a supported image: 1000 bytes"},
  };
}

std::vector<Bad> png_files() {
  const Bytes good = png_file(codes);
  const Bytes raw = filtered(samples_of(codes), 120), data = chunk("IDAT", deflated(raw));
  const Bytes head = png_signature + ihdr(40, 30);
  const std::size_t idat = find(good, "IDAT");
  Bytes adler = deflated(raw);
  adler.back() ^= std::byte{1};
  const Bytes index3 = chunk("IDAT", deflated(number(0x0001020300, 5)));
  const Bytes palette3 = chunk("PLTE", Bytes(9));
  ReadLimits small;
  small.side = 39;
  ReadLimits few;
  few.pixels = 1199;
  return {
      {"png width 0", png_signature + ihdr(0, 30) + data + iend, "empty image (0 x 30"},
      {"png height 0", png_signature + ihdr(40, 0) + data + iend, "empty image (40 x 0"},
      {"png 2^31-1 squared", png_signature + ihdr(0x7FFFFFFF, 0x7FFFFFFF) + data, "image side too long (2147483647 x"},
      {"png 30000 squared", png_signature + ihdr(30000, 30000) + data + iend,
       "too many pixels (30000 x 30000, at most"},
      {"png too small a file", png_signature + ihdr(16000, 16000) + data + iend, "the file ends too early"},
      {"png over the side limit", good, "image side too long (40 x 30, at most 39", small},
      {"png over the pixel limit", good, "too many pixels (40 x 30, at most 1199)", few},
      {"png cut in IDAT", cut(good, idat + 50), "damaged PNG: the file ends too early"},
      {"png without IEND", cut(good, good.size() - 12), "damaged PNG: the file ends too early"},
      {"png bad IHDR CRC", with_byte(good, 30, 0x55), "damaged PNG: IHDR: CRC"},
      {"png bad IDAT CRC", with_byte(good, good.size() - 13, 0x55), "damaged PNG: IDAT: CRC"},
      {"png bad PLTE CRC", png_signature + ihdr(4, 1, 8, 3) + with_byte(palette3, 20, 1) + index3 + iend, "PLTE: CRC"},
      {"png bad zlib checksum", head + chunk("IDAT", adler) + iend, "damaged PNG"},
      {"png bad zlib header", head + chunk("IDAT", with_byte(deflated(raw), 0, 0)) + iend, "damaged PNG"},
      {"png too little data", head + chunk("IDAT", deflated(cut(raw, 500))) + iend, "damaged PNG"},
      {"png 5 MB too much data", head + data + chunk("IDAT", Bytes(5 << 20)) + iend, "bytes, at most 1055836)"},
      {"png empty IDAT", head + chunk("IDAT", {}) + iend, "damaged PNG"},
      {"png no IDAT", head + iend, "damaged PNG"},
      {"png no IHDR", png_signature + data + iend, "no IHDR chunk"},
      {"png wrong IHDR length", png_signature + chunk("IHDR", Bytes(14)) + data, "no IHDR chunk"},
      {"png depth 3", png_signature + ihdr(40, 30, 3) + data + iend, "damaged PNG"},
      {"png colour type 5", png_signature + ihdr(40, 30, 8, 5) + data + iend, "damaged PNG"},
      {"png RGB of 4 bits", png_signature + ihdr(40, 30, 4, 2) + data + iend, "damaged PNG"},
      {"png interlace 2", png_signature + ihdr(40, 30, 8, 2, 2) + data + iend, "damaged PNG"},
      {"png filter 9", head + chunk("IDAT", deflated(with_byte(raw, 0, 9))) + iend, "damaged PNG"},
      {"png unknown critical chunk", head + chunk("ABCD", Bytes(3)) + data + iend, "damaged PNG"},
      {"png palette index", png_signature + ihdr(4, 1, 8, 3) + palette3 + index3 + iend,
       "palette index out of range (the palette has 3 colours)"},
      {"png palette missing", png_signature + ihdr(4, 1, 8, 3) + index3 + iend, "damaged PNG"},
      {"png palette of 4 bytes", png_signature + ihdr(4, 1, 8, 3) + chunk("PLTE", Bytes(4)) + index3 + iend,
       "damaged PNG"},
  };
}

std::vector<Bad> jpeg_files() {
  const Bytes good = jpeg_file(codes);
  const std::size_t scan = find(good, "\xFF\xDA");
  Bytes flipped = jpeg_file(pattern(400, 300));  // most damage shows, but a JPEG holds no checksum
  for (std::size_t i = 2000; i < 3000; ++i) flipped.at(i) ^= std::byte{0x5A};
  const Bytes progressive = jpeg_file(codes, [](jpeg_compress_struct& info) { jpeg_simple_progression(&info); });
  const std::size_t last_scan = find_last(progressive, "\xFF\xC4");  // the table before it
  static const std::vector<jpeg_scan_info> one_by_one{
      {1, {0, 0, 0, 0}, 0, 63, 0, 0}, {1, {1, 0, 0, 0}, 0, 63, 0, 0}, {1, {2, 0, 0, 0}, 0, 63, 0, 0}};
  const Bytes apart = jpeg_file(codes, [](jpeg_compress_struct& info) {
    info.scan_info = one_by_one.data();
    info.num_scans = static_cast<int>(one_by_one.size());
  });
  const auto marker = [&](std::string_view from, std::string_view to) { return replaced(good, from, to); };
  return {
      {"jpeg height 0", replaced(frame(3, 0), std::string_view("\0\x1E\0\x28", 4), std::string_view("\0\0\0\x28", 4)),
       "damaged JPEG"},
      {"jpeg width 0", replaced(good, std::string_view("\0\x1E\0\x28", 4), std::string_view("\0\x1E\0\0", 4)),
       "damaged JPEG"},
      {"jpeg 65500 squared", replaced(good, std::string_view("\0\x1E\0\x28", 4), "\xFF\xDC\xFF\xDC"),
       "too many pixels (65500 x 65500"},
      {"jpeg cut in the middle", cut(good, good.size() / 2), "damaged JPEG: Premature end"},
      {"jpeg cut in the header", cut(good, 30), "damaged JPEG"},
      {"jpeg that lacks more than its end marker", cut(good, good.size() - 5), "damaged JPEG: Premature end"},
      {"progressive jpeg that lacks a scan", cut(progressive, last_scan), "damaged JPEG: Premature end"},
      {"jpeg that lacks a component's scan", cut(apart, find_last(apart, "\xFF\xDA")), "damaged JPEG: Premature end"},
      {"jpeg with junk in the scan", replaced(good, "\xFF\xD9", std::string(100, 'j') + "\xFF\xD9"),
       "damaged JPEG: Corrupt JPEG data"},
      {"jpeg flipped bytes in the scan", flipped, "damaged JPEG"},
      {"jpeg 12 bits", frame(2, 12), "unsupported JPEG process"},
      {"jpeg hierarchical", marker("\xFF\xC0", "\xFF\xC5"), "unsupported JPEG process"},
      {"jpeg lossless arithmetic", marker("\xFF\xC0", "\xFF\xCB"), "unsupported JPEG process"},
      {"jpeg 190 scans", many_scans_jpeg(codes), "too many JPEG scans (more than 100, at most 100)"},
      {"jpeg no frame", bytes_of("\xFF\xD8\xFF\xD9") + Bytes(20), "damaged JPEG"},
      {"jpeg no scan", cut(good, scan) + "\xFF\xD9", "damaged JPEG"},
      {"jpeg two frames", cut(good, scan) + Bytes(good.begin() + 20, good.end()), "damaged JPEG"},
      {"jpeg no Huffman tables", cut(replaced(good, "\xFF\xC4", "\xFF\xEE"), scan) + "\xFF\xD9", "damaged JPEG"},
      {"jpeg no quantisation table", replaced(good, "\xFF\xDB", "\xFF\xEE"), "damaged JPEG"},
      {"jpeg sampling 5", frame(9, 0x51), "damaged JPEG"},
      {"jpeg sampling 0", frame(9, 0x00), "damaged JPEG"},
      {"jpeg 2 components", jpeg_file(pattern(8, 8, 2)), "unsupported JPEG colours (2 components"},
  };
}

std::string exr_compression(const std::string& method) {
  return std::string("compression\0compression\0\1\0\0\0", 28) + method;
}

std::vector<Bad> exr_files() {
  const Bytes good = simple_exr();
  const auto raw = [](const std::function<void(RawExr&)>& change) {
    RawExr file;
    change(file);
    return file.bytes();
  };
  const auto tiles = [&](std::int64_t width, std::int64_t height) {
    return raw([&](RawExr& f) {
      f.flags = 2;
      f.more = RawExr::attribute("tiles", "tiledesc", little(width) + little(height) + number(0, 1));
    });
  };
  ExrFile subsampled;
  subsampled.planes = slopes();
  for (ExrPlane& plane : subsampled.planes) plane.sampling = 2;
  Bytes no_table = good;
  const std::size_t header_end = find(good, "scanlineimage") + 14;  // the text of the last attribute and a zero
  std::fill(no_table.begin() + static_cast<std::ptrdiff_t>(header_end), no_table.end(), std::byte{0});
  Bytes corrupt = good;
  for (std::size_t i = good.size() - 100; i < good.size(); ++i) corrupt[i] ^= std::byte{0x5A};
  ReadLimits part7;
  part7.exr_part = 7;
  constexpr std::int64_t lowest = std::numeric_limits<std::int32_t>::min(),
                         highest = std::numeric_limits<std::int32_t>::max();
  return {
      {"exr version 3", raw([](RawExr& f) { f.version = 3; }), "unknown OpenEXR version (3, 2)"},
      {"exr cut in the header", cut(good, 100), "damaged EXR header"},
      {"exr cut in the pixels", cut(good, good.size() - 10), "damaged EXR"},
      {"exr only Z", simple_exr({"Z"}), "channels R,G,B missing; has Z"},
      {"exr only A", simple_exr({"A"}), "channels R,G,B missing; has A"},
      {"exr no B", simple_exr({"R", "G"}), "channels B missing; has G,R"},
      {"exr layered", simple_exr({"left.R", "left.G", "left.B"}), "missing; has left.B,left.G,left.R"},
      {"exr escape sequence in a name", simple_exr({"\x1B[2J\n"}), "has \\x1b[2J\\x0a"},
      {"exr HTJ2K", replaced(good, exr_compression("\3"), exr_compression("\x0A")),
       "compression not supported (10: HTJ2K, 0 to 9)"},
      {"exr ZSTD", replaced(good, exr_compression("\3"), exr_compression("\x0C")),
       "compression not supported (12: ZSTD"},
      {"exr deep", with_byte(good, 5, 0x08), "deep data not supported"},
      {"exr no channels", raw([](RawExr& f) { f.channels = 0; }), "missing; has none"},
      {"exr 65 channels", raw([](RawExr& f) { f.channels = 65; }), "too many channels (more than 64"},
      {"exr 20000 channels", raw([](RawExr& f) { f.channels = 20000; }), "too many channels"},
      {"exr data window min > max", raw([](RawExr& f) {
         f.data = {5, 0, 4, 9};
       }),
       "impossible data window (5,0 to 4,9)"},
      {"exr data window of all integers", raw([&](RawExr& f) {
         f.data = {lowest, lowest, highest, highest};
       }),
       "impossible data window"},
      {"exr data window too wide", raw([](RawExr& f) {
         f.data = {0, 0, 70000, 9};
       }),
       "data window: image side too long (70001 x 10"},
      {"exr data window too large", raw([](RawExr& f) {
         f.data = {0, 0, 29999, 29999};
       }),
       "data window: too many pixels"},
      {"exr display window too large", raw([](RawExr& f) {
         f.display = {0, 0, 29999, 29999};
       }),
       "display window: too many pixels"},
      {"exr display window min > max", raw([](RawExr& f) {
         f.display = {0, 7, 0, 6};
       }),
       "impossible display window"},
      {"exr 60000 lines in a tiny file", raw([](RawExr& f) {
         f.data = {0, 0, 3, 59999};
       }),
       "60000 lines in a file"},
      {"exr tile of width 0", tiles(0, 16), "unusable tile size (0 x 16"},
      {"exr tile of 2^31", tiles(std::int64_t{1} << 31, 1), "unusable tile size (2147483648 x 1"},
      {"exr tile of 2^31 rows", tiles(16, std::int64_t{1} << 31), "unusable tile size (16 x 2147483648"},
      {"exr tile description of 8 bytes",
       raw([](RawExr& f) { f.more = RawExr::attribute("tiles", "tiledesc", Bytes(8)); }),
       "tile description of the wrong size"},
      {"exr chunk count", raw([](RawExr& f) { f.more = RawExr::attribute("chunkCount", "int", little(1 << 30)); }),
       "1073741824 chunks in a file"},
      {"exr attribute behind the end",
       raw([](RawExr& f) { f.more = bytes_of("x") + number(0, 1) + "string" + number(0, 1) + little(0x7FFFFFFF); }),
       "reaches behind the end"},
      {"exr attribute name without an end", raw([](RawExr& f) { f.more = Bytes(300, std::byte{'n'}); }),
       "a name without an end"},
      {"exr sampling 0",
       replaced(raw([](RawExr&) {}), std::string_view("c0\0\2\0\0\0\0\0\0\0\1", 12),
                std::string_view("c0\0\2\0\0\0\0\0\0\0\0", 12)),
       "channel c0 has sampling 0 x 1"},
      {"exr subsampled R G B", exr_file({subsampled}), "unsupported sampling of channel R (2 x 2"},
      {"exr no such part", good, "no such EXR part (7, 0 to 0)", part7},
      {"exr no offset table", no_table, "incomplete EXR"},
      {"exr corrupt pixels", corrupt, "damaged EXR"},
      {"exr no windows", replaced(good, "dataWindow", "dataWindoX"), "impossible data window"},
      {"exr window of 15 bytes", replaced(good, std::string_view("box2i\0\x10", 7), std::string_view("box2i\0\x0F", 7)),
       "window of the wrong size"},
  };
}

std::vector<Bad> more_files() {
  std::vector<Bad> all;
  for (const auto& group : {bad_hdr_and_pfm_files(), bad_bmp_files(), bad_gif_and_psd_files(), bad_tga_and_pnm_files(),
                            marks_of_optional_formats(), bad_tiff_files(), bad_webp_and_heif_files()})
    for (const BadFile& bad : group) all.push_back({bad.name, bad.file, bad.reason, {}, bad.extension});
  return all;
}

void expect_refused(const Bad& bad) {
  const std::size_t reserved = allocator_of(Device::cpu()).stats().peak;
  const auto start = std::chrono::steady_clock::now();
  try {
    decode_image(bad.file, "file.x", bad.limits, bad.extension);
    ADD_FAILURE() << bad.name << ": was decoded";
  } catch (const Error& error) {
    const std::string text = error.what();
    EXPECT_EQ(error.code(), ExitCode::bad_image) << bad.name << ": " << text;
    EXPECT_TRUE(text.starts_with("file.x: ")) << bad.name << ": " << text;
    EXPECT_NE(text.find(bad.reason), std::string::npos) << bad.name << ": " << text;
    EXPECT_TRUE(std::ranges::none_of(text, [](unsigned char c) { return c < 0x20; })) << bad.name;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  EXPECT_LT(took.count(), 0.05) << bad.name;
  EXPECT_LT(allocator_of(Device::cpu()).stats().peak - reserved, std::size_t{4} << 20) << bad.name;
}

TEST(BadImage, Table) {
  std::set<std::string> names;
  for (const auto& group : {unknown_files(), png_files(), jpeg_files(), exr_files(), more_files()})
    for (const Bad& bad : group) {
      EXPECT_TRUE(names.insert(bad.name).second) << bad.name;
      testing::internal::CaptureStderr();
      expect_refused(bad);
      EXPECT_EQ(testing::internal::GetCapturedStderr(), "") << bad.name;
    }
  EXPECT_GE(names.size(), 190u);
}

/// Small complete files of every format and of both paths of some.
std::vector<std::pair<std::string, Bytes>> good_files() {
  ExrFile tiled;
  tiled.planes = slopes();
  tiled.tile = 4;
  ExrFile piz = tiled;
  piz.tile = 0;
  piz.compression = Imf::PIZ_COMPRESSION;
  Tensor light({1, 6, 20, 3}, DType::f32);
  for (std::int64_t i = 0; i < light.numel(); ++i) light.mutable_data<float>()[i] = static_cast<float>(i % 40) * 0.3f;
  const Bytes exif = exif_segment(exif_block(6)), icc = icc_segment(icc_profile("Display P3"));
  return {{"png", png_file(pattern(19, 11), chunk("eXIf", exif_block(8)))},
          {"interlaced png", interlaced_png(pattern(19, 11))},
          {"jpeg", with_segment(with_segment(jpeg_file(pattern(19, 11)), 0xE1, exif), 0xE2, icc)},
          {"progressive jpeg",
           jpeg_file(pattern(19, 11), [](jpeg_compress_struct& info) { jpeg_simple_progression(&info); })},
          {"exr", simple_exr()},
          {"tiled exr", exr_file({tiled})},
          {"piz exr", exr_file({piz})},
          {"two-part exr", exr_file({piz, tiled})},
          {"hdr", encode_hdr(light)},
          {"pfm", encode_pfm(light)},
          {"bmp", bmp_file(pattern(20, 11))},
          {"indexed bmp", indexed_bmp(8, 20, 200, Bytes(20, std::byte{199}))},
          {"gif", gif_file(pattern(20, 11, 1))},
          {"psd", psd_file(pattern(20, 11, 4))},
          {"16-bit psd", psd_file(pattern(20, 11), 16)},
          {"psd with run lengths", psd_file(pattern(20, 11), 8, true)},
          {"tga", tga_file(pattern(20, 11))},
          {"tga with run lengths", tga_file(pattern(20, 11, 1), true)},
          {"ppm", pnm_file(pattern(20, 11))},
          {"16-bit pgm", pnm_file(pattern(20, 11, 1), 16)}};
}

/// The decoded picture, or none when it was refused; anything but bad_image is a failure.
std::optional<Image> decoded(const Bytes& file, const std::string& what, const ReadLimits& limits = {}) {
  try {
    return decode_image(file, "file.x", limits, what.starts_with("tga") ? "tga" : "x");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::bad_image) << what << ": " << error.what();
    return std::nullopt;
  }
}

TEST(BadImage, EveryTruncationIsRefused) {
  for (const auto& [name, file] : good_files()) {
    const std::optional<Image> whole = decoded(file, name);
    ASSERT_TRUE(whole) << name;
    // What is behind the picture itself (small mip-map levels, other parts, an end marker) may be missing.
    const bool strict = name != "tiled exr" && name != "two-part exr" && name != "gif";
    const std::size_t end_marker = name.ends_with("jpeg") ? 2 : 0;
    const std::size_t step = std::max<std::size_t>(1, file.size() / 500);
    std::vector<std::size_t> lengths{file.size() - 1};
    for (std::size_t length = 0; length < file.size(); length += step) lengths.push_back(length);
    for (const std::size_t length : lengths) {
      const std::optional<Image> image = decoded(cut(file, length), name);
      if (image) {
        EXPECT_EQ(image->pixels.to_vector<float>(), whole->pixels.to_vector<float>()) << name << " cut at " << length;
      }
      EXPECT_FALSE(image && strict && length + end_marker < file.size()) << name << " cut at " << length;
      EXPECT_FALSE(image && end_marker == 0 && strict) << name << " cut at " << length;
    }
  }
}

TEST(BadImage, FlippedBitsNeverCrash) {
  ReadLimits limits;  // pictures stay small, so that the test does
  limits.pixels = 1 << 20;
  ReadLimits lenient = limits;
  lenient.lenient = true;
  std::mt19937 random(20240613);
  for (const auto& [name, file] : good_files()) {
    int refusals = 0;
    for (int round = 0; round < 500; ++round) {
      Bytes damaged = file;
      const int flips = 1 + round % 4;
      for (int i = 0; i < flips; ++i)
        damaged[random() % damaged.size()] ^= static_cast<std::byte>(1u << (random() % 8));
      refusals += decoded(damaged, name, round % 2 == 0 ? limits : lenient) ? 0 : 1;
    }
    const bool headers_alone = name == "pfm" || name == "bmp" || name.ends_with("psd") || name == "tga" ||
                               name == "ppm" || name == "16-bit pgm";  // any pixel is a pixel
    EXPECT_GT(refusals, headers_alone ? 0 : 20) << name;
  }
}

}  // namespace
}  // namespace duhdr
