// SPDX-License-Identifier: Apache-2.0
// BMP, GIF, PSD and TGA by stb_image, of which they use one reader each.
//
// The library promises nothing about hostile files. So each header is read here first: sizes are checked, and what the
// library would take for something else (it ignores palette ends, lengths below zero, 16-bit run lengths) is refused,
// before it sees the file. It takes bytes behind the file's end as zeros: Source notices.
#include <algorithm>
#include <array>
#include <cstring>
#include <initializer_list>
#include <limits>
#include <memory>
#include <new>

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_BMP
#define STBI_ONLY_GIF
#define STBI_ONLY_PSD
#define STBI_ONLY_TGA
#define STBI_NO_HDR
#define STBI_NO_LINEAR
#define STBI_NO_STDIO
#include <stb/stb_image.h>  // a system header: its warnings are not shown

#include "image/bytes.h"
#include "image/decode.h"
#include "image/orientation.h"

namespace duhdr::decode {
namespace {

/// A file in memory, as the library asks for it.
class Source {
 public:
  explicit Source(std::span<const std::byte> bytes) : bytes_(bytes) {}

  /// The library wanted a byte behind the end.
  bool overrun() const { return overrun_; }

  static stbi_io_callbacks callbacks() {
    return {[](void* user, char* to, int count) { return static_cast<Source*>(user)->read(to, count); },
            [](void* user, int count) { static_cast<Source*>(user)->skip(count); },
            [](void* user) { return static_cast<Source*>(user)->left() == 0 ? 1 : 0; }};
  }

 private:
  std::size_t left() const { return bytes_.size() - position_; }

  /// The first call fills the library's window, and so does every later one with the same target: it comes when the
  /// window is used up, and takes what there is. A call with another target wants all of its bytes.
  int read(char* to, int count) {
    if (window_ == nullptr) window_ = to;
    const std::size_t wanted = count < 0 ? 0 : static_cast<std::size_t>(count), given = std::min(wanted, left());
    overrun_ = overrun_ || (to == window_ ? given == 0 : given < wanted);
    std::memcpy(to, bytes_.data() + position_, given);
    position_ += given;
    return static_cast<int>(given);
  }
  void skip(int count) { position_ += std::min(left(), count < 0 ? 0 : static_cast<std::size_t>(count)); }

