#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace immure {

/// The value of a hexadecimal digit of either case.
std::optional<std::uint8_t> hex_value(char c);

/// Lower-case hexadecimal, two digits for each byte.
std::string to_hex(std::span<const std::uint8_t> bytes);

/// Hexadecimal of either case, without separators; nothing where it is anything else.
std::optional<std::vector<std::uint8_t>> from_hex(std::string_view text);

}  // namespace immure
