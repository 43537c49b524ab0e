// SPDX-License-Identifier: Apache-2.0
#include "base/sha256.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <array>

#include "base/error.h"

namespace duhdr {

std::string sha256(std::span<const std::byte> bytes) {
  // A checksum must not depend on the configuration file of the machine's OpenSSL.
  static const bool ready = OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr) == 1;
  std::array<unsigned char, 32> digest{};
  const bool done = ready && EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr) == 1;
  DUHDR_CHECK(done, "SHA-256 of ", bytes.size(), " bytes failed");
  std::string out;
  for (const unsigned char byte : digest) {
    out += "0123456789abcdef"[byte >> 4];
    out += "0123456789abcdef"[byte & 15];
  }
  return out;
}

}  // namespace duhdr
