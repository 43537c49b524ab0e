// SPDX-License-Identifier: Apache-2.0
// Adding properties to an XMP packet, and taking those of given namespaces out of it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace duhdr {

/// Properties of a namespace: all of them, or those whose names begin so.
struct XmpNames {
  std::string_view space = {}, begin = {};
};

/// A packet of one rdf:Description. `properties` is what follows its rdf:about, up to and with its end tag.
std::string xmp_packet(std::string_view properties);

/// The packet with one more rdf:Description of these properties, about what its first one is about, without the
/// elements and attributes that are `dropped`, without the prefixes of namespaces that are dropped whole, and without
/// padding; everything else is kept byte for byte. Tags are walked over, no more XML is understood: nothing when that
/// does not lead to an </rdf:RDF> (UTF-16, damage), or when one prefix stands for two namespaces.
std::optional<std::string> merged_xmp(std::string_view packet, std::string_view properties,
                                      std::span<const XmpNames> dropped);

}  // namespace duhdr
