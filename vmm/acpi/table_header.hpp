#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace immure::vmm::acpi {

/// System description table header (ACPI 6.5, 5.2.6).
struct [[gnu::packed]] TableHeader {
  std::array<char, 4> signature{};
  std::uint32_t length = 0;
  std::uint8_t revision = 0;
  std::uint8_t checksum = 0;
  std::array<char, 6> oem_id{'I', 'M', 'M', 'U', 'R', 'E'};
  std::array<char, 8> oem_table_id{'I', 'M', 'M', 'U', 'R', 'E', 'V', 'M'};
  std::uint32_t oem_revision = 1;
  std::array<char, 4> creator_id{'I', 'M', 'M', 'U'};
  std::uint32_t creator_revision = 1;
};
static_assert(sizeof(TableHeader) == 36);

constexpr TableHeader make_header(std::string_view signature, std::uint8_t revision, std::uint32_t length) {
  TableHeader header;
  for (std::size_t i = 0; i < header.signature.size(); ++i) header.signature[i] = signature[i];
  header.length = length;
  header.revision = revision;
  return header;
}

}  // namespace immure::vmm::acpi
