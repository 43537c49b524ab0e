// SPDX-License-Identifier: Apache-2.0
// OpenEXR decoding: flat parts, scanline or tiled (level 0), R G B, Y alone, or Y with RY and BY.
#include <algorithm>
#include <cstring>
#include <mutex>

#include <ImfChannelList.h>
#include <ImfFrameBuffer.h>
#include <ImfHeader.h>
#include <ImfIO.h>
#include <ImfInputPart.h>
#include <ImfMultiPartInputFile.h>
#include <ImfRgbaYca.h>
#include <ImfStandardAttributes.h>

#include "image/decode.h"
#include "image/exr_header.h"

namespace duhdr::decode {
namespace {

class MemoryStream : public Imf::IStream {
 public:
  explicit MemoryStream(std::span<const std::byte> bytes) : IStream("memory"), bytes_(bytes) {}
  bool read(char to[], int count) override {
    const auto wanted = static_cast<std::uint64_t>(count);
    if (count < 0 || position_ > bytes_.size() || wanted > bytes_.size() - position_)
      throw std::runtime_error("the file ends too early");
    std::memcpy(to, bytes_.data() + position_, static_cast<std::size_t>(wanted));
    position_ += wanted;
    return position_ < bytes_.size();
  }
  std::uint64_t tellg() override { return position_; }
  void seekg(std::uint64_t position) override { position_ = position; }
  void clear() override {}

 private:
  std::span<const std::byte> bytes_;
  std::uint64_t position_ = 0;
};

enum class Colours { rgb, luma, luma_chroma, none };

Colours colours_of(const ExrPart& part) {
  if (part.find("R") && part.find("G") && part.find("B")) return Colours::rgb;
  if (!part.find("Y")) return Colours::none;
  return part.find("RY") && part.find("BY") ? Colours::luma_chroma : Colours::luma;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    if (!text.empty()) text += ',';
    text += name;
  }
  return text.empty() ? "none" : text;
}

[[noreturn]] void refuse_channels(const std::string& name, const ExrPart& part) {
  std::vector<std::string> present, missing;
  for (const ExrChannel& channel : part.channels) present.push_back(channel.name);
  for (const char* channel : {"R", "G", "B"})
    if (!part.find(channel)) missing.emplace_back(channel);
  refuse(name, "channels ", joined(missing), " missing; has ", escaped(joined(present), 100));
}

int choose_part(const std::vector<ExrPart>& parts, const std::string& name, const ReadLimits& limits) {
  const auto count = static_cast<int>(parts.size());
  if (limits.exr_part >= count) refuse(name, "no such EXR part (", limits.exr_part, ", 0 to ", count - 1, ")");
  const auto at = [&](int i) -> const ExrPart& { return parts[static_cast<std::size_t>(i)]; };
  const auto usable = [&](int i) { return !at(i).deep && colours_of(at(i)) != Colours::none; };
  int chosen = limits.exr_part;
  if (chosen < 0)
    for (chosen = 0; chosen < count && !usable(chosen);) ++chosen;
  if (chosen == count) chosen = 0;
  if (at(chosen).deep) refuse(name, "deep data not supported");
  if (!usable(chosen)) refuse_channels(name, at(chosen));
  return chosen;
}

/// Floats of one channel, `step` apart, in rows of `row` floats; data[0] is the pixel at (x, y) of the file.
Imf::Slice slice(float* data, std::int64_t x, std::int64_t y, std::int64_t step, std::int64_t row, int x_sampling = 1,
                 int y_sampling = 1) {
  const std::int64_t before = (x / x_sampling * step + y / y_sampling * row) * std::int64_t{sizeof(float)};
  auto* base = reinterpret_cast<char*>(reinterpret_cast<std::uintptr_t>(data) - static_cast<std::uintptr_t>(before));
  return Imf::Slice(Imf::FLOAT, base, static_cast<std::size_t>(step) * sizeof(float),
                    static_cast<std::size_t>(row) * sizeof(float), x_sampling, y_sampling, 0.0);
}

/// Where the data window meets the display window; empty when first > last.
struct Overlap {
  std::int64_t first_x, first_y, last_x, last_y;
  explicit Overlap(const ExrPart& part)
      : first_x(std::max(part.data.min_x, part.display.min_x)),
        first_y(std::max(part.data.min_y, part.display.min_y)),
        last_x(std::min(part.data.max_x, part.display.max_x)),
        last_y(std::min(part.data.max_y, part.display.max_y)) {}
  bool empty() const { return first_x > last_x || first_y > last_y; }
};

/// Reads R G B or Y, a band of lines at a time, and copies what the display window shows.
void read_direct(Imf::InputPart& file, const ExrPart& part, const std::vector<const char*>& names, Tensor& pixels) {
  constexpr std::int64_t band = 64;
  const Overlap overlap(part);
  const auto channels = static_cast<std::int64_t>(names.size());
  const std::int64_t row = part.data.width() * channels;
  std::vector<float> lines(static_cast<std::size_t>(row * std::min(band, part.data.height())));
  float* out = pixels.mutable_data<float>();
  for (std::int64_t y = overlap.first_y; y <= overlap.last_y; y += band) {
    const std::int64_t last = std::min(y + band - 1, overlap.last_y);
    std::ranges::fill(lines, 0.0f);
    Imf::FrameBuffer buffer;
    for (std::size_t c = 0; c < names.size(); ++c)
      buffer.insert(names[c], slice(lines.data() + c, part.data.min_x, y, channels, row));
    file.setFrameBuffer(buffer);
    file.readPixels(static_cast<int>(y), static_cast<int>(last));
    for (std::int64_t line = y; line <= last; ++line) {
      const float* from = lines.data() + (line - y) * row + (overlap.first_x - part.data.min_x) * channels;
      float* to = out + ((line - part.display.min_y) * part.display.width() + overlap.first_x - part.display.min_x) * 3;
      for (std::int64_t x = overlap.first_x; x <= overlap.last_x; ++x, from += channels, to += 3)
        for (std::int64_t c = 0; c < 3; ++c) to[c] = from[std::min(c, channels - 1)];
    }
  }
}

/// A subsampled colour-difference plane, read at any pixel by linear interpolation between its samples.
struct ChromaPlane {
  std::vector<float> samples;
  std::int64_t width, height;
  int x_sampling, y_sampling;

