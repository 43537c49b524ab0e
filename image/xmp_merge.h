// SPDX-License-Identifier: Apache-2.0
// Adding properties to an XMP packet, and taking those of given namespaces out of it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace duhdr {

/// A packet of one rdf:Description. `properties` is what follows its rdf:about, up to and with its end tag.
std::string xmp_packet(std::string_view properties);

/// The packet with one more rdf:Description of these properties, about what its first one is about, without the
/// elements, attributes and prefixes of the `dropped` namespaces and without padding; everything else is kept byte for
/// byte. Tags are walked over, no more XML is understood: nothing when that does not lead to an </rdf:RDF> (UTF-16,
/// damage), or when one prefix stands for two namespaces.
std::optional<std::string> merged_xmp(std::string_view packet, std::string_view properties,
                                      std::span<const std::string_view> dropped);

}  // namespace duhdr
