#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/hex.hpp"

namespace immure::attest {

using Bytes = std::span<const std::uint8_t>;
using ByteVector = std::vector<std::uint8_t>;
using immure::from_hex;
using immure::to_hex;

/// Standard base64 with padding (RFC 4648, 4).
std::string to_base64(Bytes bytes);

/// The inverse; nothing where a character, the padding or an unused bit is wrong.
std::optional<ByteVector> from_base64(std::string_view text);

bool all_zero(Bytes bytes);

/// The characters as bytes.
inline Bytes bytes_of_text(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace immure::attest
