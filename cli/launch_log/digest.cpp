#include "cli/launch_log/digest.hpp"

#include <array>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "cli/output/units.hpp"

namespace immure::cli {

std::string sha256_text(std::span<const std::byte> bytes) {
  // No file of the host decides how a digest is made; the launcher's domain may not read it either.
  static const auto is_ready = ::OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr) == 1;
  if (!is_ready) return {};
  std::array<std::uint8_t, 32> digest{};
  unsigned size = 0;
  const auto done =
      ::EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, ::EVP_sha256(), nullptr) == 1;
  return done && size == digest.size() ? hex_text(digest) : std::string();
}

}  // namespace immure::cli
