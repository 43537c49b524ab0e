// SPDX-License-Identifier: Apache-2.0
#include "image/xmp_merge.h"

#include <algorithm>
#include <map>
#include <vector>

#include "base/error.h"

namespace duhdr {
namespace {

constexpr std::string_view white = " \t\r\n";
constexpr auto npos = std::string_view::npos;

struct Range {
  std::size_t begin = 0, end = 0;  // offsets in the packet
};

struct Attribute {
  std::string_view name = {}, value = {};  // without quotes
  Range range = {};                        // with the white space before it
};

struct Tag {
  std::string_view name = {};
  bool opens = true, closes = false;  // <a>, </a>, and both for <a/>
  std::vector<Attribute> attributes = {};
  Range range = {};
};

std::string_view prefix_of(std::string_view name) {
  const std::size_t colon = name.find(':');
  return colon == npos ? std::string_view() : name.substr(0, colon);
}

/// XmpNames as a packet writes them.
struct Dropped {
  std::string_view prefix = {}, begin = {};

  bool has(std::string_view name) const {
    return !prefix.empty() && prefix_of(name) == prefix && name.substr(prefix.size() + 1).starts_with(begin);
  }
  bool has_declaration(std::string_view name) const {
    return begin.empty() && prefix_of(name) == "xmlns" && name.substr(6) == prefix;
  }
};

/// Reads a tag of `text` that begins at `at`, with its '<'.
std::optional<Tag> tag_at(std::string_view text, std::size_t at) {
  Tag tag{.range = {at, at + 1}};
  std::size_t& end = tag.range.end;
  const auto word = [&](std::string_view stops) {
    const std::size_t begin = end;
    end = std::min(text.find_first_of(stops, begin), text.size());
    return text.substr(begin, end - begin);
  };
  const auto skip_white = [&] { end = std::min(text.find_first_not_of(white, end), text.size()); };
  if (text.substr(end).starts_with('/')) {
    tag.opens = false;
    tag.closes = true;
    ++end;
  }
  tag.name = word(" \t\r\n/>");
  if (tag.name.empty()) return std::nullopt;
  for (;;) {
    const std::size_t begin = end;
    skip_white();
    const std::string_view rest = text.substr(end);
    if (rest.starts_with('>') || rest.starts_with("/>")) {
      tag.closes = tag.closes || rest.front() == '/';
      end += rest.front() == '/' ? 2 : 1;
      return tag;
    }
    Attribute attribute{.name = word(" \t\r\n=/>\"'<")};
    skip_white();
    if (attribute.name.empty() || end >= text.size() || text[end] != '=') return std::nullopt;
    ++end;
    skip_white();
    if (end >= text.size() || (text[end] != '"' && text[end] != '\'')) return std::nullopt;
    const std::size_t value = end + 1, quote = text.find(text[end], value);
    if (quote == npos) return std::nullopt;
    attribute.value = text.substr(value, quote - value);
    end = quote + 1;
    attribute.range = {begin, end};
    tag.attributes.push_back(attribute);
  }
}

/// All tags in their order; comments, instructions and quoted text (CDATA) are passed.
std::optional<std::vector<Tag>> tags_of(std::string_view text) {
  std::vector<Tag> tags;
  for (std::size_t at = text.find('<'); at != npos; at = text.find('<', at)) {
    std::string_view end;
    for (const auto& [opening, closing] : {std::pair{"<!--", "-->"}, {"<![CDATA[", "]]>"}, {"<?", "?>"}})
      if (text.substr(at).starts_with(opening)) end = closing;
    if (!end.empty()) {
      at = text.find(end, at);
      if (at == npos) return std::nullopt;
      at += end.size();
      continue;
    }
    std::optional<Tag> tag = tag_at(text, at);
    if (!tag) return std::nullopt;
    at = tag->range.end;
    tags.push_back(*std::move(tag));
  }
  return tags;
}

/// By the prefixes that stand for their namespaces; nothing when a prefix stands for two.
std::optional<std::vector<Dropped>> prefixed(std::span<const XmpNames> names, const std::vector<Tag>& tags) {
  std::map<std::string_view, std::string_view> bound;
  for (const Tag& tag : tags)
    for (const Attribute& attribute : tag.attributes)
      if (prefix_of(attribute.name) == "xmlns") {
        const auto [entry, is_new] = bound.try_emplace(attribute.name.substr(6), attribute.value);
        if (!is_new && entry->second != attribute.value) return std::nullopt;
      }
  std::vector<Dropped> dropped;
  for (const auto& [prefix, space] : bound)
    for (const XmpNames& of : names)
      if (of.space == space) dropped.push_back({prefix, of.begin});
  return dropped;
}

/// What is dropped: whole elements, and attributes and declarations of the others. Nothing when an element does not
/// end.
std::optional<std::vector<Range>> ranges_of(const std::vector<Tag>& tags, std::span<const Dropped> dropped) {
  const auto is_dropped = [&](std::string_view name) {
    return std::ranges::any_of(dropped, [&](const Dropped& names) { return names.has(name); });
  };
  const auto is_dropped_attribute = [&](std::string_view name) {
    return is_dropped(name) ||
           std::ranges::any_of(dropped, [&](const Dropped& names) { return names.has_declaration(name); });
  };
  std::vector<Range> ranges;
  int depth = 0;  // within a dropped element
  for (const Tag& tag : tags) {
    if (depth == 0 && !is_dropped(tag.name)) {
      for (const Attribute& attribute : tag.attributes)
        if (is_dropped_attribute(attribute.name)) ranges.push_back(attribute.range);
      continue;
    }
    if (depth == 0) ranges.push_back(tag.range);
    depth += (tag.opens ? 1 : 0) - (tag.closes ? 1 : 0);
    if (depth < 0) return std::nullopt;
    ranges.back().end = tag.range.end;
  }
  if (depth != 0) return std::nullopt;
  return ranges;
}

std::string description(std::string_view about, std::string_view properties) {
  const char quote = about.find('"') == npos ? '"' : '\'';
  return message("<rdf:Description rdf:about=", quote, about, quote, ' ', properties, '\n');
}

/// Without the white space that programs leave for later additions before <?xpacket end.
std::string without_padding(std::string packet) {
  const std::size_t end = packet.rfind("<?xpacket");
  if (end == npos || end == 0) return packet;
  const std::size_t begin = packet.find_last_not_of(white, end - 1) + 1;
  return packet.erase(begin, end - begin);
}

}  // namespace

std::string xmp_packet(std::string_view properties) {
  return message(
      "<?xpacket begin=\"\xEF\xBB\xBF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\n",
      "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n", description("", properties),
      "</rdf:RDF>\n</x:xmpmeta>\n<?xpacket end=\"w\"?>");
}

std::optional<std::string> merged_xmp(std::string_view packet, std::string_view properties,
                                      std::span<const XmpNames> dropped) {
  const auto tags = tags_of(packet);
  if (!tags) return std::nullopt;
  const auto names = prefixed(dropped, *tags);
  if (!names) return std::nullopt;
  const auto ranges = ranges_of(*tags, *names);
  const auto last = std::ranges::find_if(tags->rbegin(), tags->rend(),
                                         [](const Tag& tag) { return tag.name == "rdf:RDF" && !tag.opens; });
  if (!ranges || last == tags->rend()) return std::nullopt;
  if (!ranges->empty() && ranges->back().end > last->range.begin) return std::nullopt;

  std::string_view about;
  const auto first = std::ranges::find(*tags, "rdf:Description", &Tag::name);
  if (first != tags->end())
    for (const Attribute& attribute : first->attributes)
      if (attribute.name == "rdf:about") about = attribute.value;

  std::string merged;
  std::size_t copied = 0;
  const auto copy_to = [&](std::size_t end) { merged += packet.substr(copied, end - copied); };
  for (const Range& range : *ranges) {
    copy_to(range.begin);
    copied = range.end;
  }
  copy_to(last->range.begin);
  merged += description(about, properties);
  merged += packet.substr(last->range.begin);
  return without_padding(std::move(merged));
}

}  // namespace duhdr
