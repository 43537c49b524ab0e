// SPDX-License-Identifier: Apache-2.0
// PNG decoding by libpng's low-level interface: every colour type and depth, interlaced or not.
#include <algorithm>
#include <cmath>
#include <csetjmp>
#include <cstring>

#include <png.h>
#include <zlib.h>

#include "image/bytes.h"
#include "image/decode.h"

namespace duhdr::decode {
namespace {

constexpr png_alloc_size_t chunk_bytes = 8'000'000;
constexpr std::uint64_t deflate_ratio = 1032;  // no deflate stream expands more
constexpr std::uint64_t png_signature_bytes = 8;
constexpr std::uint64_t chunk_frame = 12;  // length, name, checksum

/// Owns a reader. The library reports errors by a jump: run() is the only place that it can land in, and what
/// runs inside has no destructors.
class Reader {
 public:
  Reader(std::span<const std::byte> bytes, const std::string& name) : bytes_(bytes), name_(name) {
    png = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, on_error, on_warning);
    if (png != nullptr) info = png_create_info_struct(png);
    if (info == nullptr) {
      png_destroy_read_struct(&png, nullptr, nullptr);
      throw Error(ExitCode::out_of_memory, message(name, ": not enough memory to decode the PNG"));
    }
  }
  ~Reader() { png_destroy_read_struct(&png, &info, nullptr); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  template <class F>
  void run(F action) {
    if (setjmp(landing_) == 0) {
      action();
      return;
    }
    refuse(name_, "damaged PNG: ", escaped(error_));
  }

  /// Reads up to the first picture data. Chunks that we have no use for are skipped unread.
  void open(const ReadLimits& limits) {
    static constexpr unsigned char unused[] = "bKGD\0hIST\0iTXt\0oFFs\0pCAL\0pHYs\0sBIT\0sCAL\0sPLT\0tEXt\0tIME\0zTXt";
    constexpr int unused_count = sizeof(unused) / 5;
    run([&] {
      png_set_read_fn(png, this, on_read);
      const auto side = static_cast<png_uint_32>(std::min<std::int64_t>(limits.side, PNG_UINT_31_MAX));
      png_set_user_limits(png, side, side);
      png_set_chunk_malloc_max(png, chunk_bytes);
      png_set_benign_errors(png, 1);
      png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_WARN_DISCARD);
      png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, unused, unused_count);
      png_set_read_user_chunk_fn(png, this, on_chunk);
      png_read_info(png, info);
    });
  }

  /// From here on damaged picture data is an error, or no more. What a complete picture has too much is a warning.
  void set_strict(bool strict) { strict_ = strict; }

  void report(Image& image) const {
    if (warnings_ > 0)
      warn(image, message("PNG: ", escaped(warning_), warnings_ > 1 ? message(" (and ", warnings_ - 1, " more)") : ""));
    if (animated_) warn(image, "animated PNG; only its still picture is used");
  }
  std::size_t rest() const { return bytes_.size() - position_; }

  png_structp png = nullptr;
  png_infop info = nullptr;

 private:
  static void keep(char (&to)[128], const char* text) { std::snprintf(to, sizeof(to), "%s", text); }

  [[noreturn]] static void on_error(png_structp png, const char* text) {
    auto* me = static_cast<Reader*>(png_get_error_ptr(png));
    keep(me->error_, text);
    std::longjmp(me->landing_, 1);
  }
  static void on_warning(png_structp png, const char* text) {
    auto* me = static_cast<Reader*>(png_get_error_ptr(png));
    const bool surplus = std::strstr(text, "Extra compressed data") || std::strstr(text, "Too much image data");
    if (me->strict_ && !surplus) on_error(png, text);
    if (me->warnings_++ == 0) keep(me->warning_, text);
  }
  static void on_read(png_structp png, png_bytep to, std::size_t count) {
    auto* me = static_cast<Reader*>(png_get_io_ptr(png));
    if (count > me->rest()) png_error(png, "the file ends too early");
    std::memcpy(to, me->bytes_.data() + me->position_, count);
    me->position_ += count;
  }
  static int on_chunk(png_structp png, png_unknown_chunkp chunk) {
    auto* me = static_cast<Reader*>(png_get_user_chunk_ptr(png));
    if (std::memcmp(chunk->name, "acTL", 4) == 0) me->animated_ = true;
    constexpr unsigned lower_case = 0x20;  // of the first letter: an ancillary chunk
    if ((chunk->name[0] & lower_case) == 0) return 0;
    return 1;
  }

  std::span<const std::byte> bytes_;
  const std::string& name_;
  std::size_t position_ = 0;
  std::jmp_buf landing_;
  char error_[128] = "";
  char warning_[128] = "";
  int warnings_ = 0;
  bool animated_ = false;
  bool strict_ = false;
};

/// What the header says about the samples.
struct Format {
  std::int64_t width, height;
  int depth, colour, channels;
  bool palette() const { return colour == PNG_COLOR_TYPE_PALETTE; }
  bool grey() const { return (colour & PNG_COLOR_MASK_COLOR) == 0; }
};

