// SPDX-License-Identifier: Apache-2.0
// The parsers of image/ that are our own, on mutated inputs: segments of JPEG, EXIF, XMP and its merging, ICC
// descriptions, code points, and Ultra HDR files put together of such. Run K of a seed is a function of both, so what
// fails can be had again alone: parsers_fuzz --seed S --first K --runs 1. Mistakes show as a crash, as an Error that is
// not about the input, as a span that lies outside of it, or under a sanitizer.
#include <cstdio>
#include <cstdlib>
#include <random>

#include "image/bytes.h"
#include "image/exif.h"
#include "image/gain_map_metadata.h"
#include "image/icc.h"
#include "image/jpeg_segments.h"
#include "image/ultra_hdr.h"
#include "image/xmp.h"
#include "image/xmp_merge.h"
#include "tests/support/image_files.h"

namespace duhdr {
namespace {

using namespace files;
using namespace std::string_view_literals;
using Random = std::mt19937_64;

std::size_t below(Random& random, std::size_t limit) { return static_cast<std::size_t>(random() % limit); }

const std::vector<Bytes>& words() {
  static const std::vector<Bytes> list = [] {
    std::vector<Bytes> all;
    for (const std::string_view word : {"\xFF\xD8"sv,
                                        "\xFF\xD9"sv,
                                        "\xFF\xDA"sv,
                                        "\xFF\xC0"sv,
                                        "\xFF\xE1"sv,
                                        "\xFF\xE2"sv,
                                        "\xFF\xFF"sv,
                                        "\0\0"sv,
                                        "\x7F\xFF\xFF\xFF"sv,
                                        "\xFF\xFF\xFF\xFF"sv,
                                        "\x80\0\0\0"sv,
                                        "Exif\0\0"sv,
                                        "MPF\0"sv,
                                        "II*\0"sv,
                                        "MM\0*"sv,
                                        "http://ns.adobe.com/xap/1.0/\0"sv,
                                        "urn:iso:std:iso:ts:21496-1:-1\0"sv,
                                        "tiff:Orientation=\"6\""sv,
                                        "<tiff:Orientation>"sv,
                                        "<rdf:RDF>"sv,
                                        "</rdf:RDF>"sv,
                                        "<rdf:Description "sv,
                                        "rdf:about='x'"sv,
                                        "/>"sv,
                                        "<!--"sv,
                                        "-->"sv,
                                        "<![CDATA["sv,
                                        "]]>"sv,
                                        "<?"sv,
                                        "?>"sv,
                                        "xmlns:a=\"urn:old\""sv,
                                        "<a:b>"sv,
                                        "</a:b>"sv,
                                        "\""sv,
                                        "'"sv,
                                        "="sv,
                                        "desc"sv,
                                        "mluc"sv,
                                        "acsp"sv})
      all.push_back(bytes_of(word));
    return all;
  }();
  return list;
}

/// One to eight small changes.
Bytes mutated(Bytes bytes, const Bytes& other, Random& random) {
  for (std::size_t changes = 1 + below(random, 8); changes > 0; --changes) {
    const std::size_t at = below(random, bytes.size() + 1), left = bytes.size() - at;
    const auto position = bytes.begin() + static_cast<std::ptrdiff_t>(at);
    const auto length = static_cast<std::ptrdiff_t>(left == 0 ? 0 : below(random, std::min<std::size_t>(left, 64)) + 1);
    switch (below(random, 7)) {
      case 0:
        if (left > 0) *position ^= static_cast<std::byte>(1u << below(random, 8));
        break;
      case 1:
        if (left > 0) *position = static_cast<std::byte>(random());
        break;
      case 2:
        bytes.erase(position, position + length);
        break;
      case 3: {
        const Bytes again(position, position + length);
        bytes.insert(position, again.begin(), again.end());
        break;
      }
      case 4: {
        const Bytes& word = words()[below(random, words().size())];
        bytes.insert(position, word.begin(), word.end());
        break;
      }
      case 5: {
        const std::size_t from = below(random, other.size() + 1);
        bytes.insert(position, other.begin() + static_cast<std::ptrdiff_t>(from),
                     other.begin() + static_cast<std::ptrdiff_t>(std::min(other.size(), from + below(random, 64))));
        break;
      }
      default:
        if (below(random, 4) == 0) bytes.resize(at);
    }
  }
  return bytes;
}

[[noreturn]] void fail(const std::string& what) { throw std::logic_error(what); }

void check_within(std::span<const std::byte> part, const Bytes& whole) {
  if (!part.empty() && (part.data() < whole.data() || part.data() + part.size() > whole.data() + whole.size()))
    fail("a span outside of the input");
}

// Each returns whether the input was understood.

bool segments(const Bytes& bytes) {
  const JpegParts parts = jpeg_parts(bytes, "x");
  for (const JpegSegment& segment : parts.header) {
    check_within(segment.bytes, bytes);
    check_within(segment.payload(), bytes);
  }
  check_within(parts.scans, bytes);
  check_within(parts.following, bytes);
  if (parts.width == 0 || parts.height == 0 || parts.components == 0) fail("an empty frame");
  return true;
}

bool exif(const Bytes& bytes) {
  const Orientation found = exif_orientation(bytes);
  if (found.value < 1 || found.value > 8) fail("an impossible orientation");
  return found.stated;
}

bool xmp(const Bytes& bytes) {
  const Orientation found = xmp_orientation(bytes);
  if (found.value < 1 || found.value > 8) fail("an impossible orientation");
  return found.stated;
}

bool merging(const Bytes& bytes) {
  constexpr XmpNames dropped[] = {{"urn:old"}, {gain_map_namespace, "Gain"}};
  const auto found = merged_xmp(ByteView::as_text(bytes), "i:j=\"3\"/>", dropped);
  if (found && found->find("i:j=\"3\"/>") == std::string::npos) fail("the properties were lost");
  return found.has_value();
}

bool profile(const Bytes& bytes) { return icc_description(bytes).has_value(); }

bool ultra_hdr(const Bytes& bytes) {
  const JpegParts parts = jpeg_parts(bytes, "x");
  if (std::uint64_t{parts.width} * parts.height > 10'000) return false;
  const GainMap map{
      .log2_gain = Tensor::zeros({1, parts.height, parts.width, 1}, DType::f32), .max_boost = 1, .gamma = 1};
  const Bytes file = encode_ultra_hdr(bytes, map, "x");
  const JpegParts base = jpeg_parts(file, "x");
  if (base.width != parts.width || base.height != parts.height || base.following.empty()) fail("another base");
  if (jpeg_parts(Bytes(base.following.begin(), base.following.end()), "map").components != 1) fail("another map");
  return true;
}

/// The input as numbers: both forms of the metadata have to take whatever lies within their range.
bool metadata(const Bytes& bytes) {
  const ByteView view(bytes);
  const auto number_at = [&](std::uint64_t at) { return view.u32(at).value_or(7) / 4294967296.0 * 1998 - 999; };
  const GainMap map{.log2_gain = Tensor::zeros({1, 1, 1, 1}, DType::f32),
                    .min_boost = number_at(0),
                    .max_boost = number_at(4),
                    .gamma = number_at(8),
                    .offset_sdr = number_at(12),
                    .offset_hdr = number_at(16)};
  const std::string properties = gain_map_properties(map);
  constexpr std::size_t block_bytes = 5 + 7 * 8;
  if (iso_gain_map(map).size() != block_bytes) fail("metadata of another size");
  return merged_xmp(xmp_packet(properties), properties, {}).has_value() ||
         (fail("our own XMP is not understood"), true);
}

struct Target {
  const char* name;
  bool (*run)(const Bytes&);
  std::vector<Bytes> inputs;
  std::uint64_t understood = 0, refused = 0;
};

std::vector<Target> all_targets() {
  const std::string packet =
      "<?xpacket begin=''?><x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='urn:rdf'><rdf:Description "
      "rdf:about='' "
      "xmlns:a='urn:old' xmlns:tiff='urn:tiff' a:b=\"1\" tiff:Orientation='6'><a:d><e/></a:d><!-- f --><![CDATA[g]]>"
      "<tiff:Orientation>3</tiff:Orientation></rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end='w'?>";
  const Bytes text = bytes_of(packet), plain = jpeg_file(pattern(16, 12)), grey = jpeg_file(pattern(16, 12, 1));
  const Bytes progressive =
      jpeg_file(pattern(16, 12), [](jpeg_compress_struct& info) { jpeg_simple_progression(&info); });
  const Bytes full =
      with_segment(with_segment(with_segment(plain, 0xE2, icc_segment(icc_profile("sRGB"))), 0xE1, xmp_segment(text)),
                   0xE1, exif_segment(exif_block(6)));
  const std::vector<Bytes> jpegs{plain, grey, progressive, full, full + grey};
  Bytes unicode = icc_profile("unicode of some length");
  std::memcpy(unicode.data() + find(unicode, std::string_view("desc\0\0\0\0", 8)),
              "mluc\0\0\0\0\0\0\0\1\0\0\0\x0C"
              "enUS\0\0\0\x08\0\0\0\x1C",
              28);
  return {{"jpeg_segments", segments, jpegs},
          {"exif", exif, {exif_block(6), exif_block(3, false), exif_block(8, true, 8, 30) + exif_block(1)}},
          {"xmp", xmp, {text, bytes_of("<tiff:Orientation> 6 </tiff:Orientation>")}},
          {"xmp_merge", merging, {text, bytes_of(xmp_packet("a:b='c'/>"))}},
          {"icc", profile, {icc_profile("Display P3"), unicode}},
          {"ultra_hdr", ultra_hdr, jpegs},
          {"gain_map_metadata", metadata, {Bytes(24), number(0x123456789ABCDEF0u, 8) + Bytes(16, std::byte{0xFF})}}};
}

/// Run `number`: the target, its input and the changes. Throws what the parser should not have.
void run(std::vector<Target>& targets, std::uint64_t seed, std::uint64_t number) {
  Random random(seed * 0x9E3779B97F4A7C15u + number);
  Target& target = targets[static_cast<std::size_t>(number % targets.size())];
  const Bytes input = mutated(target.inputs[below(random, target.inputs.size())],
                              target.inputs[below(random, target.inputs.size())], random);
  try {
    ++(target.run(input) ? target.understood : target.refused);
  } catch (const Error& error) {
    if (error.code() != ExitCode::bad_image) throw;
    ++target.refused;
  } catch (const std::exception& error) {
    throw std::logic_error(std::string(target.name) + ": " + error.what());
  }
}

}  // namespace
}  // namespace duhdr

int main(int count, char** arguments) {
  std::uint64_t runs = 20'000, seed = 1, first = 0;
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string_view name = arguments[i];
    std::uint64_t* option = name == "--runs" ? &runs : name == "--seed" ? &seed : name == "--first" ? &first : nullptr;
    if (option == nullptr) {
      std::fprintf(stderr, "error: unknown option %s (--runs, --seed, --first)\n", arguments[i]);
      return 2;
    }
    *option = std::strtoull(arguments[i + 1], nullptr, 10);
  }
  std::vector<duhdr::Target> targets = duhdr::all_targets();
  for (std::uint64_t i = first; i < first + runs; ++i) {
    try {
      duhdr::run(targets, seed, i);
    } catch (const std::exception& error) {
      std::fprintf(stderr, "error: --seed %llu --first %llu --runs 1: %s\n", static_cast<unsigned long long>(seed),
                   static_cast<unsigned long long>(i), error.what());
      return 1;
    }
  }
  bool both = true;
  for (const duhdr::Target& target : targets) {
    std::printf("%-18s %9llu understood %9llu refused\n", target.name,
                static_cast<unsigned long long>(target.understood), static_cast<unsigned long long>(target.refused));
    both = both && target.understood > 0 && (target.refused > 0 || target.run == duhdr::metadata);
  }
  if (runs >= 1000 && !both) std::fprintf(stderr, "error: a target never or always understands its input\n");
  return runs >= 1000 && !both ? 1 : 0;
}
