#pragma once

#include <chrono>

#include "attest/crypto/handles.hpp"
#include "attest/quote/bundle.hpp"
#include "attest/quote/policy.hpp"

namespace immure::attest::quote {

/// The bundle's key, as OpenSSL has it.
Result<KeyHandle> read_attestation_key(const Bundle& bundle);

/// Why its word counts: the policy names it; or the policy names the key of an issuer to which the bundle's
/// certificates lead, each signed by the next, all of them valid at `at`. An Error otherwise.
Result<std::string> check_trust(EVP_PKEY* key, const Bundle& bundle, const Policy& policy,
                                std::chrono::sys_seconds at);

}  // namespace immure::attest::quote
