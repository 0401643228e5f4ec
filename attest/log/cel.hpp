#pragma once

#include <vector>

#include "attest/log/record.hpp"

namespace immure::attest::log {

inline constexpr std::size_t largest_log = 16 << 20;
inline constexpr std::size_t most_records = 65'536;  ///< some thousand launches

/// The log as TCG Canonical Event Log in TLV encoding: for each record its number (8 bytes), PCR (1 byte) or
/// NV index (4), digests (SHA-256, SHA-384) and content.
ByteVector write_cel(const std::vector<Record>& records);

/// The number that the next record of a log of our own has, for a PCR; an Error where it is malformed or
/// full, or is for an NV index. Nothing is hashed: a log is appended to more often than it is read.
Result<std::uint64_t> count_records(Bytes bytes);

/// Reads one that somebody handed over. An Error unless it is exactly as write_cel() writes it: records
/// numbered from 0 without a gap, every content an event of ours, and both digests those of the content.
Result<std::vector<Record>> parse_cel(Bytes bytes);

}  // namespace immure::attest::log
