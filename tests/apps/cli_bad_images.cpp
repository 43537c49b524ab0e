// SPDX-License-Identifier: Apache-2.0
// Pictures that duhdr-infer must refuse with exit code 3.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/image/bad_optional_files.h"
#include "tests/image/bad_stb_files.h"
#include "tests/support/cli_files.h"
#include "tests/support/image_exr_files.h"
#include "tests/support/image_files.h"

namespace duhdr::cli {
namespace {

namespace fs = std::filesystem;
using namespace files;

BadCall picture(const std::string& name, const Bytes& bytes, const std::string& part,
                const std::vector<std::string>& more = {}) {
  return {name, call("x.png", "out.exr", more), ExitCode::bad_image, part,
          [bytes](const fs::path& folder) { write(folder / "x.png", bytes); }};
}

BadCall special(const std::string& name, const std::string& part, std::function<void(const fs::path&)> prepare,
                const std::string& input = "x.png") {
  return {name, call(input, "out.exr"), ExitCode::bad_image, part, std::move(prepare)};
}

void make_socket(const fs::path& path) {
  const int descriptor = socket(AF_UNIX, SOCK_STREAM, 0);
  const int here = open(".", O_RDONLY | O_DIRECTORY);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;  // its name may have 107 bytes: bind from inside the folder
  std::snprintf(address.sun_path, sizeof address.sun_path, "%s", path.filename().c_str());
  if (chdir(path.parent_path().c_str()) != 0 ||
      bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || fchdir(here) != 0)
    throw Error(ExitCode::internal, "cannot make a socket");
  close(here);
  close(descriptor);
}

std::vector<BadCall> not_pictures() {
  const std::string unknown = "not a supported image";
  return {
      picture("empty file", {}, unknown + ": 0 bytes"),
      picture("one byte", bytes_of("P"), unknown + ": 1 bytes"),
      picture("PNG magic number alone", png_signature, unknown + ": 8 bytes"),
      picture("JPEG magic number alone", bytes_of("\xFF\xD8\xFF"), unknown + ": 3 bytes"),
      picture("EXR magic number alone", bytes_of("\x76\x2F\x31\x01"), unknown + ": 4 bytes"),
      picture("Radiance magic number alone", bytes_of("#?RADIANCE\n"), "the header has no end (11 bytes)"),
      picture("text named .png", bytes_of("this is only text, nothing else\n"), unknown + ": 32 bytes"),
      picture("zeros", Bytes(100000), unknown + ": 100000 bytes"),
      special("pipe", "not a regular file (a pipe)",
              [](const fs::path& folder) { mkfifo((folder / "x.png").c_str(), 0600); }),
      special("socket", "not a regular file (a socket)", [](const fs::path& folder) { make_socket(folder / "x.png"); }),
      special("device", "not a regular file (a device)", {}, "/dev/zero"),
      special("symbolic links that form a loop", "x.png: symbolic links form a loop",
              [](const fs::path& folder) {
                fs::create_symlink("y.png", folder / "x.png");
                fs::create_symlink("x.png", folder / "y.png");
              }),
      special(
          "control characters in the picture's name", "x\\x1b[2J\\x0ay.png: not a supported image: 0 bytes",
          [](const fs::path& folder) { write(folder / "x\x1b[2J\ny.png", Bytes()); }, "x\x1b[2J\ny.png"),
      special(
          "invalid UTF-8 in the picture's name", "x\\xff.png: not a supported image: 0 bytes",
          [](const fs::path& folder) { write(folder / "x\xff.png", Bytes()); }, "x\xff.png"),
  };
}

std::vector<BadCall> png_and_jpeg() {
  const Bytes png = png_file(pattern(40, 30)), jpeg = jpeg_file(pattern(40, 30));
  const Bytes data = chunk("IDAT", deflated(filtered(samples_of(pattern(40, 30)), 120)));
  const std::string_view size("\0\x1E\0\x28", 4);
  return {
      picture("PNG of width 0", png_signature + ihdr(0, 30) + data + iend, "empty image (0 x 30"),
      picture("PNG of 2^31-1 squared", png_signature + ihdr(0x7FFFFFFF, 0x7FFFFFFF) + data, "image side too long"),
      picture("PNG of 30000 squared", png_signature + ihdr(30000, 30000) + data + iend, "too many pixels"),
      picture("PNG of 16000 squared in 1 KB", png_signature + ihdr(16000, 16000) + data + iend, "the file ends"),
      picture("PNG above --max-pixels", png, "too many pixels (40 x 30, at most 1199)", {"--max-pixels", "1199"}),
      picture("PNG cut in its data", cut(png, find(png, "IDAT") + 50), "damaged PNG"),
      picture("PNG with a wrong checksum", with_byte(png, png.size() - 13, 0x55), "damaged PNG: IDAT: CRC"),
      picture("PNG without a palette", png_signature + ihdr(4, 1, 8, 3) + data + iend, "damaged PNG"),
      picture("PNG with an unknown critical chunk",
              png_signature + ihdr(40, 30) + chunk("\x1B[2J", Bytes(3)) + data + iend, "damaged PNG"),
      picture("JPEG of 65500 squared", replaced(jpeg, size, "\xFF\xDC\xFF\xDC"), "too many pixels"),
      picture("JPEG of width 0", replaced(jpeg, size, std::string_view("\0\x1E\0\0", 4)), "damaged JPEG"),
      picture("JPEG cut in the middle", cut(jpeg, jpeg.size() / 2), "damaged JPEG"),
      picture("JPEG cut in its header", cut(jpeg, 30), "damaged JPEG"),
      picture("JPEG of 190 scans", many_scans_jpeg(pattern(40, 30)), "too many JPEG scans"),
      picture("JPEG of 12 bits", with_byte(jpeg, find(jpeg, "\xFF\xC0") + 4, 12), "unsupported JPEG process"),
      picture("JPEG of 2 components", jpeg_file(pattern(8, 8, 2)), "unsupported JPEG colours"),
      picture("cut JPEG of no scan, --lenient", cut(jpeg, find(jpeg, "\xFF\xDA")), "damaged JPEG", {"--lenient"}),
  };
}

std::vector<BadCall> exr() {
  const Bytes good = simple_exr();
  const auto raw = [](const std::function<void(RawExr&)>& change) {
    RawExr file;
    change(file);
    return file.bytes();
  };
  const auto window = [&](const std::vector<std::int64_t>& data) { return raw([&](RawExr& f) { f.data = data; }); };
  constexpr std::int64_t lowest = -2147483648, highest = 2147483647;
  return {
      picture("EXR of Z alone", simple_exr({"Z"}), "channels R,G,B missing; has Z"),
      picture("EXR of A alone", simple_exr({"A"}), "channels R,G,B missing; has A"),
      picture("EXR with control characters in a channel name", simple_exr({"\x1B[2J\n"}),
              "channels R,G,B missing; has \\x1b"),
      picture("EXR that says it is deep", with_byte(good, 5, 0x08), "deep data not supported"),
      picture("EXR without its pixels", cut(good, good.size() - 10), "damaged EXR"),
      picture("EXR cut in its header", cut(good, 100), "damaged EXR header"),
      picture("EXR of version 3", with_byte(good, 4, 3), "unknown OpenEXR version"),
      picture("EXR of 65 channels", raw([](RawExr& f) { f.channels = 65; }), "too many channels"),
      picture("EXR of 100000 channels", raw([](RawExr& f) { f.channels = 100000; }), "too many channels"),
      picture("EXR data window min > max", window({5, 0, 4, 9}), "impossible data window"),
      picture("EXR data window of all integers", window({lowest, lowest, highest, highest}), "impossible data window"),
      picture("EXR of 30000 squared", window({0, 0, 29999, 29999}), "data window: too many pixels"),
      picture("EXR of 60000 lines in 1 KB", window({0, 0, 3, 59999}), "60000 lines in a file"),
      picture("EXR without that part", good, "no such EXR part (7, 0 to 0)", {"--part", "7"}),
      picture("EXR with an attribute behind its end",
              raw([](RawExr& f) { f.more = bytes_of("x") + number(0, 1) + "string" + number(0, 1) + little(highest); }),
              "damaged EXR header"),
  };
}

std::vector<BadCall> other_formats() {
  std::vector<BadCall> all;
  for (const auto& group : {bad_bmp_files(), bad_gif_and_psd_files(), bad_tga_and_pnm_files(),
                            marks_of_optional_formats(), bad_tiff_files(), bad_webp_and_heif_files()})
    for (const BadFile& bad : group) {
      const std::string file = "x." + bad.extension;
      all.push_back({bad.name, call(file, "out.exr"), ExitCode::bad_image, bad.reason,
                     [bad, file](const fs::path& folder) { write(folder / file, bad.file); }});
    }
  return all;
}

std::vector<BadCall> radiance_and_pfm() {
  const auto hdr = [](std::string_view text) { return bytes_of("#?RADIANCE\n") + text + Bytes(400); };
  const Bytes row = bytes_of(std::string_view("\2\2\0\x10", 4));
  return {
      picture("Radiance of 999999999 squared", hdr("\n-Y 999999999 +X 999999999\n"), "image side too long"),
      picture("Radiance of width 10^30", hdr("\n-Y 1 +X 1000000000000000000000000000000\n"), "no resolution line"),
      picture("Radiance with a line of 1 MB", hdr(std::string(1 << 20, 'x')), "header line too long"),
      picture("Radiance without a blank line", hdr("FORMAT=32-bit_rle_rgbe\n-Y 1 +X 1\n"), "the header has no end"),
      picture("Radiance run longer than its row",
              bytes_of("#?RADIANCE\n\n-Y 1 +X 16\n") + row + number(128 + 17, 1) + Bytes(100),
              "a run longer than the row"),
      picture("Radiance literal longer than its row",
              bytes_of("#?RADIANCE\n\n-Y 1 +X 16\n") + row + number(17, 1) + Bytes(100), "a run longer than the row"),
      picture("Radiance cut", hdr("\n-Y 40 +X 30\n"), "the file ends too early"),
      picture("Radiance with an impossible exposure", hdr("EXPOSURE=nan\n\n-Y 1 +X 1\n"), "impossible EXPOSURE"),
      picture("PFM of 40000 squared", bytes_of("PF\n40000 40000\n-1.0\n    "), "too many pixels"),
      picture("PFM of width 2^70", bytes_of("PF\n1180591620717411303424 5\n-1.0\n"), "impossible width"),
      picture("PFM of negative width", bytes_of("PF\n-4 5\n-1.0\n    "), "impossible width (-4)"),
      picture("PFM with scale NaN", bytes_of("PF\n1 1\nnan\n            "), "impossible scale"),
      picture("PFM cut", bytes_of("PF\n2 2\n-1.0\n") + Bytes(47), "the file ends too early"),
  };
}

}  // namespace

std::vector<BadCall> bad_images() {
  std::vector<BadCall> all;
  for (const auto& group : {not_pictures(), png_and_jpeg(), exr(), radiance_and_pfm(), other_formats()})
    all.insert(all.end(), group.begin(), group.end());
  return all;
}

}  // namespace duhdr::cli
