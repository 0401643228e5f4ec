#pragma once

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string_view>

#include "attest/crypto/bytes.hpp"

namespace immure::attest::test {

inline void put(ByteVector& out, std::uint64_t value, std::size_t width) {
  for (std::size_t i = 0; i < width; ++i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

/// An entry of the table: its data, then length and GUID (as it lies in memory).
inline void put_entry(ByteVector& out, const ByteVector& data, std::string_view guid) {
  out.insert(out.end(), data.begin(), data.end());
  put(out, data.size() + 18, 2);
  const auto bytes = *from_hex(guid);
  out.insert(out.end(), bytes.begin(), bytes.end());
}

inline ByteVector words(std::initializer_list<std::uint32_t> values) {
  ByteVector out;
  for (const auto value : values) put(out, value, 4);
  return out;
}

enum class Kind { ovmf, svsm };

/// 64 KiB with a section of every kind; an SVSM has no place for the kernel's hashes.
inline ByteVector made_up(Kind kind) {
  constexpr std::size_t size = 65536;
  constexpr std::uint32_t metadata_from_end = 0x800;
  ByteVector image(size);
  for (std::size_t i = 0; i < size; ++i) image[i] = static_cast<std::uint8_t>(i * 7 + (i >> 8) * 3);
  std::vector<std::array<std::uint32_t, 3>> sections{
      {0x800000, 0x3000, 1}, {0x80d000, 0x1000, 2}, {0x80e000, 0x1000, 3}, {0x80f000, 0x1000, 4}};
  if (kind == Kind::ovmf) sections.push_back({0x810000, 0x1000, 0x10});
  sections.push_back({0x811000, 0x2000, 1});
  const auto count = static_cast<std::uint32_t>(sections.size());
  auto metadata = words({0x56455341, 16 + 12 * count, 1, count});
  for (const auto& [gpa, bytes, type] : sections) {
    const auto section = words({gpa, bytes, type});
    metadata.insert(metadata.end(), section.begin(), section.end());
  }
  std::ranges::copy(metadata, image.end() - metadata_from_end);
  ByteVector table;
  put_entry(table, words({0x810400, 0x400}), "1f3755723b3a044b927b1da6efa8d454");
  put_entry(table, words({0x80b004}), "de71f7007e1acb4f890e68c77e2fb44e");
  put_entry(table, words({metadata_from_end}), "666588dc4a989847a75e5585a7bf67cc");
  if (kind == Kind::svsm) put_entry(table, words({0x1234}), "12a689a797054b4ca49fcbb1fe9d1ddd");
  put(table, table.size() + 18, 2);
  const auto footer = *from_hex("de82b596b21ff745baeaa366c55a082d");
  table.insert(table.end(), footer.begin(), footer.end());
  std::ranges::copy(table, image.end() - 32 - static_cast<std::ptrdiff_t>(table.size()));
  return image;
}

}  // namespace immure::attest::test
