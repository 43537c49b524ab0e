// SPDX-License-Identifier: Apache-2.0
// A reader of Ultra HDR files that shares nothing with the writer but libjpeg: from bytes to display light, as
// Android's Ultra HDR 1.1, CIPA DC-007 and ISO 21496-1 say. Throws std::runtime_error on anything that they do not
// allow.
#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <regex>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/image_files.h"

namespace duhdr::files {

struct Marker {
  int code = 0;
  std::string payload;
};

/// Signatures of APP segments.
inline const std::string xmp_mark("http://ns.adobe.com/xap/1.0/\0", 29), iso_mark("urn:iso:std:iso:ts:21496:-1\0", 28),
    mpf_mark("MPF\0", 4), icc_mark("ICC_PROFILE\0", 12), exif_mark("Exif\0\0", 6);

struct UltraHdrReader {
  Bytes base, map;                         // two JPEGs
  std::size_t offset_of_index = 0;         // of the byte order mark
  std::map<std::string, std::string> xmp;  // hdrgm properties of the map
  std::string base_xmp;                    // the first packet
  std::map<std::string, double> iso;       // the same names
  int iso_flags = 0;

  explicit UltraHdrReader(const Bytes& file) {
    read_index(file);
    read_container();
    read_metadata();
  }

  /// Segments of a JPEG before its first scan, whose offset is given back, too.
  static std::vector<Marker> markers_of(const Bytes& jpeg, std::size_t* scan = nullptr) {
    const std::string text = text_of(jpeg);
    require(text.starts_with("\xFF\xD8"), "no start marker");
    std::vector<Marker> markers;
    for (std::size_t at = 2;;) {
      require(at + 4 <= text.size() && text[at] == '\xFF', "no marker");
      const int code = static_cast<unsigned char>(text[at + 1]);
      if (scan != nullptr) *scan = at;
      if (code == 0xDA) return markers;
      const std::size_t length = big(text, at + 2, 2);
      markers.push_back({code, text.substr(at + 4, length - 2)});
      at += 2 + length;
    }
  }

  /// The payload behind the signature; of the only segment that has it.
  static std::string only(const std::vector<Marker>& markers, int code, const std::string& signature) {
    std::vector<std::string> found;
    for (const Marker& marker : markers)
      if (marker.code == code && marker.payload.starts_with(signature))
        found.push_back(marker.payload.substr(signature.size()));
    require(found.size() == 1, "segments of a kind that is there once");
    return found[0];
  }

  /// As stored, 1 or 3 channels.
  static Codes decoded(const Bytes& jpeg) {
    jpeg_decompress_struct info{};
    jpeg_error_mgr manager{};
    info.err = jpeg_std_error(&manager);  // ends the test program on an error
    jpeg_create_decompress(&info);
    jpeg_mem_src(&info, reinterpret_cast<const unsigned char*>(jpeg.data()), jpeg.size());
    jpeg_read_header(&info, TRUE);
    jpeg_start_decompress(&info);
    Codes codes{static_cast<int>(info.output_width), static_cast<int>(info.output_height), info.output_components, {}};
    codes.data.resize(std::size_t{info.output_width} * info.output_height *
                      static_cast<std::size_t>(info.output_components));
    while (info.output_scanline < info.output_height) {
      unsigned char* row = codes.data.data() + std::size_t{info.output_scanline} * info.output_width *
                                                   static_cast<std::size_t>(info.output_components);
      jpeg_read_scanlines(&info, &row, 1);
    }
    jpeg_finish_decompress(&info);
    require(manager.num_warnings == 0, "damaged JPEG");
    jpeg_destroy_decompress(&info);
    return codes;
  }

  double xmp_number(const std::string& name) const { return std::stod(xmp.at(name)); }

  /// Stops of a code of the map.
  double boost(double code) const {
    const double part = std::pow(code / 255.0, 1.0 / iso.at("Gamma"));
    return iso.at("GainMapMin") * (1 - part) + iso.at("GainMapMax") * part;
  }

  /// Linear light of the base, stored orientation, 3 channels; and what a display shows that is 2^stops as bright as
  /// its white.
  std::vector<double> base_light() const { return light(base_codes_); }
  std::vector<double> display_light(double stops) const {
    const double room = (stops - iso.at("HDRCapacityMin")) / (iso.at("HDRCapacityMax") - iso.at("HDRCapacityMin"));
    const double weight = std::clamp(room, 0.0, 1.0);
    const double offset_sdr = iso.at("OffsetSDR"), offset_hdr = iso.at("OffsetHDR");
    std::vector<double> out = base_light();
    std::size_t i = 0;
    for (int y = 0; y < base_codes_.height; ++y)
      for (int x = 0; x < base_codes_.width; ++x) {
        double gain = 1;
        for (int c = 0; c < 3; ++c, ++i) {
          if (c < map_codes_.channels) gain = std::exp2(weight * boost_at(x, y, c));
          out[i] = (out[i] + offset_sdr) * gain - offset_hdr;
        }
      }
    return out;
  }

