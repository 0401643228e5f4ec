#pragma once

#include <cstdint>

#include "base/result.hpp"

namespace immure::policy {

/// First field of every fixed-layout record. A record is trivially copyable, has no implicit padding, holds
/// no pointer, and travels between two programs of the same build only; magic, version and size say so.
struct RecordHeader {
  std::uint32_t magic = 0;
  std::uint32_t version = 0;
  std::uint32_t size = 0;
  std::uint32_t reserved = 0;

  friend bool operator==(const RecordHeader&, const RecordHeader&) = default;
};

/// The header of a record type: it declares `record_magic` and `record_version`.
template <typename Record>
constexpr RecordHeader header_of() {
  return {.magic = Record::record_magic, .version = Record::record_version, .size = sizeof(Record)};
}

/// An Error unless the header is exactly the one this build writes.
template <typename Record>
Result<void> check_header(const Record& record, std::string_view what) {
  if (record.header != header_of<Record>()) {
    return invalid(std::string(what) +
                   " has a wrong magic, version or size: the two programs are of different versions");
  }
  return {};
}

}  // namespace immure::policy
