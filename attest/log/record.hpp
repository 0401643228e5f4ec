#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "attest/measure/event.hpp"
#include "attest/measure/file_digests.hpp"

namespace immure::attest::log {

inline constexpr std::uint32_t most_pcr = 23;

/// One record of an event log: what was extended into which PCR or NV index. The digests are those of
/// content_tlv().
struct Record {
  std::uint64_t number = 0;
  std::uint32_t pcr = 0;
  std::uint32_t nv_index = 0;  ///< 0: into the PCR
  measure::Digests digests;
  measure::Event event;
};

/// The content of a record as TCG CEL-TLV: type 73 ("I"), length, and in it {type 1 code or 2 identity,
/// length, event_text()}. All of these bytes are what a record's digests cover.
ByteVector content_tlv(const measure::Event& event);

/// A record for each event, numbered from `first`, all for one PCR or, where there is one, for an NV index.
/// An Error where OpenSSL cannot hash.
Result<std::vector<Record>> make_records(const std::vector<measure::Event>& events, std::uint32_t pcr,
                                         std::uint64_t first = 0, std::uint32_t nv_index = 0);

}  // namespace immure::attest::log