  std::span<const std::byte> bytes_;
  std::size_t position_ = 0;
  const char* window_ = nullptr;
  bool overrun_ = false;
};

struct Header {
  const char* title;
  std::uint64_t width, height;
  std::uint64_t file_bytes;  // the fewest that a complete file of this size can have
  bool wide = false;         // 16 bits a sample
};

/// Codes of 1 (grey), 2 (grey, alpha), 3 or 4 channels to [0, 1] R G B. Answers whether a pixel is not opaque.
template <class Code>
bool convert(const Code* code, int channels, Tensor& pixels) {
  constexpr auto largest = static_cast<float>(std::numeric_limits<Code>::max());
  float* rgb = pixels.mutable_data<float>();
  bool transparent = false;
  for (std::int64_t i = 0; i < pixels.numel(); i += 3, rgb += 3, code += channels) {
    for (int c = 0; c < 3; ++c) rgb[c] = static_cast<float>(code[channels < 3 ? 0 : c]) / largest;
    if (channels % 2 == 0) transparent = transparent || code[channels - 1] != std::numeric_limits<Code>::max();
  }
  return transparent;
}

Image load(std::span<const std::byte> bytes, const std::string& name, const ReadLimits& limits, const Header& header) {
  check_size(name, header.width, header.height, limits);
  if (bytes.size() < header.file_bytes)
    refuse(name, "damaged ", header.title, ": the file ends too early (", bytes.size(), " bytes, at least ",
           header.file_bytes, ")");
  Source source(bytes);
  const stbi_io_callbacks callbacks = Source::callbacks();
  int width = 0, height = 0, channels = 0;
  const std::unique_ptr<void, decltype(&stbi_image_free)> codes(
      header.wide ? static_cast<void*>(stbi_load_16_from_callbacks(&callbacks, &source, &width, &height, &channels, 0))
                  : stbi_load_from_callbacks(&callbacks, &source, &width, &height, &channels, 0),
      stbi_image_free);
  if (source.overrun()) refuse(name, "damaged ", header.title, ": the file ends too early (", bytes.size(), " bytes)");
  if (!codes) {
    const std::string_view reason = stbi_failure_reason();
    if (reason == "outofmem") throw std::bad_alloc();
    refuse(name, "damaged or unsupported ", header.title, ": ", reason.empty() ? "no picture" : reason);
  }
  if (static_cast<std::uint64_t>(width) != header.width || static_cast<std::uint64_t>(height) != header.height)
    refuse(name, "damaged ", header.title, ": the picture is ", width, " x ", height, ", its header says ",
           header.width, " x ", header.height);
  Image image;
  image.pixels = Tensor({1, height, width, 3}, DType::f32);
  const bool transparent = header.wide ? convert(static_cast<const stbi_us*>(codes.get()), channels, image.pixels)
                                       : convert(static_cast<const stbi_uc*>(codes.get()), channels, image.pixels);
  if (transparent) warn(image, "transparency is ignored");
  return image;
}

/// A field of the header, whose end is at the file's end at the latest.
std::uint64_t field(const std::optional<std::uint32_t>& value, const char* title, const std::string& name) {
  if (!value) refuse(name, "damaged ", title, ": the file ends in its header");
  return *value;
}

// BMP ---------------------------------------------------------------------------------------------------------

/// Indices of 1, 4 or 8 bits, in rows of `stride` bytes. The library would read behind the palette's end.
void check_indices(std::span<const std::byte> rows, const Header& header, std::uint64_t bits, std::uint64_t stride,
                   std::uint64_t colours, const std::string& name) {
  if (colours >= std::uint64_t{1} << bits) return;
  const unsigned mask = (1u << bits) - 1;
  for (std::uint64_t y = 0; y < header.height; ++y)
    for (std::uint64_t x = 0; x < header.width; ++x) {
      const std::uint64_t bit = x * bits;
      const auto byte = std::to_integer<unsigned>(rows[static_cast<std::size_t>(y * stride + bit / 8)]);
      if ((byte >> (8 - bits - bit % 8) & mask) >= colours)
        refuse(name, "damaged BMP: palette index out of range (the palette has ", colours, " colours)");
    }
}

}  // namespace

Image bmp(std::span<const std::byte> bytes, const std::string& name, const ReadLimits& limits) {
  const ByteView view(bytes, std::endian::little);
  const auto number = [&](const std::optional<std::uint32_t>& value) { return field(value, "BMP", name); };
  const std::uint64_t offset = number(view.u32(10)), header_bytes = number(view.u32(14));
  constexpr std::array<std::uint64_t, 5> known{12, 40, 56, 108, 124};
  if (std::ranges::find(known, header_bytes) == known.end())
    refuse(name, "unsupported BMP (a header of ", header_bytes, " bytes, 12, 40, 56, 108 or 124)");
  const bool old = header_bytes == 12;
  const auto across = static_cast<std::int32_t>(number(old ? view.u16(18) : view.u32(18)));
  const auto down = static_cast<std::int32_t>(number(old ? view.u16(20) : view.u32(22)));  // negative: top row first
  const std::uint64_t bits = number(view.u16(old ? 24 : 28)), compression = old ? 0 : number(view.u32(30));
  if (across <= 0 || down == 0) refuse(name, "empty image (", across, " x ", down, ", at least 1 x 1)");
  if (compression != 0 && compression != 3) refuse(name, "unsupported BMP (compression ", compression, ", 0 or 3)");
  if (bits != 1 && bits != 4 && bits != 8 && bits != 16 && bits != 24 && bits != 32)
    refuse(name, "unsupported BMP (", bits, " bits per pixel, 1, 4, 8, 16, 24 or 32)");

  Header header{"BMP", static_cast<std::uint64_t>(across), static_cast<std::uint64_t>(std::abs(std::int64_t{down})), 0};
  check_size(name, header.width, header.height, limits);
  const std::uint64_t stride = (header.width * bits + 31) / 32 * 4;
  header.file_bytes = offset + stride * (header.height - 1) + (header.width * bits + 7) / 8;
  if (bits < 16) {
    if (old) refuse(name, "unsupported BMP (a palette in a header of 12 bytes)");
    const std::uint64_t before = 14 + header_bytes;
    if (offset < before + 4 || offset > before + 4 * 256 + 3)
      refuse(name, "damaged BMP: impossible palette (pixels at byte ", offset, ")");
    if (header.file_bytes <= bytes.size())
      check_indices(bytes.subspan(static_cast<std::size_t>(offset)), header, bits, stride, (offset - before) / 4, name);
  }
  return load(bytes, name, limits, header);
}

// GIF ---------------------------------------------------------------------------------------------------------

namespace {

/// The position behind data blocks, each after its length, up to an empty one; the file's end when they are cut.
std::uint64_t behind_blocks(const ByteView& view, std::uint64_t position) {
  while (const std::uint32_t length = view.u8(position).value_or(0)) position += 1 + length;
  return position + 1;
}

std::uint64_t table_bytes(std::uint32_t flags) {
  return (flags & 0x80) != 0 ? std::uint64_t{3} << ((flags & 7) + 1) : 0;
}

/// How many pictures the file holds; 2 stands for more.
int count_pictures(const ByteView& view) {
  constexpr std::uint32_t extension = 0x21, picture = 0x2C;
  int pictures = 0;
  std::uint64_t position = 13 + table_bytes(view.u8(10).value_or(0));
  while (pictures < 2) {
    const std::uint32_t kind = view.u8(position).value_or(0);
    if (kind == extension) {
      position = behind_blocks(view, position + 2);
    } else if (kind == picture) {
      ++pictures;
      position = behind_blocks(view, position + 11 + table_bytes(view.u8(position + 9).value_or(0)));
    } else {
      break;
    }
  }
  return pictures;
}

}  // namespace

Image gif(std::span<const std::byte> bytes, const std::string& name, const ReadLimits& limits) {
  const ByteView view(bytes, std::endian::little);
  Header header{"GIF", field(view.u16(6), "GIF", name), field(view.u16(8), "GIF", name), 0};
  constexpr std::uint64_t longest_run = 4096, code_bits = 12;  // a code's pixels; no code of that many is shorter
  header.file_bytes = header.width * header.height / longest_run * code_bits / 8;
  Image image = load(bytes, name, limits, header);
  if (count_pictures(view) > 1) warn(image, "animated GIF; only its first picture is used");
  return image;
}

// PSD ---------------------------------------------------------------------------------------------------------

Image psd(std::span<const std::byte> bytes, const std::string& name, const ReadLimits& limits) {
  const ByteView view(bytes);
  const auto number = [&](const std::optional<std::uint32_t>& value) { return field(value, "PSD", name); };
  const std::uint64_t channels = number(view.u16(12)), bits = number(view.u16(22)), mode = number(view.u16(24));
  Header header{"PSD", number(view.u32(18)), number(view.u32(14)), 0};
  check_size(name, header.width, header.height, limits);
  if (mode != 3) refuse(name, "unsupported PSD (colour mode ", mode, ", 3: RGB)");
  if (channels < 3 || channels > 16) refuse(name, "unsupported PSD (", channels, " channels, 3 to 16)");
  if (bits != 8 && bits != 16) refuse(name, "unsupported PSD (", bits, " bits per sample, 8 or 16)");
  std::uint64_t position = 26;
  for (const char* section : {"mode data", "resources", "layers"}) {
    const std::uint64_t length = number(view.u32(position));
    if (!view.has(position + 4, length))
      refuse(name, "damaged PSD: the ", section, " reach behind the end of the file");
    if (length > INT32_MAX)
      refuse(name, "unsupported PSD (", section, " of ", length, " bytes, at most ", INT32_MAX, ")");
    position += 4 + length;
  }
  const std::uint64_t compression = number(view.u16(position));
  if (compression > 1) refuse(name, "unsupported PSD (compression ", compression, ", 0 or 1)");
  if (compression == 1 && bits == 16) refuse(name, "unsupported PSD (16 bits per sample with run lengths)");
  constexpr std::uint64_t longest_run = 128, run_bytes = 2;
  const std::uint64_t rows = header.height * channels;
  header.file_bytes =
      position + 2 +
      (compression == 0 ? rows * header.width * bits / 8 : rows * (2 + header.width / longest_run * run_bytes));
  header.wide = bits == 16;
  return load(bytes, name, limits, header);
}

// TGA ---------------------------------------------------------------------------------------------------------

namespace {

struct TgaHeader {
  std::uint32_t id_bytes, has_palette, kind, first, colours, colour_bits, width, height, bits, flags;

