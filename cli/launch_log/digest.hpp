#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace immure::cli {

/// SHA-256 of some bytes as lower-case hexadecimal; empty where OpenSSL offers none.
std::string sha256_text(std::span<const std::byte> bytes);

}  // namespace immure::cli
