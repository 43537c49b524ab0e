// SPDX-License-Identifier: Apache-2.0
// JPEG decoding by libjpeg-turbo: 8-bit baseline, extended, progressive and arithmetic; grey, RGB, CMYK, YCCK.
#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include <jpeglib.h>

#include <jerror.h>

#include "image/bytes.h"
#include "image/decode.h"

namespace duhdr::decode {
namespace {

/// Warnings that do not mean damaged picture data. Bytes between the segments of the header are skipped; within the
/// picture they may be all that shows of damage.
bool harmless(int code, bool in_header) {
  return code == JWRN_ADOBE_XFORM || code == JWRN_BOGUS_ICC || code == JWRN_JFIF_MAJOR || code == JWRN_TOO_MUCH_DATA ||
         (code == JWRN_EXTRANEOUS_DATA && in_header);
}

/// Owns a decompressor. The library reports errors by a jump: run() is the only place that it can land in, and
/// what runs inside has no destructors.
class Decompressor {
 public:
  Decompressor(const std::string& name, const ReadLimits& limits) : name_(name), limits_(limits) {
    info.err = jpeg_std_error(&manager_);
    info.client_data = this;
    manager_.error_exit = [](j_common_ptr common) { fail(common); };
    manager_.emit_message = [](j_common_ptr common, int level) { on_message(common, level); };
    manager_.output_message = [](j_common_ptr) {};
    progress_.progress_monitor = [](j_common_ptr common) { count_scans(common); };
  }
  ~Decompressor() { jpeg_destroy_decompress(&info); }
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;

  template <class F>
  void run(F action) {
    if (setjmp(landing_) == 0) {
      action();
      return;
    }
    end();
  }

