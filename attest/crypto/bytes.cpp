#include "attest/crypto/bytes.hpp"

#include <algorithm>

namespace immure::attest {
namespace {

constexpr std::string_view base64_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::string to_base64(Bytes bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto part = bytes.subspan(i, std::min<std::size_t>(3, bytes.size() - i));
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j) group = group << 8 | (j < part.size() ? part[j] : 0U);
    for (std::size_t j = 0; j < 4; ++j) {
      out += j <= part.size() ? base64_digits[group >> (18 - 6 * j) & 63] : '=';
    }
  }
  return out;
}

std::optional<ByteVector> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  const auto padding = text.ends_with("==") ? 2U : text.ends_with('=') ? 1U : 0U;
  ByteVector out;
  out.reserve(text.size() / 4 * 3);
  std::uint32_t group = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto digit = i + padding >= text.size() ? 0 : base64_digits.find(text[i]);
    if (digit == std::string_view::npos) return std::nullopt;
    group = group << 6 | static_cast<std::uint32_t>(digit);
    if (i % 4 != 3) continue;
    for (unsigned shift = 24; shift != 0; shift -= 8) {
      out.push_back(static_cast<std::uint8_t>(group >> (shift - 8)));
    }
    group = 0;
  }
  for (unsigned i = 0; i < padding; ++i) {
    if (out.back() != 0) return std::nullopt;  // Bits that no byte uses must be zero.
    out.pop_back();
  }
  return out;
}

bool all_zero(Bytes bytes) {
  return std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
}

}  // namespace immure::attest