  /// Stops at a pixel of the base: the map's samples have their places in the middle of their footprints, and between
  /// them codes are interpolated, as Skia and libultrahdr do.
  double boost_at(int x, int y, int c) const {
    const auto place = [](int at, int from, int to) {
      const double position = (at + 0.5) * to / from - 0.5;
      return std::clamp(position, 0.0, static_cast<double>(to - 1));
    };
    const double u = place(x, base_codes_.width, map_codes_.width), v = place(y, base_codes_.height, map_codes_.height);
    const int left = static_cast<int>(u), top = static_cast<int>(v);
    const double across = u - left, down = v - top;
    const auto sample = [&](int column, int row) {
      column = std::min(column, map_codes_.width - 1);
      row = std::min(row, map_codes_.height - 1);
      const int channel = map_codes_.channels == 1 ? 0 : c;
      const int index = (row * map_codes_.width + column) * map_codes_.channels + channel;
      return static_cast<double>(map_codes_.data[static_cast<std::size_t>(index)]);
    };
    return boost((sample(left, top) * (1 - across) + sample(left + 1, top) * across) * (1 - down) +
                 (sample(left, top + 1) * (1 - across) + sample(left + 1, top + 1) * across) * down);
  }

  const Codes& base_codes() const { return base_codes_; }
  const Codes& map_codes() const { return map_codes_; }

 private:
  static void require(bool condition, const char* what) {
    if (!condition) throw std::runtime_error(what);
  }
  static std::string text_of(const Bytes& bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
  static std::size_t big(const std::string& text, std::size_t at, int count) {
    require(at + static_cast<std::size_t>(count) <= text.size(), "numbers beyond the end");
    std::size_t value = 0;
    for (int i = 0; i < count; ++i)
      value = value * 256 + static_cast<unsigned char>(text[at + static_cast<std::size_t>(i)]);
    return value;
  }

  void read_index(const Bytes& file) {
    const std::string index = only(markers_of(file), 0xE2, mpf_mark);
    offset_of_index = find(file, mpf_mark) + 4;
    require(index.starts_with(std::string("MM\0*", 4)), "byte order");
    const std::size_t directory = big(index, 4, 4);
    std::map<std::size_t, std::size_t> entries;
    for (std::size_t i = 0; i < big(index, directory, 2); ++i) {
      const std::size_t entry = directory + 2 + 12 * i;
      entries[big(index, entry, 2)] = entry;
    }
    require(index.substr(entries.at(0xB000) + 8, 4) == "0100", "version");
    require(big(index, entries.at(0xB001) + 8, 4) == 2, "two pictures");
    require(big(index, entries.at(0xB002) + 4, 4) == 32, "two entries");
    const std::size_t list = big(index, entries.at(0xB002) + 8, 4);
    require(big(index, list, 4) == 0x030000 && big(index, list + 8, 4) == 0, "the first picture is the baseline one");
    const std::size_t base_bytes = big(index, list + 4, 4), map_bytes = big(index, list + 20, 4);
    const std::size_t map_begin = offset_of_index + big(index, list + 24, 4);
    require(map_begin == base_bytes && map_begin + map_bytes == file.size(), "the two pictures are the file");
    base = cut(file, base_bytes);
    map = Bytes(file.begin() + static_cast<std::ptrdiff_t>(map_begin), file.end());
    for (const Bytes* picture : {&base, &map}) require(text_of(*picture).ends_with("\xFF\xD9"), "end marker");
    base_codes_ = decoded(base);
    map_codes_ = decoded(map);
  }

  void read_container() {
    for (const Marker& marker : markers_of(base))
      if (base_xmp.empty() && marker.code == 0xE1 && marker.payload.starts_with(xmp_mark))
        base_xmp = marker.payload.substr(xmp_mark.size());
    static const std::regex version("hdrgm:Version=\"1.0\""), item("<Container:Item ([^>]*)/>");
    require(std::distance(std::sregex_iterator(base_xmp.begin(), base_xmp.end(), version), {}) == 1, "hdrgm:Version");
    std::vector<std::string> items;
    for (std::sregex_iterator found(base_xmp.begin(), base_xmp.end(), item), end; found != end; ++found)
      items.push_back((*found)[1]);
    require(items.size() == 2 && items[0].find("Item:Semantic=\"Primary\"") != std::string::npos, "primary");
    require(items[1].find("Item:Semantic=\"GainMap\"") != std::string::npos, "gain map");
    require(items[1].find("Item:Length=\"" + std::to_string(map.size()) + '"') != std::string::npos, "length");
    require(only(markers_of(base), 0xE2, iso_mark) == std::string(4, '\0'), "versions of ISO 21496-1");
  }

  void read_metadata() {
    const std::string packet = only(markers_of(map), 0xE1, xmp_mark);
    static const std::regex property("hdrgm:([A-Za-z]+)=\"([^\"]*)\"");
    for (std::sregex_iterator found(packet.begin(), packet.end(), property), end; found != end; ++found)
      require(xmp.try_emplace((*found)[1], (*found)[2]).second, "a property twice");
    const std::string block = only(markers_of(map), 0xE2, iso_mark);
    require(big(block, 0, 2) == 0 && block.size() == 5 + 7 * 8, "ISO 21496-1");
    iso_flags = static_cast<int>(big(block, 4, 1));
    std::size_t at = 5;
    for (const char* name :
         {"HDRCapacityMin", "HDRCapacityMax", "GainMapMin", "GainMapMax", "Gamma", "OffsetSDR", "OffsetHDR"}) {
      const auto numerator = static_cast<std::int32_t>(big(block, at, 4));
      iso[name] = static_cast<double>(numerator) / static_cast<double>(big(block, at + 4, 4));
      at += 8;
    }
  }

  static std::vector<double> light(const Codes& codes) {
    std::vector<double> of_code, out;
    for (int code = 0; code < 256; ++code) {
      const double v = code / 255.0;
      of_code.push_back(v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4));
    }
    for (const std::uint8_t code : codes.data) out.insert(out.end(), codes.channels == 1 ? 3 : 1, of_code[code]);
    return out;
  }

  Codes base_codes_, map_codes_;
};

}  // namespace duhdr::files
