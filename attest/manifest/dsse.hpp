#pragma once

#include <string>
#include <vector>

#include "attest/crypto/bytes.hpp"
#include "base/result.hpp"

namespace immure::attest::manifest {

/// A DSSE envelope, version 1.0 (github.com/secure-systems-lab/dsse, envelope.md and protocol.md).
struct Envelope {
  static constexpr std::size_t largest = 1 << 20;
  static constexpr std::size_t most_signatures = 16;

  struct Signature {
    std::string key_id;  ///< a hint only: nobody signed it. May be empty
    ByteVector bytes;
  };
  std::string payload_type;
  std::string payload;
  std::vector<Signature> signatures;
};

/// What is signed, byte for byte: "DSSEv1" SP LEN(type) SP type SP LEN(payload) SP payload.
ByteVector pre_authentication_encoding(std::string_view payload_type, std::string_view payload);

std::string write_envelope(const Envelope& envelope);

/// Stricter than DSSE asks for: standard base64 only, no unknown member, no member twice.
Result<Envelope> parse_envelope(std::string_view json);

}  // namespace immure::attest::manifest