  void open(std::span<const std::byte> bytes) {
    run([&] {
      jpeg_create_decompress(&info);
      info.progress = &progress_;
      jpeg_mem_src(&info, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
      jpeg_save_markers(&info, JPEG_APP0 + 1, 0xFFFF);
      jpeg_save_markers(&info, JPEG_APP0 + 2, 0xFFFF);
      jpeg_read_header(&info, TRUE);
      in_header_ = false;
    });
  }

  /// After the last row: whether every coefficient of the picture has come. The library invents an end marker where the
  /// file just ends, and warns when data of the current scan is missing, but not when whole scans are.
  bool has_every_scan() const {
    for (int c = 0; c < info.num_components; ++c) {
      if (info.comp_info[c].quant_table == nullptr) return false;  // no scan of this component
      for (int k = 0; info.progressive_mode != 0 && k < DCTSIZE2; ++k)
        if (info.coef_bits[c][k] != 0) return false;  // never sent, or low bits are missing
    }
    return info.arith_code == 0;  // an arithmetic decoder cannot tell
  }

  /// Refuses a picture whose file just ends, unless it is complete.
  void check_end(bool complete) const {
    if (ended_ && !complete) end();
  }

  void report(Image& image) const {
    if (damages_ > 0)
      warn(image, message("damaged JPEG, decoded as far as it goes: ", escaped(damage_), " (", damages_, " in all)"));
    if (ended_) warn(image, "the JPEG has no end marker; its picture is complete");
    if (noted_) warn(image, message("JPEG: ", escaped(note_)));
  }

  jpeg_decompress_struct info{};

 private:
  static Decompressor& self(j_common_ptr common) { return *static_cast<Decompressor*>(common->client_data); }

  [[noreturn]] static void fail(j_common_ptr common) {
    Decompressor& me = self(common);
    if (!me.ended_) common->err->format_message(common, me.damage_);
    me.code_ = common->err->msg_code;
    std::longjmp(me.landing_, 1);
  }

  static void on_message(j_common_ptr common, int level) {
    Decompressor& me = self(common);
    if (level >= 0) return;
    if (harmless(common->err->msg_code, me.in_header_)) {
      common->err->format_message(common, me.note_);
      me.noted_ = true;
    } else if (!me.limits_.lenient && common->err->msg_code == JWRN_JPEG_EOF) {  // judged at the end
      common->err->format_message(common, me.damage_);
      me.ended_ = true;
    } else if (!me.limits_.lenient) {
      fail(common);
    } else if (me.damages_++ == 0) {
      common->err->format_message(common, me.damage_);
    }
  }

  static void count_scans(j_common_ptr common) {
    Decompressor& me = self(common);
    if (me.info.input_scan_number <= me.limits_.jpeg_scans) return;
    me.too_many_scans_ = true;
    std::longjmp(me.landing_, 1);
  }

  [[noreturn]] void end() const {
    if (too_many_scans_)
      refuse(name_, "too many JPEG scans (more than ", limits_.jpeg_scans, ", at most ", limits_.jpeg_scans, ")");
    if (code_ == JERR_OUT_OF_MEMORY || code_ == JERR_NO_BACKING_STORE)
      throw Error(ExitCode::out_of_memory, message(name_, ": not enough memory to decode the JPEG"));
    if (code_ == JERR_SOF_UNSUPPORTED || code_ == JERR_BAD_PRECISION || code_ == JERR_ARITH_NOTIMPL)
      refuse(name_, "unsupported JPEG process (", escaped(damage_), ", 8-bit baseline, progressive or arithmetic)");
    refuse(name_, "damaged JPEG: ", escaped(damage_));
  }

  const std::string& name_;
  const ReadLimits& limits_;
  jpeg_error_mgr manager_{};
  jpeg_progress_mgr progress_{};
  std::jmp_buf landing_;
  int code_ = 0;
  bool too_many_scans_ = false;
  bool in_header_ = true;
  bool ended_ = false;  // the file ends before the end marker
  bool noted_ = false;
  std::int64_t damages_ = 0;
  char damage_[JMSG_LENGTH_MAX] = "";  // the error, or the first warning about damaged data
  char note_[JMSG_LENGTH_MAX] = "";    // the last harmless warning
};

void choose_output(jpeg_decompress_struct& info, const std::string& name) {
  switch (info.jpeg_color_space) {
    case JCS_GRAYSCALE:
      info.out_color_space = JCS_GRAYSCALE;
      break;
    case JCS_RGB:
    case JCS_YCbCr:
      info.out_color_space = JCS_RGB;
      break;
    case JCS_CMYK:
    case JCS_YCCK:
      info.out_color_space = JCS_CMYK;
      break;
    default:
      refuse(name, "unsupported JPEG colours (", info.num_components, " components, 1, 3 or 4)");
  }
}

/// One row of codes to [0, 1] R G B, or C M Y K with 1 = all ink; Adobe's files hold the inks inverted.
void convert_row(const jpeg_decompress_struct& info, const unsigned char* code, float* rgb) {
  const std::int64_t width = info.output_width;
  if (info.out_color_space == JCS_GRAYSCALE) {
    for (std::int64_t x = 0; x < width; ++x, rgb += 3) rgb[0] = rgb[1] = rgb[2] = static_cast<float>(code[x]) / 255.0f;
  } else if (info.out_color_space == JCS_RGB) {
    for (std::int64_t i = 0; i < 3 * width; ++i) rgb[i] = static_cast<float>(code[i]) / 255.0f;
  } else {
    const int flip = info.saw_Adobe_marker ? 255 : 0;
    for (std::int64_t i = 0; i < 4 * width; ++i) rgb[i] = static_cast<float>(code[i] ^ flip) / 255.0f;
  }
}

void read_rows(Decompressor& file, Tensor& pixels) {
  auto& info = file.info;
  std::vector<unsigned char> codes(std::size_t{info.output_width} * static_cast<std::size_t>(info.output_components));
  unsigned char* row = codes.data();
  float* values = pixels.mutable_data<float>();
  const std::int64_t stride = pixels.shape().w() * pixels.shape().c();
  bool complete = false;
  file.run([&] {
    while (info.output_scanline < info.output_height) {
      float* target = values + info.output_scanline * stride;
      jpeg_read_scanlines(&info, &row, 1);
      convert_row(info, row, target);
    }
    complete = file.has_every_scan();
    jpeg_finish_decompress(&info);
  });
  file.check_end(complete);
}

struct Metadata {
  Bytes exif, icc, xmp;
  bool multi_picture = false;
};

/// Copies what the header's markers hold, before the decompressor drops them.
Metadata read_metadata(Decompressor& file) {
  Metadata found;
  using namespace std::string_view_literals;
  for (const jpeg_marker_struct* marker = file.info.marker_list; marker != nullptr; marker = marker->next) {
    const std::span data(reinterpret_cast<const std::byte*>(marker->data), marker->data_length);
    const ByteView view(data);
    if (marker->marker == JPEG_APP0 + 1 && view.starts_with("Exif\0\0"sv) && found.exif.empty())
      found.exif.assign(data.begin() + 6, data.end());
    constexpr std::string_view xmp = "http://ns.adobe.com/xap/1.0/\0"sv;
    if (marker->marker == JPEG_APP0 + 1 && view.starts_with(xmp) && found.xmp.empty())
      found.xmp.assign(data.begin() + xmp.size(), data.end());
    if (marker->marker == JPEG_APP0 + 2 && view.starts_with("MPF\0"sv)) found.multi_picture = true;
  }
  JOCTET* profile = nullptr;
  unsigned length = 0;
  file.run([&] { jpeg_read_icc_profile(&file.info, &profile, &length); });
  const std::unique_ptr<JOCTET, decltype(&std::free)> owner(profile, &std::free);
  const auto* first = reinterpret_cast<const std::byte*>(profile);
  if (profile != nullptr) found.icc.assign(first, first + length);
  return found;
}

void warn_following(Image& image, std::span<const std::byte> rest, bool multi_picture) {
  if (rest.empty()) return;
  if (multi_picture || ByteView(rest).starts_with("\xFF\xD8\xFF"))
    warn(image, "more pictures follow (multi-picture file or gain map); only the first is used");
  else
    warn_trailing(image, rest.size());
}

/// The picture's coefficients and some working memory; nothing a file says may take more.
long memory_allowed(const jpeg_decompress_struct& info) {
  constexpr std::int64_t working_memory = 64 << 20;
  constexpr std::int64_t bytes_per_sample = 4;  // 2 per coefficient, twice that for padding to whole blocks
  return working_memory + std::int64_t{info.image_width} * info.image_height * info.num_components * bytes_per_sample;
}

}  // namespace

Image jpeg(std::span<const std::byte> bytes, const std::string& name, const ReadLimits& limits) {
  Decompressor file(name, limits);
  file.open(bytes);
  auto& info = file.info;
  check_size(name, info.image_width, info.image_height, limits);
  if (info.data_precision != 8)
    refuse(name, "unsupported JPEG process (", info.data_precision,
           " bits, 8-bit baseline, progressive or arithmetic)");
  choose_output(info, name);
  info.mem->max_memory_to_use = memory_allowed(info);

  Image image;
  Metadata metadata = read_metadata(file);
  file.run([&] { jpeg_start_decompress(&info); });
  const bool inks = info.out_color_space == JCS_CMYK;
  Tensor pixels({1, info.output_height, info.output_width, inks ? 4 : 3}, DType::f32);
  read_rows(file, pixels);

  file.report(image);
  warn_following(image, bytes.last(info.src->bytes_in_buffer), metadata.multi_picture);
  if (inks) apply_inks(image, pixels, metadata.icc);
  if (!inks) image.pixels = std::move(pixels);
  if (!inks && !metadata.icc.empty()) apply_icc(image, metadata.icc);
  image.exif = std::move(metadata.exif);
  image.xmp = std::move(metadata.xmp);
  apply_orientation(image);
  return image;
}

}  // namespace duhdr::decode
