// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <mutex>
#include <string>
#include <system_error>
#include <vector>

#include <ImfChannelList.h>
#include <ImfCompression.h>
#include <ImfFloatAttribute.h>
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

/// The channels of one picture of a file, interleaved in `pixels`.
struct Layer {
  const Tensor& pixels;
  std::vector<std::string> channels;
};

std::vector<Layer> layers_of(const Tensor& pixels, const ExrOptions& options) {
  std::vector<Layer> layers{{pixels, {"R", "G", "B"}}};
  for (const auto& [name, layer] : options.layers) {
    check_light(layer, layer.shape().c() == 1 ? 1 : 3);
    DUHDR_CHECK(layer.shape().h() == pixels.shape().h() && layer.shape().w() == pixels.shape().w(), "layer ", name,
                " is ", layer.shape(), ", the picture ", pixels.shape());
    layers.push_back({layer, layer.shape().c() == 1 ? std::vector<std::string>{name + ".Y"}
                                                    : std::vector<std::string>{name + ".R", name + ".G", name + ".B"}});
  }
  return layers;
}

static_assert(static_cast<int>(ExrCompression::zip) == Imf::ZIP_COMPRESSION &&
              static_cast<int>(ExrCompression::dwab) == Imf::DWAB_COMPRESSION);

Imf::Header make_header(const std::vector<Layer>& layers, const ExrOptions& options) {
  const Shape& shape = layers.front().pixels.shape();
  Imf::Header header(static_cast<int>(shape.w()), static_cast<int>(shape.h()));
  header.compression() = static_cast<Imf::Compression>(options.compression);
  const Chromaticities& c = options.chromaticities;
  const auto xy = [](double x, double y) { return Imath::V2f(static_cast<float>(x), static_cast<float>(y)); };
  Imf::addChromaticities(header, Imf::Chromaticities(xy(c.red_x, c.red_y), xy(c.green_x, c.green_y),
                                                     xy(c.blue_x, c.blue_y), xy(c.white_x, c.white_y)));
  if (options.white_luminance) Imf::addWhiteLuminance(header, *options.white_luminance);
  for (const Layer& layer : layers)
    for (const std::string& channel : layer.channels)
      header.channels().insert(channel, Imf::Channel(options.half ? Imf::HALF : Imf::FLOAT));
  const auto insert = [&](const std::string& name, const Imf::Attribute& attribute) {
    constexpr std::size_t longest_name = 255;
    if (name.empty() || name.size() > longest_name || header.find(name) != header.end())
      throw Error(ExitCode::usage, message("EXR attribute name ", escaped(name), " cannot be used"));
    header.insert(name, attribute);
  };
  for (const auto& [name, text] : options.attributes) insert(name, Imf::StringAttribute(text));
  for (const auto& [name, number] : options.numbers) insert(name, Imf::FloatAttribute(number));
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

/// Lines [y, y + count) of a layer, converted to `T`, and where OpenEXR finds them.
template <class T>
void add_lines(Imf::FrameBuffer& buffer, const Layer& layer, std::int64_t y, std::int64_t count, Imf::PixelType type,
               std::vector<T>& lines) {
  constexpr std::int64_t least_range = 8192;
  const std::int64_t row = layer.pixels.shape().w() * layer.pixels.shape().c();
  lines.resize(static_cast<std::size_t>(row * count));
  const float* from = layer.pixels.data<float>() + y * row;
  parallel_range(count * row, least_range, [&](std::int64_t begin, std::int64_t end) {
    std::transform(from + begin, from + end, lines.begin() + begin,
                   [](float value) { return T(sizeof(T) == 2 ? std::min(value, largest_half) : value); });
  });
  const std::size_t step = layer.channels.size() * sizeof(T), row_bytes = static_cast<std::size_t>(row) * sizeof(T);
  auto base = reinterpret_cast<std::uintptr_t>(lines.data()) - static_cast<std::uintptr_t>(y) * row_bytes;
  for (const std::string& channel : layer.channels) {
    buffer.insert(channel, Imf::Slice(type, reinterpret_cast<char*>(base), step, row_bytes));
    base += sizeof(T);
  }
}

/// Writes bands of lines, in as many blocks of OpenEXR's as keep the threads busy.
template <class T>
void write_lines(Imf::OutputFile& file, const std::vector<Layer>& layers, Imf::PixelType type, int threads) {
  constexpr std::int64_t block = 16, blocks_per_thread = 8;
  const std::int64_t band = block * blocks_per_thread * std::max(threads, 1);
  const std::int64_t height = layers.front().pixels.shape().h();
  std::vector<std::vector<T>> lines(layers.size());
  for (std::int64_t y = 0; y < height; y += band) {
    const std::int64_t count = std::min(band, height - y);
    Imf::FrameBuffer buffer;
    for (std::size_t i = 0; i < layers.size(); ++i) add_lines(buffer, layers[i], y, count, type, lines[i]);
    file.setFrameBuffer(buffer);
    file.writePixels(static_cast<int>(count));
  }
}

}  // namespace

Bytes encode_exr(const Tensor& pixels, const ExrOptions& options) {
  check_light(pixels);
  const std::vector<Layer> layers = layers_of(pixels, options);
  const Imf::Header header = make_header(layers, options);
  MemorySink sink;
  {
    const int threads = compression_threads();
    Imf::OutputFile file(sink, header, threads);  // its destructor writes the table of offsets
    if (options.half)
      write_lines<f16>(file, layers, Imf::HALF, threads);
    else
      write_lines<float>(file, layers, Imf::FLOAT, threads);
  }
  return std::move(sink.bytes);
}

}  // namespace duhdr
