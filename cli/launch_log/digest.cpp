#include "cli/launch_log/digest.hpp"

#include <array>

#include <openssl/evp.h>

#include "base/hex.hpp"

namespace immure::cli {

std::string sha256_text(std::span<const std::byte> bytes) {
  std::array<std::uint8_t, 32> digest{};
  unsigned size = 0;
  const auto done =
      ::EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, ::EVP_sha256(), nullptr) == 1;
  return done && size == digest.size() ? to_hex(digest) : std::string();
}

}  // namespace immure::cli
