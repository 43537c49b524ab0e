// SPDX-License-Identifier: Apache-2.0
// OpenEXR files made at test time: by the library, and headers by hand.
#pragma once

#include <list>

#include <ImfChannelList.h>
#include <ImfFrameBuffer.h>
#include <ImfHeader.h>
#include <ImfIO.h>
#include <ImfMultiPartOutputFile.h>
#include <ImfOutputPart.h>
#include <ImfPartType.h>
#include <ImfStandardAttributes.h>
#include <ImfTiledOutputPart.h>

#include "tests/support/image_files.h"

namespace duhdr::files {

struct ExrPlane {
  std::string name;
  std::function<float(int x, int y)> value;  // at pixels of the data window
  Imf::PixelType type = Imf::FLOAT;
  int sampling = 1;
};

struct ExrFile {
  std::vector<ExrPlane> planes;
  Imath::Box2i data{{0, 0}, {15, 11}};
  Imath::Box2i display{{0, 0}, {15, 11}};
  Imf::Compression compression = Imf::ZIP_COMPRESSION;
  int tile = 0;  // 0 = scanlines; else tiles of this side with all mip-map levels
  std::function<void(Imf::Header&)> tune;
};

class ByteSink : public Imf::OStream {
 public:
  explicit ByteSink(Bytes& out) : OStream("test"), out_(out) {}
  void write(const char from[], int count) override {
    const auto length = static_cast<std::size_t>(count);
    if (at_ + length > out_.size()) out_.resize(at_ + length);
    std::memcpy(out_.data() + at_, from, length);
    at_ += length;
  }
  std::uint64_t tellp() override { return at_; }
  void seekp(std::uint64_t position) override { at_ = static_cast<std::size_t>(position); }

 private:
  Bytes& out_;
  std::size_t at_ = 0;
};

inline Imf::Header exr_header(const ExrFile& file, std::size_t index) {
  Imf::Header header(file.display, file.data);
  header.compression() = file.compression;
  header.setName(std::to_string(index));
  header.setType(file.tile > 0 ? Imf::TILEDIMAGE : Imf::SCANLINEIMAGE);
  const auto side = static_cast<unsigned>(file.tile);
  if (file.tile > 0) header.setTileDescription(Imf::TileDescription(side, side, Imf::MIPMAP_LEVELS));
  for (const ExrPlane& plane : file.planes)
    header.channels().insert(plane.name, Imf::Channel(plane.type, plane.sampling, plane.sampling));
  if (file.tune) file.tune(header);
  return header;
}

/// One part per element; one element makes an ordinary single-part file.
inline Bytes exr_file(const std::vector<ExrFile>& parts) {
  Bytes out;
  std::vector<Imf::Header> headers;
  for (std::size_t i = 0; i < parts.size(); ++i) headers.push_back(exr_header(parts[i], i));
  ByteSink sink(out);
  {
    Imf::MultiPartOutputFile writer(sink, headers.data(), static_cast<int>(headers.size()), false, 0);
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const ExrFile& part = parts[i];
      Imf::FrameBuffer buffer;
      std::list<std::vector<char>> storage;  // halves, floats or integers
      for (const ExrPlane& plane : part.planes) {
        const auto size = static_cast<std::size_t>(plane.type == Imf::HALF ? 2 : 4);
        const int step = plane.sampling;
        const int width = (part.data.max.x - part.data.min.x) / step + 1;
        auto& samples = storage.emplace_back();
        for (int y = part.data.min.y; y <= part.data.max.y; y += step)
          for (int x = part.data.min.x; x <= part.data.max.x; x += step) {
            const float value = plane.value(x, y);
            const Imath::half half(value);
            const auto integer = static_cast<unsigned>(plane.type == Imf::UINT ? value : 0.0f);
            const char* from = reinterpret_cast<const char*>(&value);
            if (plane.type == Imf::HALF) from = reinterpret_cast<const char*>(&half);
            if (plane.type == Imf::UINT) from = reinterpret_cast<const char*>(&integer);
            samples.insert(samples.end(), from, from + size);
          }
        buffer.insert(plane.name, Imf::Slice::Make(plane.type, samples.data(), part.data, size,
                                                   size * static_cast<std::size_t>(width), step, step));
      }
      if (part.tile == 0) {
        Imf::OutputPart output(writer, static_cast<int>(i));
        output.setFrameBuffer(buffer);
        output.writePixels(part.data.max.y - part.data.min.y + 1);
      } else {
        Imf::TiledOutputPart output(writer, static_cast<int>(i));
        output.setFrameBuffer(buffer);
        for (int level = 0; level < output.numLevels(); ++level)
          output.writeTiles(0, output.numXTiles(level) - 1, 0, output.numYTiles(level) - 1, level);
      }
    }
  }
  return out;
}

/// R G B as slopes over the data window, or the names given.
inline std::vector<ExrPlane> slopes(const std::vector<std::string>& names = {"R", "G", "B"},
                                    Imf::PixelType type = Imf::FLOAT) {
  std::vector<ExrPlane> planes;
  for (std::size_t c = 0; c < names.size(); ++c)
    planes.push_back(
        {names[c], [c](int x, int y) { return 0.25f * static_cast<float>(x + 2 * y) + static_cast<float>(c) + 64.0f; },
         type});
  return planes;
}
inline Bytes simple_exr(const std::vector<std::string>& names = {"R", "G", "B"}) {
  ExrFile file;
  file.planes = slopes(names);
  return exr_file({file});
}

/// A header by hand: windows as {min x, min y, max x, max y}, and `channels` floats named c0, c1, ...
struct RawExr {
  std::vector<std::int64_t> data{0, 0, 15, 11}, display{0, 0, 15, 11};
  int channels = 3;
  Bytes more;  // further attributes
  int version = 2;
  int flags = 0;  // second byte of the version field

  static Bytes attribute(std::string_view name, std::string_view type, const Bytes& value) {
    return bytes_of(name) + number(0, 1) + type + number(0, 1) + little(static_cast<std::int64_t>(value.size())) +
           value;
  }
  static Bytes window(const std::vector<std::int64_t>& window) {
    Bytes out;
    for (const std::int64_t value : window) out = out + little(value);
    return out;
  }
  Bytes bytes() const {
    Bytes list;
    for (int i = 0; i < channels; ++i) {
      const Bytes entry =
          bytes_of("c") + std::to_string(i) + number(0, 1) + little(2) + little(0) + little(1) + little(1);
      list.insert(list.end(), entry.begin(), entry.end());
    }
    return bytes_of("\x76\x2F\x31\x01") + little(version, 1) + little(flags, 1) + number(0, 2) +
           attribute("channels", "chlist", list + number(0, 1)) +
           attribute("compression", "compression", number(0, 1)) + attribute("dataWindow", "box2i", window(data)) +
           attribute("displayWindow", "box2i", window(display)) + attribute("lineOrder", "lineOrder", number(0, 1)) +
           attribute("pixelAspectRatio", "float", number(0x3F80u << 16, 4, false)) +
           attribute("screenWindowCenter", "v2f", number(0, 8)) +
           attribute("screenWindowWidth", "float", number(0x3F80u << 16, 4, false)) + more + number(0, 1) +
           number(0, 200);
  }
};

}  // namespace duhdr::files
