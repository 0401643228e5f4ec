#pragma once

#include <optional>

#include "attest/log/record.hpp"

namespace immure::attest::log {

/// What a log of an NV index begins with: the one record that goes into a PCR. It binds the index to the
/// boot, whose value from then on is known, but not how to come to it again: what it was extended by is
/// forgotten. So an index that was deleted and made anew cannot be made to look the same.
struct NvStart {
  static constexpr const char* event_name = "nv-index";

  std::uint32_t index = 0;
  ByteVector name;       ///< the TPM's: TPM_ALG_ID and digest of its public area
  Sha256Digest value{};  ///< when the log began
};

/// An event of the kind identity.
measure::Event event_of(const NvStart& start);

/// The inverse; an Error where the event is something else, or is not as event_of() writes it.
Result<NvStart> parse_nv_start(const measure::Event& event);

/// The start of a log that is for an NV index: its first record, for a PCR; all others are for that one
/// index. Nothing for a log that is for one PCR alone. An Error where the log is neither.
Result<std::optional<NvStart>> nv_start_of(const std::vector<Record>& records);

/// What the index holds once the records behind the start, and nothing else, were extended into it.
Result<Sha256Digest> replay_nv(const NvStart& start, const std::vector<Record>& records);

}  // namespace immure::attest::log
