// SPDX-License-Identifier: Apache-2.0
#include "image/ultra_hdr.h"

#include <algorithm>
#include <array>
#include <limits>

#include "image/bytes.h"
#include "image/decode.h"
#include "image/encode.h"
#include "image/gain_map_metadata.h"
#include "image/jpeg_segments.h"
#include "image/xmp_merge.h"

namespace duhdr {
namespace {

using namespace std::string_view_literals;

constexpr std::uint8_t app0 = 0xE0, app1 = 0xE1, app2 = 0xE2;
constexpr std::string_view exif_signature = "Exif\0\0"sv, xmp_signature = "http://ns.adobe.com/xap/1.0/\0"sv,
                           iso_signature = "urn:iso:std:iso:ts:21496:-1\0"sv, mpf_signature = "MPF\0"sv;
constexpr std::string_view container_namespace = "http://ns.google.com/photos/1.0/container/",
                           item_namespace = "http://ns.google.com/photos/1.0/container/item/",
                           camera_namespace = "http://ns.google.com/photos/1.0/camera/";
constexpr std::size_t longest_payload = 65'533;
constexpr int map_quality = 100;  // of the map; docs/choices.md

Bytes as_bytes(std::string_view text) {
  Bytes bytes;
  append(bytes, text);
  return bytes;
}

void append_segment(Bytes& to, std::uint8_t marker, std::string_view signature, std::span<const std::byte> data) {
  append_byte(to, 0xFF);
  append_byte(to, marker);
  append_u16(to, static_cast<std::uint32_t>(2 + signature.size() + data.size()));
  append(to, signature);
  append(to, data);
}

bool leads(const JpegSegment& segment) { return segment.marker == app0 || segment.is(app1, exif_signature); }

bool is_replaced(const JpegSegment& segment) {
  return segment.is(app2, mpf_signature) || segment.is(app2, iso_signature);
}

/// Properties of the base: what follows it.
std::string container_properties(std::size_t map_bytes) {
  constexpr std::string_view item = "<rdf:li rdf:parseType=\"Resource\"><Container:Item Item:Mime=\"image/jpeg\" ";
  return message("xmlns:hdrgm=\"", gain_map_namespace, "\" xmlns:Container=\"", container_namespace, "\" xmlns:Item=\"",
                 item_namespace, "\" hdrgm:Version=\"1.0\">\n<Container:Directory><rdf:Seq>\n", item,
                 "Item:Semantic=\"Primary\"/></rdf:li>\n", item, "Item:Semantic=\"GainMap\" Item:Length=\"", map_bytes,
                 "\"/></rdf:li>\n</rdf:Seq></Container:Directory>\n</rdf:Description>");
}

/// The base's XMP segments: its first packet with the properties, or, where it cannot be merged, a new one before it.
void append_xmp(Bytes& to, const JpegParts& base, const std::string& properties) {
  constexpr XmpNames dropped[] = {{gain_map_namespace},
                                  {container_namespace},
                                  {item_namespace},
                                  {camera_namespace, "MotionPhoto"},  // where the video is that does not follow now
                                  {camera_namespace, "MicroVideo"}};
  const auto is_xmp = [](const JpegSegment& segment) { return segment.is(app1, xmp_signature); };
  const auto first = std::ranges::find_if(base.header, is_xmp);
  std::string packet;
  if (first != base.header.end())
    packet =
        merged_xmp(ByteView::as_text(first->payload().subspan(xmp_signature.size())), properties, dropped).value_or("");
  const bool merged = !packet.empty() && packet.size() <= longest_payload - xmp_signature.size();
  append_segment(to, app1, xmp_signature, as_bytes(merged ? packet : xmp_packet(properties)));
  for (auto segment = first; segment != base.header.end(); ++segment)
    if (is_xmp(*segment) && !(merged && segment == first)) append(to, segment->bytes);
}

/// The multi-picture index (CIPA DC-007) of two pictures; the offset counts from the index's byte order mark.
Bytes multi_picture_index(std::uint32_t base_bytes, std::uint32_t map_bytes, std::uint32_t map_offset) {
  constexpr std::uint32_t undefined_type = 7, long_type = 4, pictures = 2, entry_bytes = 16,
                          baseline_primary = 0x030000;
  constexpr std::uint32_t directory = 8, entries = directory + 2 + 3 * 12 + 4;
  Bytes index;
  append(index, "MM\0*"sv);
  append_u32(index, directory);
  append_u16(index, 3);
  append_u16(index, 0xB000);  // MPFVersion
  append_u16(index, undefined_type);
  append_u32(index, 4);
  append(index, "0100"sv);
  append_u16(index, 0xB001);  // NumberOfImages
  append_u16(index, long_type);
  append_u32(index, 1);
  append_u32(index, pictures);
  append_u16(index, 0xB002);  // MPEntry
  append_u16(index, undefined_type);
  append_u32(index, pictures * entry_bytes);
  append_u32(index, entries);
  append_u32(index, 0);  // no further directory
  for (const std::uint32_t value : {baseline_primary, base_bytes, 0u, 0u, 0u, map_bytes, map_offset, 0u})
    append_u32(index, value);
  return index;
}

/// The map as a JPEG of its own.
Bytes map_picture(const GainMap& map) {
  const Bytes plain = encode_jpeg(gain_map_codes(map), map_quality, ChromaSampling::none);
  const JpegParts parts = jpeg_parts(plain, "gain map");
  Bytes file = as_bytes("\xFF\xD8"sv);
  for (const JpegSegment& segment : parts.header)
    if (leads(segment)) append(file, segment.bytes);
  append_segment(file, app1, xmp_signature, as_bytes(xmp_packet(gain_map_properties(map))));
  append_segment(file, app2, iso_signature, iso_gain_map(map));
  for (const JpegSegment& segment : parts.header)
    if (!leads(segment)) append(file, segment.bytes);
  append(file, parts.scans);
  return file;
}

void check_base(const JpegParts& base, const GainMap& map, const std::string& name) {
  if (base.components != 1 && base.components != 3)
    decode::refuse(name, "this JPEG cannot carry a gain map (", base.components, " components, 1 or 3)");
  const Shape& shape = map.log2_gain.shape();
  const bool fits = std::ranges::any_of(std::array{MapSize::full, MapSize::half, MapSize::quarter}, [&](MapSize size) {
    return shape.w() == map_side(base.width, size) && shape.h() == map_side(base.height, size);
  });
  DUHDR_CHECK(fits, "a map of ", shape, " for ", base.width, " x ", base.height);
}

}  // namespace

Bytes encode_ultra_hdr(std::span<const std::byte> base, const GainMap& map, const std::string& name) {
  const JpegParts parts = jpeg_parts(base, name);
  check_base(parts, map, name);
  const Bytes picture = map_picture(map);

  Bytes file = as_bytes("\xFF\xD8"sv), rest;
  for (const JpegSegment& segment : parts.header)
    if (leads(segment)) append(file, segment.bytes);
  append_xmp(file, parts, container_properties(picture.size()));
  append_segment(rest, app2, iso_signature, iso_gain_map_version());
  for (const JpegSegment& segment : parts.header)
    if (!leads(segment) && !segment.is(app1, xmp_signature) && !is_replaced(segment)) append(rest, segment.bytes);
  append(rest, parts.scans);
  if (!parts.ended) append(rest, "\xFF\xD9"sv);

  const std::size_t mark = file.size() + 4 + mpf_signature.size();  // the index's byte order mark
  const std::size_t base_bytes = mark + multi_picture_index(0, 0, 0).size() + rest.size();
  if (base_bytes + picture.size() > std::numeric_limits<std::uint32_t>::max())
    throw Error(ExitCode::usage, message(name, ": too large for an Ultra HDR JPEG (", base_bytes + picture.size(),
                                         " bytes, at most 4 GiB)"));
  append_segment(file, app2, mpf_signature,
                 multi_picture_index(static_cast<std::uint32_t>(base_bytes), static_cast<std::uint32_t>(picture.size()),
                                     static_cast<std::uint32_t>(base_bytes - mark)));
  append(file, rest);
  append(file, picture);
  return file;
}

}  // namespace duhdr
