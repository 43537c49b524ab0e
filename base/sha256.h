// SPDX-License-Identifier: Apache-2.0
// SHA-256 (FIPS 180-4), by OpenSSL, which uses the processor's instructions for it.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace duhdr {

/// SHA-256 as 64 hexadecimal digits.
std::string sha256(std::span<const std::byte> bytes);

}  // namespace duhdr
