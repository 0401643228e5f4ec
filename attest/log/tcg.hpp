#pragma once

#include <vector>

#include "attest/log/record.hpp"

namespace immure::attest::log {

/// The log as firmware writes its own (TCG PC Client Platform Firmware Profile, 10.2): the Spec ID Event,
/// then a TCG_PCR_EVENT2 of the type EV_EVENT_TAG for each record, whose data is the content TLV. For
/// verifiers that know nothing else: tpm2_eventlog, go-attestation, Keylime.
ByteVector write_tcg(const std::vector<Record>& records);

}  // namespace immure::attest::log