  bool run_lengths() const { return kind > 8; }
  bool indexed() const { return kind % 8 == 1; }
  bool grey() const { return kind % 8 == 3; }
  std::uint64_t pixels_at() const {
    return 18 + std::uint64_t{id_bytes} + (has_palette ? std::uint64_t{colours} * ((colour_bits + 7) / 8) : 0);
  }
};

std::optional<TgaHeader> read_tga_header(std::span<const std::byte> bytes) {
  const ByteView view(bytes, std::endian::little);
  if (!view.has(0, 18)) return std::nullopt;
  return TgaHeader{*view.u8(0), *view.u8(1),   *view.u8(2),   *view.u16(3), *view.u16(5),
                   *view.u8(7), *view.u16(12), *view.u16(14), *view.u8(16), *view.u8(17)};
}

}  // namespace

bool looks_like_tga(std::span<const std::byte> bytes) {
  const auto header = read_tga_header(bytes);
  if (!header) return false;
  const auto one_of = [](std::uint32_t value, std::initializer_list<std::uint32_t> allowed) {
    return std::ranges::find(allowed, value) != allowed.end();
  };
  constexpr std::uint32_t unused_flags = 0xC0, alpha_bits = 0x0F;
  if (!one_of(header->kind, {1, 2, 3, 9, 10, 11}) || header->has_palette > 1 || header->width == 0 ||
      header->height == 0 || (header->flags & unused_flags) != 0 || (header->flags & alpha_bits) > 8)
    return false;
  if (header->has_palette == 1 && (header->colours == 0 || !one_of(header->colour_bits, {15, 16, 24, 32})))
    return false;
  if (header->indexed()) return header->has_palette == 1 && one_of(header->bits, {8, 16});
  return header->grey() ? one_of(header->bits, {8, 16}) : one_of(header->bits, {15, 16, 24, 32});
}

Image tga(std::span<const std::byte> bytes, const std::string& name, const ReadLimits& limits) {
  const TgaHeader found = read_tga_header(bytes).value();
  if (!found.indexed() && found.has_palette != 0) refuse(name, "unsupported TGA (a palette beside colours)");
  if (found.first != 0) refuse(name, "unsupported TGA (a palette that begins at ", found.first, ")");
  Header header{"TGA", found.width, found.height, 0};
  constexpr std::uint64_t longest_run = 128;
  const std::uint64_t pixels = header.width * header.height, pixel_bytes = (found.bits + 7) / 8;
  header.file_bytes =
      found.pixels_at() +
      (found.run_lengths() ? (pixels + longest_run - 1) / longest_run * (1 + pixel_bytes) : pixels * pixel_bytes);
  Image image = load(bytes, name, limits, header);
  constexpr std::uint32_t from_right = 0x10;
  constexpr int mirrored = 2;  // as an EXIF orientation
  if ((found.flags & from_right) != 0) image.pixels = upright(image.pixels, mirrored);
  return image;
}

}  // namespace duhdr::decode
