#include "attest/quote/trust.hpp"

#include <algorithm>

#include "attest/crypto/digest.hpp"
#include "attest/crypto/errors.hpp"
#include "attest/crypto/signature.hpp"
#include "attest/x509/amd_profile.hpp"

namespace immure::attest::quote {
namespace {

bool contains(const Policy::Allowed& ids, const std::string& id) {
  return std::ranges::find(ids, id) != ids.end();
}

Result<std::vector<Certificate>> read_certificates(const Bundle& bundle) {
  std::vector<Certificate> out;
  for (const auto& der : bundle.certificates) out.push_back(IMMURE_TRY(Certificate::parse(der)));
  return out;
}

/// The certificate is of this key, and may not issue others.
Result<void> check_leaf(const Certificate& leaf, const std::string& id) {
  if (IMMURE_TRY(key_id(leaf.public_key())) != id) return invalid("the first certificate is of another key");
  return check_is_no_authority(leaf);
}

}  // namespace

Result<KeyHandle> read_attestation_key(const Bundle& bundle) {
  const auto* end = bundle.key.data();
  KeyHandle key(::d2i_PUBKEY(nullptr, &end, static_cast<long>(bundle.key.size())));
  if (!key || end != bundle.key.data() + bundle.key.size()) return openssl_error("the bundle's key is none");
  // OpenSSL reads more than it writes.
  if (to_hex(IMMURE_TRY(sha256(bundle.key))) != IMMURE_TRY(key_id(key.get()))) {
    return invalid("the bundle's key has another encoding than DER");
  }
  return key;
}

Result<std::string> check_trust(EVP_PKEY* key, const Bundle& bundle, const Policy& policy,
                                std::chrono::sys_seconds at) {
  const auto id = IMMURE_TRY(key_id(key));
  if (contains(policy.attestation_keys, id)) return "the policy names the key " + id;
  if (policy.issuers.empty()) return invalid("the policy does not name the key " + id);
  const auto certificates = IMMURE_TRY(read_certificates(bundle));
  if (certificates.empty()) return invalid("the bundle has no certificate of the key " + id);
  IMMURE_TRY(check_leaf(certificates.front(), id));
  for (std::size_t i = 0; i < certificates.size(); ++i) {
    const auto& certificate = certificates[i];
    IMMURE_TRY(check_valid_at(certificate, at));
    if (i > 0) {
      IMMURE_TRY(check_is_authority(certificate, static_cast<int>(i) - 1));
      IMMURE_TRY(check_issued_by(certificates[i - 1], certificate));
      const auto issuer = IMMURE_TRY(key_id(certificate.public_key()));
      if (contains(policy.issuers, issuer)) return certificate.subject() + " certified the key";
    }
  }
  return invalid("the bundle's certificates lead to no issuer that the policy names");
}

}  // namespace immure::attest::quote
