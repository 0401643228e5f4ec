#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attest/quote/bundle.hpp"

namespace immure::attest::quote {

/// What a relying party asks of a bundle beyond its being genuine; and, as anybody can make a key, whose word
/// it takes for genuine. An empty list or map is no rule.
struct Policy {
  using Allowed = std::vector<std::string>;  ///< any of these

  Allowed attestation_keys;          ///< ids (key_id()): these TPMs' keys
  Allowed issuers;                   ///< ids of keys that may certify attestation keys
  std::optional<std::string> guest;  ///< the launches of this guest; without it, every launch of the log
  /// By the code event's name: SHA-256 or SHA-384 in hexadecimal, "fs-verity-sha256:HEX",
  /// "fs-verity-sha512:HEX", both of dm-verity, or "unmeasured". A code event that is not here is refused.
  std::map<std::string, Allowed> events;
  std::map<std::string, Allowed> identity;  ///< by the identity event's name
  std::map<std::uint32_t, Allowed> pcrs;    ///< of the SHA-256 bank
};

/// Compiles a policy file (docs/attestation.md). An Error names every mistake with its place. One that trusts
/// no key, and one that asks for no event, are mistakes.
Result<Policy> parse_policy(std::string_view text, std::string_view file_name);

}  // namespace immure::attest::quote
