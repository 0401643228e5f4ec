#include <cstdint>
#include <cstdlib>

#include "attest/quote/quote.hpp"
#include "attest/quote/tpm_key.hpp"
#include "attest/quote/tpm_signature.hpp"

using namespace immure::attest;

// Any bytes as what a TPM marshals: a quote, a key's public half, a signature.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes bytes(data, size);
  const auto parsed = quote::parse_quote(bytes);
  if (parsed && (parsed->pcrs.empty() || parsed->digest.size() != 32 || *parsed->pcrs.rbegin() > 31))
    std::abort();
  const auto described = quote::parse_attestation_key(bytes);
  if (described && (described->name.size() != 34 || described->x.size() != 32 || described->y.size() != 32)) {
    std::abort();
  }
  static const KeyHandle key(::EVP_EC_gen("P-256"));
  if (quote::check_tpm_signature(key.get(), Bytes(), bytes)) std::abort();
  return 0;
}