  ChromaPlane(const ExrWindow& window, const ExrChannel& channel)
      : width(window.width() / channel.x_sampling),
        height(window.height() / channel.y_sampling),
        x_sampling(channel.x_sampling),
        y_sampling(channel.y_sampling) {
    samples.resize(static_cast<std::size_t>(width * height));
  }
  float at(std::int64_t x, std::int64_t y) const {
    const std::int64_t left = x / x_sampling, top = y / y_sampling;
    const std::int64_t right = x % x_sampling == 0 ? left : std::min(left + 1, width - 1);
    const std::int64_t bottom = y % y_sampling == 0 ? top : std::min(top + 1, height - 1);
    const auto sample = [&](std::int64_t i, std::int64_t j) {
      return samples[static_cast<std::size_t>(j * width + i)];
    };
    return 0.25f * ((sample(left, top) + sample(right, top)) + (sample(left, bottom) + sample(right, bottom)));
  }
};

/// Y, RY = (R - Y) / Y, BY = (B - Y) / Y to R G B.
void read_luma_chroma(Imf::InputPart& file, const ExrPart& part, const std::string& name, Tensor& pixels) {
  const ExrChannel &red = *part.find("RY"), &blue = *part.find("BY");
  for (const ExrChannel* chroma : {&red, &blue})
    if (chroma->x_sampling > 2 || chroma->y_sampling > 2 || part.data.width() % chroma->x_sampling != 0 ||
        part.data.height() % chroma->y_sampling != 0)
      refuse(name, "unsupported chroma sampling (", chroma->x_sampling, " x ", chroma->y_sampling, ", 1 or 2)");
  const std::int64_t width = part.data.width();
  std::vector<float> luma(static_cast<std::size_t>(width * part.data.height()));
  ChromaPlane ry(part.data, red), by(part.data, blue);
  Imf::FrameBuffer buffer;
  buffer.insert("Y", slice(luma.data(), part.data.min_x, part.data.min_y, 1, width));
  for (auto& [channel, plane] : {std::pair{"RY", &ry}, std::pair{"BY", &by}})
    buffer.insert(channel, slice(plane->samples.data(), part.data.min_x, part.data.min_y, 1, plane->width,
                                 plane->x_sampling, plane->y_sampling));
  file.setFrameBuffer(buffer);
  file.readPixels(static_cast<int>(part.data.min_y), static_cast<int>(part.data.max_y));

  const Imf::Header& header = file.header();
  const Imath::V3f weight =
      Imf::RgbaYca::computeYw(Imf::hasChromaticities(header) ? Imf::chromaticities(header) : Imf::Chromaticities());
  const Overlap overlap(part);
  float* out = pixels.mutable_data<float>();
  for (std::int64_t line = overlap.first_y; line <= overlap.last_y; ++line) {
    float* to = out + ((line - part.display.min_y) * part.display.width() + overlap.first_x - part.display.min_x) * 3;
    for (std::int64_t column = overlap.first_x; column <= overlap.last_x; ++column, to += 3) {
      const std::int64_t x = column - part.data.min_x, y = line - part.data.min_y;
      const float light = luma[static_cast<std::size_t>(y * width + x)];
      to[0] = (ry.at(x, y) + 1.0f) * light;
      to[2] = (by.at(x, y) + 1.0f) * light;
      to[1] = (light - to[0] * weight.x - to[2] * weight.z) / weight.y;
    }
  }
}

void read_attributes(const Imf::Header& header, Image& image) {
  if (Imf::hasChromaticities(header)) {
    const Imf::Chromaticities c = Imf::chromaticities(header);
    image.chromaticities =
        Chromaticities{c.red.x, c.red.y, c.green.x, c.green.y, c.blue.x, c.blue.y, c.white.x, c.white.y};
    if (!is_rec709(*image.chromaticities)) warn(image, "primaries are not those of Rec. 709; values used as they are");
  }
  if (Imf::hasWhiteLuminance(header)) image.white_luminance = Imf::whiteLuminance(header);
}

Image read_part(Imf::MultiPartInputFile& file, int index, const ExrPart& part, const std::string& name) {
  if (!file.partComplete(index)) refuse(name, "incomplete EXR: chunks are missing");
  Imf::InputPart input(file, index);
  Image image;
  image.pixels = Tensor::zeros({1, part.display.height(), part.display.width(), 3}, DType::f32);
  const Colours colours = colours_of(part);
  for (const char* channel : {"R", "G", "B", "Y"}) {
    const ExrChannel* found = part.find(channel);
    const bool used = colours == Colours::rgb ? *channel != 'Y' : *channel == 'Y';
    if (used && found && (found->x_sampling != 1 || found->y_sampling != 1))
      refuse(name, "unsupported sampling of channel ", channel, " (", found->x_sampling, " x ", found->y_sampling,
             ", 1)");
  }
  if (Overlap(part).empty())
    warn(image, "the data window lies outside the display window; the image is black");
  else if (colours == Colours::luma_chroma)
    read_luma_chroma(input, part, name, image.pixels);
  else
    read_direct(input, part, colours == Colours::rgb ? std::vector{"R", "G", "B"} : std::vector{"Y"}, image.pixels);
  if (part.find("A")) warn(image, "transparency is ignored");
  read_attributes(input.header(), image);
  repair_light(image);
  return image;
}

}  // namespace

Image exr(std::span<const std::byte> bytes, const std::string& name, const ReadLimits& limits) {
  const std::vector<ExrPart> parts = read_exr_header(bytes, name, limits);
  const int index = choose_part(parts, name, limits);
  static std::once_flag once;  // a ceiling for the whole process; the caller's limits were checked above
  std::call_once(once, [] {
    constexpr int ceiling = 1'000'000;
    Imf::Header::setMaxImageSize(ceiling, ceiling);
    Imf::Header::setMaxTileSize(ceiling, ceiling);
  });
  try {
    MemoryStream stream(bytes);
    Imf::MultiPartInputFile file(stream, 0, false);
    if (file.parts() != static_cast<int>(parts.size()))
      refuse(name, "damaged EXR header (", file.parts(), " parts, ", parts.size(), ")");
    return read_part(file, index, parts[static_cast<std::size_t>(index)], name);
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& problem) {
    refuse(name, "damaged EXR: ", escaped(problem.what(), 300));
  }
}

}  // namespace duhdr::decode
