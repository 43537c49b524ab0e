// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <csetjmp>
#include <cstdio>
#include <vector>

#include <png.h>

#include "image/bytes.h"
#include "image/encode.h"

namespace duhdr {
namespace {

/// A chunk that libpng does not write by itself, or not in all its versions.
struct Chunk {
  const char* name;
  Bytes data;
};

/// Owns a writer. The library reports errors by a jump: run() is the only place that it can land in, and what runs
/// inside has no destructors.
class Writer {
 public:
  Writer() {
    png = png_create_write_struct(PNG_LIBPNG_VER_STRING, this, on_error, [](png_structp, const char*) {});
    if (png != nullptr) info = png_create_info_struct(png);
    if (info == nullptr) {
      png_destroy_write_struct(&png, nullptr);
      throw Error(ExitCode::out_of_memory, "not enough memory to encode a PNG");
    }
  }
  ~Writer() { png_destroy_write_struct(&png, &info); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  template <class F>
  void run(F action) {
    if (setjmp(landing_) == 0) {
      action();
      return;
    }
    throw Error(ExitCode::out_of_memory, message("PNG encoding failed: ", escaped(error_)));
  }

  /// Up to the first picture data, `chunks` last.
  void begin(std::int64_t width, std::int64_t height, int depth, bool is_srgb, std::span<const Chunk> chunks = {}) {
    run([&] {
      png_set_write_fn(png, this, on_write, nullptr);
      png_set_IHDR(png, info, static_cast<png_uint_32>(width), static_cast<png_uint_32>(height), depth,
                   PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
      if (is_srgb) png_set_sRGB(png, info, PNG_sRGB_INTENT_PERCEPTUAL);
      png_write_info(png, info);
      for (const Chunk& chunk : chunks) write(chunk);
    });
  }

  png_structp png = nullptr;
  png_infop info = nullptr;
  Bytes bytes;

 private:
  void write(const Chunk& chunk) {
    png_write_chunk(png, reinterpret_cast<png_const_bytep>(chunk.name),
                    reinterpret_cast<png_const_bytep>(chunk.data.data()), chunk.data.size());
  }
  [[noreturn]] static void on_error(png_structp png, const char* text) {
    auto* me = static_cast<Writer*>(png_get_error_ptr(png));
    std::snprintf(me->error_, sizeof(me->error_), "%s", text);
    std::longjmp(me->landing_, 1);
  }
  static void on_write(png_structp png, png_bytep from, std::size_t count) {
    auto* me = static_cast<Writer*>(png_get_io_ptr(png));
    const auto* first = reinterpret_cast<const std::byte*>(from);
    bool stored = true;
    try {
      me->bytes.insert(me->bytes.end(), first, first + count);
    } catch (const std::bad_alloc&) {
      stored = false;
    }
    if (!stored) png_error(png, "not enough memory");
  }

  std::jmp_buf landing_;
  char error_[128] = "";
};

void check_shape(const Tensor& pixels, DType dtype) {
  DUHDR_CHECK(pixels.defined() && pixels.dtype() == dtype && pixels.device().is_cpu(), "pixels on the CPU");
  const Shape& shape = pixels.shape();
  DUHDR_CHECK(shape.rank() == 4 && shape.n() == 1 && shape.c() == 3 && shape.numel() > 0, "pixels are ", shape);
}

/// R G B of 16 bits; `code_of` answers the code at an index.
template <class F>
Bytes png16(std::int64_t width, std::int64_t height, bool is_srgb, std::span<const Chunk> chunks, const F& code_of) {
  std::vector<std::uint8_t> line(static_cast<std::size_t>(width) * 6);
  std::uint8_t* bytes = line.data();
  Writer writer;
  writer.begin(width, height, 16, is_srgb, chunks);
  writer.run([&] {
    for (std::int64_t y = 0; y < height; ++y) {
      for (std::int64_t i = 0; i < 3 * width; ++i) {
        const std::uint32_t code = code_of(y * 3 * width + i);
        bytes[2 * i] = static_cast<std::uint8_t>(code >> 8);
        bytes[2 * i + 1] = static_cast<std::uint8_t>(code & 255);
      }
      png_write_row(writer.png, bytes);
    }
    png_write_end(writer.png, nullptr);
  });
  return std::move(writer.bytes);
}

// Data of the chunks of PNG's third edition.

Bytes code_points() {
  Bytes data;
  for (const std::uint32_t code :
       {PqCodePoints::rec2020, PqCodePoints::pq, PqCodePoints::rgb, PqCodePoints::full_range})
    append_byte(data, code);
  return data;
}

void append_luminance(Bytes& to, double luminance) {
  constexpr double steps = 10'000;  // in 1 cd/m^2
  append_u32(to, static_cast<std::uint32_t>(std::lround(luminance * steps)));
}

Bytes mastering_display(const PqPicture& picture) {
  constexpr double steps = 50'000;  // in 1
  constexpr Chromaticities c = pq_picture_gamut;
  Bytes data;
  for (const double part : {c.red_x, c.red_y, c.green_x, c.green_y, c.blue_x, c.blue_y, c.white_x, c.white_y})
    append_u16(data, static_cast<std::uint32_t>(std::lround(part * steps)));
  append_luminance(data, picture.peak);
  append_luminance(data, least_luminance);
  return data;
}

/// Keyword, no compression, no language, no translated keyword, text.
Bytes xmp_text(const Bytes& packet) {
  Bytes data;
  append(data, std::string_view("XML:com.adobe.xmp\0\0\0\0\0", 22));
  append(data, packet);
  return data;
}

Bytes light_levels(const PqPicture& picture) {
  Bytes data;
  append_luminance(data, picture.max_light);
  append_luminance(data, picture.mean_light);
  return data;
}

}  // namespace

Bytes encode_png8(const Tensor& codes) {
  check_shape(codes, DType::u8);
  const std::int64_t height = codes.shape().h(), row = codes.shape().w() * 3;
  const std::uint8_t* first = codes.data<std::uint8_t>();
  Writer writer;
  writer.begin(codes.shape().w(), height, 8, true);
  writer.run([&] {
    for (std::int64_t y = 0; y < height; ++y) png_write_row(writer.png, first + y * row);
    png_write_end(writer.png, nullptr);
  });
  return std::move(writer.bytes);
}

Bytes encode_png16(const Tensor& values) {
  check_shape(values, DType::f32);
  const float* first = values.data<float>();
  DUHDR_CHECK(std::none_of(first, first + values.numel(), [](float value) { return std::isnan(value); }),
              "a value is NaN");
  return png16(values.shape().w(), values.shape().h(), true, {}, [&](std::int64_t i) {
    const double value = std::clamp(first[i], 0.0f, 1.0f);
    return static_cast<std::uint32_t>(std::lround(value * 65535.0));
  });
}

Bytes encode_png_pq(const PqPicture& picture, const Metadata& metadata) {
  DUHDR_CHECK(picture.depth == 16, "a PNG of PQ codes of ", picture.depth, " bits");
  std::vector<Chunk> chunks{
      {"cICP", code_points()}, {"mDCV", mastering_display(picture)}, {"cLLI", light_levels(picture)}};
  if (!metadata.exif.empty()) chunks.push_back({"eXIf", metadata.exif});
  if (!metadata.xmp.empty()) chunks.push_back({"iTXt", xmp_text(metadata.xmp)});
  return png16(picture.width, picture.height, false, chunks,
               [&](std::int64_t i) { return std::uint32_t{picture.codes[static_cast<std::size_t>(i)]}; });
}

}  // namespace duhdr
