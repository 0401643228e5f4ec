#pragma once

#include <string>
#include <vector>

#include "attest/log/record.hpp"

namespace immure::attest::log {

/// The log as a JSON text sequence (RFC 7464: RS, text, LF), each text in the shape of systemd's
/// tpm2-measure.log: "pcr", "digests" [{"hashAlg", "digest"}], "content_type", "content". The content has
/// "eventType" (code or identity), "name" and the event's fields; the digests are the same as in write_cel().
std::string write_json_seq(const std::vector<Record>& records);

}  // namespace immure::attest::log
