// SPDX-License-Identifier: Apache-2.0
// Ultra HDR files, read back by a reader of their own and by exiftool.
#include "image/ultra_hdr.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "image/jpeg_segments.h"
#include "image/xmp_merge.h"
#include "tests/image/gain_hill.h"
#include "tests/image/ultra_hdr_reader.h"
#include "tests/support/cli_run.h"
#include "tests/support/image_checks.h"
#include "tests/support/photographs.h"

namespace duhdr {
namespace {

using namespace files;
using namespace std::string_view_literals;
namespace fs = std::filesystem;

/// Steps of gain 1 and 2^stops next to each other.
Tensor steps(int width, int height, double stops) {
  Tensor gain = Tensor::full({1, height, width, 1}, 1.0, DType::f32);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      if ((x / 13 + y / 9) % 3 == 0) gain.mutable_data<float>()[y * width + x] = static_cast<float>(std::exp2(stops));
  return gain;
}

/// The base's light times the gain, within a step of the codes and 0.05 stop; nothing of SDR displays changes.
void expect_light(const UltraHdrReader& file, const Tensor& gain) {
  const auto base = file.base_light(), shown = file.display_light(20), plain = file.display_light(0);
  const float* wanted = gain.data<float>();
  const auto channels = static_cast<std::size_t>(gain.shape().c());
  double worst = 0;
  ASSERT_EQ(plain, base);
  const std::size_t stride = base.size() > 3'000'000 ? 7 : 1;  // of a large photograph every seventh value, for time
  for (std::size_t i = 0; i < base.size(); i += stride) {
    if (base[i] == 0) {
      ASSERT_EQ(shown[i], 0);
      continue;
    }
    const auto stops = static_cast<double>(std::log2(wanted[channels == 1 ? i / 3 : i]));
    const double code = 255.0 * std::pow(stops / file.iso.at("GainMapMax"), file.iso.at("Gamma"));
    const double step = file.boost(std::min(code + 1, 255.0)) - file.boost(std::min(code, 254.0));
    const double error = std::abs(std::log2(shown[i] / base[i]) - stops);
    worst = std::max(worst, error - step);
  }
  EXPECT_LT(worst, 0.05) << gain.shape() << ", map " << file.map_codes().width << " x " << file.map_codes().height;
}

/// What must hold for any base.
UltraHdrReader checked(const Bytes& base, const Bytes& first_picture, const Bytes& file) {
  const UltraHdrReader reader(file);
  // The base: the same picture, the same scans, the same segments but for those that are replaced.
  EXPECT_EQ(reader.base_codes().data, UltraHdrReader::decoded(first_picture).data);
  std::size_t scan = 0, old_scan = 0;
  const auto now = UltraHdrReader::markers_of(reader.base, &scan);
  const auto before = UltraHdrReader::markers_of(first_picture, &old_scan);
  EXPECT_TRUE(std::equal(reader.base.begin() + static_cast<std::ptrdiff_t>(scan), reader.base.end(),
                         first_picture.begin() + static_cast<std::ptrdiff_t>(old_scan), first_picture.end()));
  const auto kept = [](const std::vector<Marker>& markers) {
    std::vector<std::pair<int, std::string>> list;
    for (const Marker& m : markers)
      if (!m.payload.starts_with(xmp_mark) && !m.payload.starts_with(iso_mark) && !m.payload.starts_with(mpf_mark))
        list.emplace_back(m.code, m.payload);
    std::ranges::sort(list);
    return list;
  };
  EXPECT_EQ(kept(now), kept(before));
  const Image image = read(file), old = read(base);
  EXPECT_EQ(pixels(image), pixels(old));
  EXPECT_EQ(image.exif, old.exif);
  EXPECT_EQ(image.icc, old.icc);
  EXPECT_EQ(image.orientation, old.orientation);
  EXPECT_TRUE(warns(image, "more pictures follow"));
  // XMP and ISO 21496-1 say the same.
  EXPECT_EQ(reader.xmp.at("Version"), "1.0");
  EXPECT_EQ(reader.xmp.at("BaseRenditionIsHDR"), "False");
  EXPECT_EQ(reader.xmp.size(), reader.iso.size() + 2);
  for (const auto& [name, number] : reader.iso) EXPECT_EQ(reader.xmp_number(name), number) << name;
  EXPECT_EQ(reader.iso_flags, 0x40);
  return reader;
}
UltraHdrReader checked(const Bytes& base, const Bytes& file) { return checked(base, base, file); }

Bytes encoded(const Bytes& base, const Tensor& gain, MapSize size) {
  return encode_ultra_hdr(base, make_gain_map(gain, size), "test");
}

using Tune = std::function<void(jpeg_compress_struct&)>;
const Tune halved = [](jpeg_compress_struct& info) {
  info.comp_info[0].h_samp_factor = info.comp_info[0].v_samp_factor = 2;
};
const Tune progressive = [](jpeg_compress_struct& info) { jpeg_simple_progression(&info); };
const Tune restarts = [](jpeg_compress_struct& info) { info.restart_interval = 3; };

TEST(UltraHdr, EveryProcessSizeAndKindOfMap) {
  for (const auto& [width, height] : {std::pair{160, 120}, {203, 131}})
    for (const int base_channels : {1, 3})
      for (const Tune& tune : {Tune(), halved, progressive, restarts}) {
        const Bytes base = jpeg_file(pattern(width, height, base_channels), tune);
        for (const MapSize size : {MapSize::full, MapSize::half, MapSize::quarter})
          for (const int channels : {1, 3}) {
            const Tensor gain = hill(width, height, channels, 4.0);
            const UltraHdrReader file = checked(base, encoded(base, gain, size));
            EXPECT_EQ(file.map_codes().width, map_side(width, size));
            EXPECT_EQ(file.map_codes().channels, channels);
            expect_light(file, gain);
          }
      }
}

TEST(UltraHdr, OutsideTheMaskNothingMoves) {
  const Bytes base = jpeg_file(pattern(160, 120));
  const Tensor gain = steps(160, 120, 5.0);
  const UltraHdrReader file = checked(base, encoded(base, gain, MapSize::full));
  expect_light(file, gain);
  for (int y = 0; y < 120; ++y)
    for (int x = 0; x < 160; ++x)
      if (gain.data<float>()[y * 160 + x] == 1.0f) {  // less than 0.1 % of light
        EXPECT_LT(std::abs(file.boost_at(x, y, 0)), std::log2(1.001)) << x << ' ' << y;
      }
  const Tensor one = Tensor::full({1, 120, 160, 1}, 1.0, DType::f32);
  const UltraHdrReader nothing = checked(base, encoded(base, one, MapSize::half));
  EXPECT_EQ(nothing.display_light(20), nothing.base_light());
}

TEST(UltraHdr, HeadroomIsThatOfTheBrightestLight) {
  const Bytes base = jpeg_file(pattern(160, 120));
  const UltraHdrReader bright(encoded(base, hill(160, 120, 1, 6.0), MapSize::full));
  EXPECT_NEAR(bright.iso.at("GainMapMax"), 6.0, 0.02);
  EXPECT_EQ(bright.iso.at("HDRCapacityMax"), bright.iso.at("GainMapMax"));
  const UltraHdrReader dim(encoded(base, hill(160, 120, 1, 1.5), MapSize::full));
  EXPECT_EQ(dim.iso.at("HDRCapacityMax"), dim.iso.at("GainMapMax"));
  EXPECT_EQ(dim.iso.at("HDRCapacityMin"), 0.0);
  // No display clips: what one of less headroom is shown lies within it.
  const double stops = 2.0, white = std::exp2(stops);
  for (const double light : bright.display_light(stops)) EXPECT_LE(light, white * (1 + 1e-9));
  // Half of the headroom: half of the stops.
  const auto half = dim.display_light(dim.iso.at("HDRCapacityMax") / 2), full = dim.display_light(20),
             base_light = dim.base_light();
  for (std::size_t i = 0; i < half.size(); i += 997)
    EXPECT_NEAR(std::log2(half[i] / base_light[i]), std::log2(full[i] / base_light[i]) / 2, 1e-9);
}

TEST(UltraHdr, MetadataOfTheBaseIsKept) {
  const Bytes plain = jpeg_file(pattern(120, 90), halved);
  const Bytes comment = with_segment(plain, 0xFE, bytes_of("a comment"));
  const Bytes profile = with_segment(comment, 0xE2, icc_segment(icc_profile("Display P3")));
  const Bytes photo = with_segment(profile, 0xE1, exif_segment(exif_block(6)));
  for (const Bytes& base :
       {plain, comment, profile, photo, with_segment(profile, 0xE1, exif_segment(exif_block(3, false)))}) {
    const Tensor gain = hill(120, 90, 1, 3.0);
    expect_light(checked(base, encoded(base, gain, MapSize::half)), gain);
  }
  // JFIF and EXIF lead, XMP, the index, ISO 21496-1 and the profile follow.
  std::vector<std::string> order;
  for (const Marker& marker : UltraHdrReader::markers_of(encoded(photo, hill(120, 90, 1, 3.0), MapSize::half)))
    for (const auto& [mark, name] : {std::pair{std::string("JFIF"), "jfif"},
                                     {exif_mark, "exif"},
                                     {xmp_mark, "xmp"},
                                     {mpf_mark, "mpf"},
                                     {iso_mark, "iso"},
                                     {icc_mark, "icc"}})
      if (marker.payload.starts_with(mark)) order.emplace_back(name);
  EXPECT_EQ(order, (std::vector<std::string>{"exif", "jfif", "xmp", "mpf", "iso", "icc"}));
}

constexpr std::string_view rdf = "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>";

TEST(UltraHdr, XmpIsMerged) {
  const Bytes plain = jpeg_file(pattern(80, 60));
  const Tensor gain = hill(80, 60, 1, 3.0);
  const std::string mine =
      "<rdf:Description rdf:about='uuid:1' xmlns:dc='http://purl.org/dc/elements/1.1/' dc:format=\"image/jpeg\">"
      "<!-- </rdf:RDF> --><dc:rights>a &lt; b > c<![CDATA[</rdf:RDF>]]></dc:rights></rdf:Description>";
  const std::string begin =
      "<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?>\n<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + std::string(rdf);
  const std::string end = "</rdf:RDF></x:xmpmeta>";
  const Bytes base = with_segment(
      plain, 0xE1, xmp_segment(bytes_of(begin + mine + end + std::string(2048, ' ') + "<?xpacket end='w'?>")));
  const UltraHdrReader file = checked(base, encoded(base, gain, MapSize::half));
  EXPECT_TRUE(file.base_xmp.starts_with(begin + mine + "<rdf:Description rdf:about=\"uuid:1\" xmlns:hdrgm="))
      << file.base_xmp;
  EXPECT_TRUE(file.base_xmp.ends_with("</rdf:Description>\n" + end + "<?xpacket end='w'?>")) << file.base_xmp;

  EXPECT_EQ(UltraHdrReader::only(UltraHdrReader::markers_of(file.base), 0xE1, xmp_mark), file.base_xmp);

  // An older gain map's properties, in both ways to write them and under other prefixes, are gone, and so is what
  // says where a motion photo's video was.
  const std::string old =
      "<rdf:Description xmlns:a='http://ns.adobe.com/hdr-gain-map/1.0/' "
      "xmlns:Container=\"http://ns.google.com/photos/1.0/container/\" "
      "xmlns:Item='http://ns.google.com/photos/1.0/container/item/' xmlns:k='urn:k' k:x='1' a:Version='1.0' k:y='2'>"
      "<a:GainMapMax><rdf:Seq><rdf:li>1</rdf:li></rdf:Seq></a:GainMapMax><k:z/><a:Gamma/><Container:Directory><rdf:Seq>"
      "<rdf:li><Container:Item Item:Length='77'/></rdf:li></rdf:Seq></Container:Directory></rdf:Description>"
      "<rdf:Description xmlns:c='http://ns.google.com/photos/1.0/camera/' c:MotionPhoto='1' c:BurstID='b' "
      "c:MicroVideoOffset='77'><c:MicroVideo>1</c:MicroVideo><c:Motion>2</c:Motion></rdf:Description>";
  const Bytes stale = with_segment(plain, 0xE1, xmp_segment(bytes_of(begin + old + end)));
  const std::string left = UltraHdrReader(encoded(stale, gain, MapSize::half)).base_xmp;
  EXPECT_TRUE(left.starts_with(begin + "<rdf:Description xmlns:k='urn:k' k:x='1' k:y='2'><k:z/></rdf:Description>"
                                       "<rdf:Description xmlns:c='http://ns.google.com/photos/1.0/camera/' "
                                       "c:BurstID='b'><c:Motion>2</c:Motion></rdf:Description>"
                                       "<rdf:Description rdf:about=\"\" xmlns:hdrgm="))
      << left;
}

TEST(UltraHdr, XmpThatCannotBeMergedIsKeptBehindOurs) {
  const Bytes plain = jpeg_file(pattern(80, 60));
  const Tensor gain = hill(80, 60, 1, 3.0);
  const std::string head(rdf);
  for (const std::string& packet :
       {std::string(), std::string("no XML"), "<x " + head, std::string("<x:xmpmeta/>"), head + "<rdf:Description/>",
        head + "<a b></rdf:RDF>", head + "<a b='></rdf:RDF>", head + "<!-- </rdf:RDF>", head + "<a b=1/></rdf:RDF>",
        head + "<a:b xmlns:a='http://ns.adobe.com/hdr-gain-map/1.0/'></rdf:RDF>",
        head + "<b xmlns:a='urn:1'/><b xmlns:a='urn:2'/></rdf:RDF>",
        head + "</a:b xmlns:a='http://ns.adobe.com/hdr-gain-map/1.0/'></rdf:RDF>",
        head + "<a:b xmlns:a='http://ns.adobe.com/hdr-gain-map/1.0/'><rdf:RDF></rdf:RDF></a:b>",
        head + std::string(65'300, 'x') + "</rdf:RDF>"}) {
    const Bytes base = with_segment(plain, 0xE1, xmp_segment(bytes_of(packet)));
    const UltraHdrReader file = checked(base, encoded(base, gain, MapSize::half));
    std::vector<std::string> packets;
    for (const Marker& marker : UltraHdrReader::markers_of(file.base))
      if (marker.payload.starts_with(xmp_mark)) packets.push_back(marker.payload.substr(xmp_mark.size()));
    ASSERT_EQ(packets.size(), 2u) << packet;
    EXPECT_EQ(packets[1], packet);
  }
  // The parts of a packet that needs more than one segment stay as they are.
  const Bytes extended = bytes_of("http://ns.adobe.com/xmp/extension/\0some more"sv);
  const Bytes base = with_segment(plain, 0xE1, extended);
  checked(base, encoded(base, gain, MapSize::half));
}

TEST(UltraHdr, DamagedXmpIsMergedOrLeftAlone) {
  constexpr XmpNames dropped[] = {{"urn:old"}, {"urn:camera", "Video"}};
  const std::string packet = std::string(rdf) +
                             "<rdf:Description rdf:about='' xmlns:a='urn:old' a:b=\"1\" c='2'><a:d><e/></a:d><!-- f -->"
                             "<![CDATA[g]]><a:h/></rdf:Description></rdf:RDF><?xpacket end='w'?>";
  std::size_t merged = 0, left = 0;
  const auto look = [&](const std::string& damaged) {
    const auto found = merged_xmp(damaged, "i:j=\"3\"/>", dropped);
    if (found) {
      EXPECT_NE(found->find("i:j=\"3\"/>\n</rdf:RDF>"), std::string::npos) << damaged << '\n' << *found;
    }
    ++(found ? merged : left);
  };
  for (std::size_t at = 0; at < packet.size(); ++at) {
    look(packet.substr(0, at));
    look(packet.substr(at));
    for (const char c : {'<', '>', '/', '"', '\'', '=', ' ', ':', 'a', '\0'}) {
      std::string damaged = packet;
      damaged[at] = c;
      look(damaged);
    }
  }
  EXPECT_GT(merged, 100u);
  EXPECT_GT(left, 100u);
}

TEST(UltraHdr, ReplacesAnotherGainMap) {
  const Bytes plain = with_segment(jpeg_file(pattern(80, 60), restarts), 0xE1, exif_segment(exif_block(6)));
  const Tensor first = hill(80, 60, 3, 5.0), second = hill(80, 60, 1, 2.0);
  const Bytes once = encoded(plain, first, MapSize::full), direct = encoded(plain, second, MapSize::half);
  const UltraHdrReader twice = checked(once, UltraHdrReader(once).base, encoded(once, second, MapSize::half));
  expect_light(twice, second);
  EXPECT_EQ(twice.map, UltraHdrReader(direct).map);
  // A multi-picture file of a camera, and other bytes behind the end.
  const Bytes mpo = with_segment(plain, 0xE2, bytes_of("MPF\0II*\0"sv)) + jpeg_file(pattern(40, 30));
  EXPECT_EQ(encoded(mpo, second, MapSize::half), direct);
  EXPECT_EQ(encoded(plain + bytes_of("a video"), second, MapSize::half), direct);
  EXPECT_EQ(encoded(cut(plain, plain.size() - 2), second, MapSize::half), direct);
}

TEST(UltraHdr, WhatCannotBeABase) {
  const auto refusal = [](const Bytes& base) -> std::string {
    try {
      encode_ultra_hdr(base, make_gain_map(hill(20, 10, 1, 2.0), MapSize::half), "test");
    } catch (const Error& error) {
      return message(static_cast<int>(error.code()), ' ', error.what());
    }
    return "accepted";
  };
  EXPECT_EQ(refusal(jpeg_file(pattern(20, 10, 4))), "3 test: this JPEG cannot carry a gain map (4 components, 1 or 3)");
  EXPECT_EQ(refusal(png_file(pattern(20, 10))), "3 test: damaged JPEG: no start marker");
  EXPECT_TRUE(refusal(jpeg_file(pattern(10, 20))).starts_with("1 "));  // a map that is not in the stored orientation
  EXPECT_EQ(refusal(jpeg_file(pattern(20, 10))), "accepted");
}

TEST(UltraHdr, ExiftoolReadsIt) {
  if (!fs::exists("/usr/bin/exiftool")) GTEST_SKIP() << "no exiftool (Debian: libimage-exiftool-perl)";
  const cli::Scratch folder("ultra-hdr");
  const Bytes photo = with_segment(
      with_segment(with_segment(jpeg_file(pattern(80, 60)), 0xE2, icc_segment(icc_profile("Display P3"))), 0xE1,
                   xmp_segment(bytes_of(std::string(rdf) +
                                        "<rdf:Description rdf:about='' xmlns:dc='http://purl.org/dc/elements/1.1/' "
                                        "dc:source='mine'/></rdf:RDF>"))),
      0xE1, exif_segment(exif_block(6)));
  const Bytes file = encoded(photo, hill(80, 60, 1, 3.0), MapSize::half);
  const UltraHdrReader reader(file);
  write_file(folder / "file.jpg", file);
  write_file(folder / "map.jpg", reader.map);
  const auto exiftool = [&](std::vector<std::string> arguments) {
    const auto outcome = cli::run_program_file("/usr/bin/exiftool", arguments, {.folder = folder.path()});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return outcome.out;
  };
  const std::string tags = exiftool({"-G1", "-s", "-a", "-n", "file.jpg"});
  for (const std::string_view wanted :
       {"[MPF0] NumberOfImages : 2", "[XMP-dc] Source : mine", "[IFD0] Orientation : 6",
        "[XMP-hdrgm] (HDRGM)?Version : 1.0", "[ICC_Profile] ProfileDescription : Display P3",
        "[XMP-G?Container] (Container)?DirectoryItemLength : "}) {
    std::string spaced(wanted);
    const std::string pattern_text =
        std::regex_replace(std::regex_replace(spaced, std::regex(R"([\[\].])"), "\\$&"), std::regex(" "), " +");
    EXPECT_TRUE(std::regex_search(tags, std::regex(pattern_text))) << wanted << '\n' << tags;
  }
  EXPECT_EQ(exiftool({"-b", "-MPImage2", "file.jpg"}).size(), reader.map.size());
  const std::string of_map = exiftool({"-G1", "-s", "-n", "map.jpg"});
  EXPECT_TRUE(std::regex_search(of_map, std::regex("\\[XMP-hdrgm\\] +GainMapMax"))) << of_map;
  EXPECT_EQ(exiftool({"-warning", "-error", "-a", "file.jpg", "map.jpg"}).find("Warning"), std::string::npos);
}

TEST(UltraHdr, Photographs) {
  if (photographs().empty()) GTEST_SKIP() << "no photographs (set DUHDR_SHARED)";
  for (const fs::path& picture : photographs()) {
    const std::string name = picture.filename();
    const Bytes base = read_file(picture, 1 << 26, ExitCode::bad_image);
    const JpegParts parts = jpeg_parts(base, name);
    const Tensor gain = hill(static_cast<int>(parts.width), static_cast<int>(parts.height), 1, 4.0);
    const Bytes first(base.begin(), base.end() - static_cast<std::ptrdiff_t>(parts.following.size()));
    std::printf("%s: %u x %u, %zu bytes, %zu behind it\n", name.c_str(), parts.width, parts.height, base.size(),
                parts.following.size());
    expect_light(checked(base, first, encoded(base, gain, MapSize::half)), gain);
  }
}

}  // namespace
}  // namespace duhdr
