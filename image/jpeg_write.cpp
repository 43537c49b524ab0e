// SPDX-License-Identifier: Apache-2.0
#include <csetjmp>
#include <cstdio>
#include <cstdlib>

#include <jpeglib.h>

#include "image/encode.h"

namespace duhdr {
namespace {

/// Owns a compressor and its output. The library reports errors by a jump: run() is the only place that it can
/// land in, and what runs inside has no destructors.
class Compressor {
 public:
  Compressor() {
    info.err = jpeg_std_error(&manager_);
    info.client_data = this;
    manager_.output_message = [](j_common_ptr) {};
    manager_.error_exit = [](j_common_ptr common) {
      auto* me = static_cast<Compressor*>(common->client_data);
      common->err->format_message(common, me->error_);
      std::longjmp(me->landing_, 1);
    };
  }
  ~Compressor() {
    jpeg_destroy_compress(&info);
    std::free(buffer);
  }
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;

  template <class F>
  void run(F action) {
    if (setjmp(landing_) == 0) {
      action();
      return;
    }
    throw Error(ExitCode::internal, message("JPEG encoding failed: ", escaped(error_)));
  }

  jpeg_compress_struct info{};
  unsigned char* buffer = nullptr;
  unsigned long length = 0;

 private:
  jpeg_error_mgr manager_{};
  std::jmp_buf landing_;
  char error_[JMSG_LENGTH_MAX] = "";
};

}  // namespace

Bytes encode_jpeg(const Tensor& codes, int quality, ChromaSampling chroma) {
  DUHDR_CHECK(codes.defined() && codes.dtype() == DType::u8 && codes.device().is_cpu(), "u8 pixels on the CPU");
  const Shape& shape = codes.shape();
  DUHDR_CHECK(shape.rank() == 4 && shape.n() == 1 && (shape.c() == 1 || shape.c() == 3) && shape.numel() > 0,
              "pixels are ", shape);
  DUHDR_CHECK(quality >= 1 && quality <= 100, "quality ", quality);
  if (shape.w() > JPEG_MAX_DIMENSION || shape.h() > JPEG_MAX_DIMENSION)
    throw Error(ExitCode::usage, message("too large for JPEG (", shape.w(), " x ", shape.h(), ", at most ",
                                         JPEG_MAX_DIMENSION, " per side)"));
  const std::uint8_t* first = codes.data<std::uint8_t>();
  const std::int64_t row_bytes = shape.w() * shape.c();
  const bool halved = shape.c() == 3 && chroma == ChromaSampling::half;
  const bool without_chroma = shape.c() == 3 && chroma == ChromaSampling::none;
  Compressor file;
  auto& info = file.info;
  file.run([&] {
    jpeg_create_compress(&info);
    jpeg_mem_dest(&info, &file.buffer, &file.length);
    info.image_width = static_cast<JDIMENSION>(shape.w());
    info.image_height = static_cast<JDIMENSION>(shape.h());
    info.input_components = static_cast<int>(shape.c());
    info.in_color_space = shape.c() == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(&info);
    if (without_chroma) jpeg_set_colorspace(&info, JCS_RGB);
    jpeg_set_quality(&info, quality, TRUE);
    info.comp_info[0].h_samp_factor = info.comp_info[0].v_samp_factor = halved ? 2 : 1;
    jpeg_start_compress(&info, TRUE);
    while (info.next_scanline < info.image_height) {
      auto* row = const_cast<unsigned char*>(first + info.next_scanline * row_bytes);
      jpeg_write_scanlines(&info, &row, 1);
    }
    jpeg_finish_compress(&info);
  });
  const auto* begin = reinterpret_cast<const std::byte*>(file.buffer);
  return Bytes(begin, begin + file.length);
}

}  // namespace duhdr
