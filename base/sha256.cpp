// SPDX-License-Identifier: Apache-2.0
#include "base/sha256.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <array>

#include "base/error.h"

namespace duhdr {

struct Sha256::Context {
  EVP_MD_CTX* state = EVP_MD_CTX_new();
  ~Context() { EVP_MD_CTX_free(state); }
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {
  // A checksum must not depend on the configuration file of the machine's OpenSSL.
  static const bool ready = OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr) == 1;
  const bool begun = ready && context_->state && EVP_DigestInit_ex(context_->state, EVP_sha256(), nullptr) == 1;
  DUHDR_CHECK(begun, "SHA-256 cannot be computed");
}

Sha256::~Sha256() = default;

void Sha256::update(std::span<const std::byte> bytes) {
  DUHDR_CHECK(EVP_DigestUpdate(context_->state, bytes.data(), bytes.size()) == 1, "SHA-256 of ", bytes.size(),
              " bytes failed");
}

std::string Sha256::finish() {
  std::array<unsigned char, 32> digest{};
  DUHDR_CHECK(EVP_DigestFinal_ex(context_->state, digest.data(), nullptr) == 1, "SHA-256 failed");
  std::string out;
  for (const unsigned char byte : digest) {
    out += "0123456789abcdef"[byte >> 4];
    out += "0123456789abcdef"[byte & 15];
  }
  return out;
}

std::string sha256(std::span<const std::byte> bytes) {
  Sha256 sum;
  sum.update(bytes);
  return sum.finish();
}

}  // namespace duhdr