struct Palette {
  const png_color* colours = nullptr;
  int count = 0;
};

/// One row of unpacked samples (one byte each, or two in big-endian order) to [0, 1] R G B. Answers false at a
/// palette index that the palette does not have.
bool convert_row(const Format& format, const Palette& palette, const unsigned char* row, float* rgb) {
  const auto largest = static_cast<float>((1 << format.depth) - 1);
  const int sample_bytes = format.depth == 16 ? 2 : 1;
  const int pixel_bytes = format.channels * sample_bytes;
  for (std::int64_t x = 0; x < format.width; ++x, row += pixel_bytes, rgb += 3) {
    if (format.palette()) {
      if (row[0] >= palette.count) return false;
      const png_color& colour = palette.colours[row[0]];
      rgb[0] = static_cast<float>(colour.red) / 255.0f;
      rgb[1] = static_cast<float>(colour.green) / 255.0f;
      rgb[2] = static_cast<float>(colour.blue) / 255.0f;
      continue;
    }
    for (int c = 0; c < 3; ++c) {
      const unsigned char* sample = row + (format.grey() ? 0 : c * sample_bytes);
      const int code = sample_bytes == 2 ? sample[0] * 256 + sample[1] : sample[0];
      rgb[c] = static_cast<float>(code) / largest;
    }
  }
  return true;
}

/// Reads all rows, then what follows them up to IEND.
void read_pixels(Reader& reader, const Format& format, const std::string& name, Tensor& pixels) {
  Palette palette;
  std::vector<unsigned char> rows;
  int passes = 1;
  reader.run([&] {
    png_colorp colours = nullptr;
    if (png_get_PLTE(reader.png, reader.info, &colours, &palette.count) != 0) palette.colours = colours;
    png_set_packing(reader.png);
    passes = png_set_interlace_handling(reader.png);
    png_read_update_info(reader.png, reader.info);
  });
  const std::size_t stride = png_get_rowbytes(reader.png, reader.info);
  rows.resize(stride * (passes > 1 ? static_cast<std::size_t>(format.height) : 1));

  float* rgb = pixels.mutable_data<float>();
  bool indices_ok = true;
  reader.run([&] {
    reader.set_strict(true);
    for (int pass = 0; pass < passes; ++pass) {
      const bool last = pass + 1 == passes;
      for (std::int64_t y = 0; y < format.height; ++y) {
        unsigned char* row = rows.data() + (passes > 1 ? static_cast<std::size_t>(y) * stride : 0);
        png_read_row(reader.png, row, nullptr);
        if (last) indices_ok &= convert_row(format, palette, row, rgb + y * format.width * 3);
      }
    }
  });
  if (!indices_ok)
    refuse(name, "damaged PNG: palette index out of range (the palette has ", palette.count, " colours)");
  reader.set_strict(false);
  reader.run([&] { png_read_end(reader.png, reader.info); });
}

/// What the file's chunks hold, found without decoding any.
struct Chunks {
  std::optional<CodePoints> code_points;  // cICP, before the picture and with a checksum that is right
  std::uint64_t picture_bytes = 0;        // of compressed picture data
  std::span<const std::byte> xmp;         // of the first XMP packet whose checksum is right
};

Chunks walk(std::span<const std::byte> bytes) {
  using namespace std::string_view_literals;
  constexpr std::string_view xmp = "XML:com.adobe.xmp\0\0\0"sv;  // not compressed; two texts follow, each before a zero
  const ByteView view(bytes);
  Chunks found;
  for (std::uint64_t at = png_signature_bytes; view.has(at, chunk_frame);) {
    const std::uint64_t length = *view.u32(at);
    if (view.starts_with("IDAT", at + 4)) found.picture_bytes += length;
    const auto data = view.part(at + 8, length);
    if (data && length == 4 && view.starts_with("cICP", at + 4) && found.picture_bytes == 0 &&
        crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data() + at + 4), 8) == view.u32(at + 12))
      found.code_points = {*view.u8(at + 8), *view.u8(at + 9)};
    if (found.xmp.empty() && data && view.starts_with("iTXt", at + 4) && ByteView(*data).starts_with(xmp)) {
      const auto* first = reinterpret_cast<const Bytef*>(bytes.data() + at + 4);
      const std::string_view rest = ByteView::as_text(data->subspan(xmp.size()));
      const std::size_t packet = rest.find('\0', std::min(rest.find('\0'), rest.size() - 1) + 1);
      if (packet != rest.npos && crc32_z(0, first, length + 4) == view.u32(at + 8 + length))
        found.xmp = data->subspan(xmp.size() + packet + 1);
    }
    at += chunk_frame + length;
  }
  return found;
}

