#pragma once

#include <vector>

#include "attest/log/record.hpp"

namespace immure::attest::log {

inline constexpr std::size_t largest_log = 4 << 20;
inline constexpr std::size_t most_records = 4096;

/// The log as TCG Canonical Event Log in TLV encoding: for each record its number (8 bytes), PCR (1 byte),
/// digests (SHA-256, SHA-384) and content.
ByteVector write_cel(const std::vector<Record>& records);

/// Reads one that somebody handed over. An Error unless it is exactly as write_cel() writes it: records
/// numbered from 0 without a gap, every content an event of ours, and both digests those of the content.
Result<std::vector<Record>> parse_cel(Bytes bytes);

}  // namespace immure::attest::log
