// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <mutex>
#include <system_error>

#include <ImfChannelList.h>
#include <ImfFrameBuffer.h>
#include <ImfHeader.h>
#include <ImfIO.h>
#include <ImfOutputFile.h>
#include <ImfStandardAttributes.h>
#include <ImfStringAttribute.h>
#include <ImfThreading.h>

#include "image/encode.h"
#include "tensor/parallel.h"

namespace duhdr {
namespace {

class MemorySink : public Imf::OStream {
 public:
  MemorySink() : OStream("memory") {}
  void write(const char from[], int count) override {
    const auto length = static_cast<std::size_t>(count);
    if (position_ + length > bytes.size()) bytes.resize(position_ + length);
    std::memcpy(bytes.data() + position_, from, length);
    position_ += length;
  }
  std::uint64_t tellp() override { return position_; }
  void seekp(std::uint64_t position) override { position_ = static_cast<std::size_t>(position); }

  Bytes bytes;

 private:
  std::size_t position_ = 0;
};

Imf::Header make_header(int width, int height, const ExrOptions& options) {
  Imf::Header header(width, height);
  header.compression() = Imf::ZIP_COMPRESSION;
  const Chromaticities& c = options.chromaticities;
  Imf::addChromaticities(header, Imf::Chromaticities({c.red_x, c.red_y}, {c.green_x, c.green_y}, {c.blue_x, c.blue_y},
                                                     {c.white_x, c.white_y}));
  if (options.white_luminance) Imf::addWhiteLuminance(header, *options.white_luminance);
  for (const char* channel : {"R", "G", "B"})
    header.channels().insert(channel, Imf::Channel(options.half ? Imf::HALF : Imf::FLOAT));
  for (const auto& [name, text] : options.attributes) {
    constexpr std::size_t longest_name = 255;
    if (name.empty() || name.size() > longest_name || header.find(name) != header.end())
      throw Error(ExitCode::usage, message("EXR attribute name ", escaped(name), " cannot be used"));
    header.insert(name, Imf::StringAttribute(text));
  }
  return header;
}

/// OpenEXR compresses on threads of its own, which sleep between two files: as many as the CPU ops have, 0 for one.
int compression_threads() {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  const int threads = cpu_threads() > 1 ? cpu_threads() : 0;
  try {
    if (Imf::globalThreadCount() != threads) Imf::setGlobalThreadCount(threads);
  } catch (const std::system_error&) {
    throw Error(ExitCode::out_of_memory, "no more threads can be started; use fewer (-j)");
  }
  return threads;
}

/// Writes bands of lines, each converted to `T` first, in as many blocks of OpenEXR's as keep the threads busy.
template <class T>
void write_lines(Imf::OutputFile& file, const Tensor& pixels, Imf::PixelType type, int threads) {
  constexpr std::int64_t block = 16, blocks_per_thread = 8, least_range = 8192;
  const std::int64_t band = block * blocks_per_thread * std::max(threads, 1);
  const std::int64_t row = pixels.shape().w() * 3, height = pixels.shape().h();
  std::vector<T> lines(static_cast<std::size_t>(row * std::min(band, height)));
  constexpr std::size_t step = 3 * sizeof(T);
  const std::size_t row_bytes = static_cast<std::size_t>(row) * sizeof(T);
  for (std::int64_t y = 0; y < height; y += band) {
    const std::int64_t count = std::min(band, height - y);
    const float* from = pixels.data<float>() + y * row;
    parallel_range(count * row, least_range, [&](std::int64_t begin, std::int64_t end) {
      std::transform(from + begin, from + end, lines.begin() + begin,
                     [](float value) { return T(sizeof(T) == 2 ? std::min(value, largest_half) : value); });
    });
    const auto base = reinterpret_cast<std::uintptr_t>(lines.data()) - static_cast<std::uintptr_t>(y) * row_bytes;
    Imf::FrameBuffer buffer;
    std::size_t offset = 0;
    for (const char* channel : {"R", "G", "B"}) {
      buffer.insert(channel, Imf::Slice(type, reinterpret_cast<char*>(base + offset), step, row_bytes));
      offset += sizeof(T);
    }
    file.setFrameBuffer(buffer);
    file.writePixels(static_cast<int>(count));
  }
}

}  // namespace

Bytes encode_exr(const Tensor& pixels, const ExrOptions& options) {
  check_light(pixels);
  const Imf::Header header =
      make_header(static_cast<int>(pixels.shape().w()), static_cast<int>(pixels.shape().h()), options);
  MemorySink sink;
  {
    const int threads = compression_threads();
    Imf::OutputFile file(sink, header, threads);  // its destructor writes the table of offsets
    if (options.half)
      write_lines<f16>(file, pixels, Imf::HALF, threads);
    else
      write_lines<float>(file, pixels, Imf::FLOAT, threads);
  }
  return std::move(sink.bytes);
}

}  // namespace duhdr