/// Picture data far beyond what the picture can take is refused before it is read.
void check_picture_bytes(const Chunks& chunks, const Format& format, const std::string& name) {
  constexpr std::int64_t padding = 1 << 20;
  const std::int64_t row = 1 + (format.width * format.depth * format.channels + 7) / 8;
  const auto most = static_cast<std::uint64_t>(2 * format.height * row + padding);  // twice: interlaced, stored badly
  if (chunks.picture_bytes > most)
    refuse(name, "damaged PNG: too much picture data (", chunks.picture_bytes, " bytes, at most ", most, ")");
}

void check_header(std::span<const std::byte> bytes, const std::string& name, const ReadLimits& limits) {
  using namespace std::string_view_literals;
  const ByteView view(bytes);
  const auto width = view.u32(16), height = view.u32(20);
  const auto depth = view.u8(24);
  if (!view.starts_with("\0\0\0\x0DIHDR"sv, 8) || !depth) refuse(name, "damaged PNG: no IHDR chunk");
  check_size(name, *width, *height, limits);
  const std::uint64_t smallest = std::uint64_t{*width} * *height * *depth / 8;
  if (smallest / deflate_ratio > bytes.size())
    refuse(name, "damaged PNG: the file ends too early (", bytes.size(), " bytes, at least ", smallest / deflate_ratio,
           ")");
}

/// The colours of gAMA and cHRM; nothing where they are sRGB's or say nothing that can be.
std::optional<StatedColours> read_numbers(Reader& reader) {
  constexpr double srgb_gamma = 0.45455, tolerance = 0.01, least = 0.1, most = 10;
  double gamma = srgb_gamma, x[4]{}, y[4]{};
  bool has_primaries = false;
  reader.run([&] {
    png_get_gAMA(reader.png, reader.info, &gamma);
    has_primaries = png_get_cHRM(reader.png, reader.info, &x[0], &y[0], &x[1], &y[1], &x[2], &y[2], &x[3], &y[3]) != 0;
  });
  StatedColours stated;
  if (!(gamma >= least && gamma <= most)) return std::nullopt;
  if (std::abs(gamma - srgb_gamma) > tolerance) stated.exponent = 1 / gamma;
  const Chromaticities found{x[1], y[1], x[2], y[2], x[3], y[3], x[0], y[0]};
  if (has_primaries && !is_rec709(found)) stated.primaries = found;
  if (stated.exponent == 0 && stated.primaries == rec709) return std::nullopt;
  return stated;
}

/// What is stated best counts: cICP, a profile, sRGB, numbers.
void read_colour(Reader& reader, const Chunks& chunks, Image& image, const std::string& name) {
  int intent = 0, compression = 0;
  char* profile_name = nullptr;
  unsigned char* profile = nullptr;
  png_uint_32 length = 0;
  bool srgb = false, has_profile = false;
  reader.run([&] {
    srgb = png_get_sRGB(reader.png, reader.info, &intent) != 0;
    has_profile = png_get_iCCP(reader.png, reader.info, &profile_name, &compression, &profile, &length) != 0;
  });
  const std::span<const std::byte> icc(reinterpret_cast<const std::byte*>(profile), has_profile ? length : 0);
  if (chunks.code_points) {
    image.icc.assign(icc.begin(), icc.end());
    apply_code_points(image, *chunks.code_points, name);
  } else if (has_profile) {
    apply_icc(image, icc);
  } else if (const auto numbers = srgb ? std::nullopt : read_numbers(reader)) {
    apply_colours(image, *numbers, message("colours of gAMA or cHRM (code^", numbers->exponent, ")"));
  }
}

}  // namespace

Image png(std::span<const std::byte> bytes, const std::string& name, const ReadLimits& limits) {
  check_header(bytes, name, limits);
  Reader reader(bytes, name);
  reader.open(limits);
  const Format format{png_get_image_width(reader.png, reader.info), png_get_image_height(reader.png, reader.info),
                      png_get_bit_depth(reader.png, reader.info), png_get_color_type(reader.png, reader.info),
                      png_get_channels(reader.png, reader.info)};
  const bool alpha =
      (format.colour & PNG_COLOR_MASK_ALPHA) != 0 || png_get_valid(reader.png, reader.info, PNG_INFO_tRNS) != 0;
  const Chunks chunks = walk(bytes);
  check_picture_bytes(chunks, format, name);
  Image image;
  image.pixels = Tensor({1, format.height, format.width, 3}, DType::f32);
  read_pixels(reader, format, name, image.pixels);

  reader.report(image);
  if (alpha) warn(image, "transparency is ignored");
  read_colour(reader, chunks, image, name);
  png_uint_32 exif_bytes = 0;
  unsigned char* exif = nullptr;
  reader.run([&] { png_get_eXIf_1(reader.png, reader.info, &exif_bytes, &exif); });
  const auto* first = reinterpret_cast<const std::byte*>(exif);
  if (exif != nullptr) image.exif.assign(first, first + exif_bytes);
  image.xmp.assign(chunks.xmp.begin(), chunks.xmp.end());
  apply_orientation(image);
  warn_trailing(image, reader.rest());
  return image;
}

}  // namespace duhdr::decode
