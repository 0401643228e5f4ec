#include "attest/snp/firmware.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/checked.hpp"

namespace immure::attest::snp {
namespace {

using Guid = std::array<std::uint8_t, 16>;

constexpr std::size_t page = 4096;
/// The table ends this far before the end of the image.
constexpr std::size_t behind_table = 32;
constexpr std::size_t entry_header = 18;  ///< length (16 bits), GUID
constexpr std::uint64_t most_section_bytes = 256 << 20;

/// "96b582de-...": the first three groups are little-endian (UEFI 2.10, appendix A).
consteval Guid guid(std::string_view text) {
  constexpr std::array<std::size_t, 16> order{3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
  Guid out{};
  std::size_t at = 0;
  for (std::size_t i = 0; i < 16; ++i) {
    if (text[at] == '-') ++at;
    const auto digit = [&](char c) { return static_cast<std::uint8_t>(c <= '9' ? c - '0' : c - 'a' + 10); };
    out[order[i]] = static_cast<std::uint8_t>(digit(text[at]) << 4 | digit(text[at + 1]));
    at += 2;
  }
  return out;
}

constexpr auto footer_guid = guid("96b582de-1fb2-45f7-baea-a366c55a082d");
constexpr auto hash_table_guid = guid("7255371f-3a3b-4b04-927b-1da6efa8d454");
constexpr auto reset_block_guid = guid("00f771de-1a7e-4fcb-890e-68c77e2fb44e");
constexpr auto metadata_guid = guid("dc886566-984a-4798-a75e-5585a7bf67cc");
constexpr auto svsm_guid = guid("a789a612-0597-4c4b-a49f-cbb1fe9d1ddd");

std::uint32_t little(Bytes bytes, std::size_t at, std::size_t width) {
  std::uint32_t value = 0;
  for (std::size_t i = width; i-- > 0;) value = value << 8 | bytes[at + i];
  return value;
}

bool is_guid(Bytes bytes, const Guid& wanted) { return std::ranges::equal(bytes, wanted); }

Result<std::optional<std::uint32_t>> first_word(Bytes data) {
  if (data.size() < 4) return invalid("an entry of the firmware's table is too short");
  return little(data, 0, 4);
}

Result<FirmwareSection> read_section(Bytes bytes) {
  const FirmwareSection section{
      .gpa = little(bytes, 0, 4), .size = little(bytes, 4, 4), .kind = SectionKind{little(bytes, 8, 4)}};
  using enum SectionKind;
  const std::array known{memory, secrets, cpuid, svsm_caa, kernel_hashes};
  if (std::ranges::find(known, section.kind) == known.end()) {
    return invalid("the firmware has a section of the unknown kind " + std::to_string(little(bytes, 8, 4)));
  }
  if (section.gpa % page != 0 || section.size % page != 0)
    return invalid("a section of the firmware is not aligned");
  return section;
}

Result<std::vector<FirmwareSection>> read_metadata(Bytes image, std::uint32_t from_end) {
  constexpr std::size_t header = 16;
  constexpr std::size_t descriptor = 12;
  if (from_end < header || from_end > image.size())
    return invalid("the SEV metadata lie outside the firmware");
  const auto all = image.subspan(image.size() - from_end);
  if (!std::ranges::equal(all.first(4), std::string_view("ASEV")) || little(all, 8, 4) != 1) {
    return invalid("the SEV metadata are not of version 1");
  }
  const std::uint64_t count = little(all, 12, 4);
  const std::uint64_t length = little(all, 4, 4);
  if (length > all.size() || header + count * descriptor > length)
    return invalid("the SEV metadata are cut short");
  std::vector<FirmwareSection> sections;
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < count; ++i) {
    sections.push_back(IMMURE_TRY(read_section(all.subspan(header + i * descriptor, descriptor))));
    total += sections.back().size;
    if (total > most_section_bytes)
      return invalid("the firmware's sections are larger than 256 MiB together");
  }
  return sections;
}

}  // namespace

Result<FirmwareTables> read_firmware_tables(Bytes image) {
  if (image.empty() || image.size() % page != 0 || image.size() > largest_firmware) {
    return invalid("a firmware has a multiple of 4096 bytes, at most 64 MiB");
  }
  FirmwareTables tables;
  const auto footer = image.size() - behind_table - entry_header;
  if (!is_guid(image.subspan(footer + 2, 16), footer_guid)) return tables;
  const auto length = little(image, footer, 2);
  if (length < entry_header || length - entry_header > footer)
    return invalid("the firmware's table is malformed");
  auto rest = image.subspan(footer - (length - entry_header), length - entry_header);
  // Read backwards: each entry's length and GUID stand behind its data.
  while (rest.size() >= entry_header) {
    const auto head = rest.size() - entry_header;
    const auto size = little(rest, head, 2);
    if (size < entry_header || size > rest.size())
      return invalid("an entry of the firmware's table is malformed");
    const auto id = rest.subspan(head + 2, 16);
    const auto data = rest.subspan(rest.size() - size, size - entry_header);
    if (is_guid(id, hash_table_guid)) tables.hash_table_gpa = IMMURE_TRY(first_word(data));
    if (is_guid(id, reset_block_guid)) tables.ap_reset_eip = IMMURE_TRY(first_word(data));
    if (is_guid(id, svsm_guid)) tables.svsm_entry = IMMURE_TRY(first_word(data));
    if (is_guid(id, metadata_guid)) {
      tables.sections = IMMURE_TRY(read_metadata(image, *IMMURE_TRY(first_word(data))));
    }
    rest = rest.first(rest.size() - size);
  }
  return tables;
}

}  // namespace immure::attest::snp
