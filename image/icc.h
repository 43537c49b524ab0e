// SPDX-License-Identifier: Apache-2.0
// The description of an ICC profile: enough to say whether a picture is sRGB.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

namespace duhdr {

/// The text of the 'desc' tag (ASCII or UTF-16, non-ASCII as '?'); nullopt when the profile is broken.
std::optional<std::string> icc_description(std::span<const std::byte> profile);

/// True for the names under which sRGB profiles are known.
bool describes_srgb(const std::string& description);

}  // namespace duhdr
