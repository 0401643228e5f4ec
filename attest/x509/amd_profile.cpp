#include "attest/x509/amd_profile.hpp"

#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "attest/crypto/amd_signature.hpp"
#include "attest/crypto/errors.hpp"
#include "attest/x509/time_text.hpp"

namespace immure::attest {
namespace {

using PssHandle = std::unique_ptr<RSA_PSS_PARAMS, FreeWith<::RSA_PSS_PARAMS_free>>;
using AlgorithmHandle = std::unique_ptr<X509_ALGOR, FreeWith<::X509_ALGOR_free>>;

constexpr int rsa_bits = 4096;
constexpr long salt_bytes = 48;

int nid_of(const X509_ALGOR* algorithm) {
  if (algorithm == nullptr) return NID_undef;
  const ASN1_OBJECT* object = nullptr;
  ::X509_ALGOR_get0(&object, nullptr, nullptr, algorithm);
  return ::OBJ_obj2nid(object);
}

/// The parameter of an algorithm, decoded as `Item`.
template <typename Handle>
Handle parameter_of(const X509_ALGOR* algorithm, const ASN1_ITEM* item) {
  int type = V_ASN1_UNDEF;
  const void* value = nullptr;
  ::X509_ALGOR_get0(nullptr, &type, &value, algorithm);
  if (type != V_ASN1_SEQUENCE) return nullptr;
  return Handle(static_cast<typename Handle::pointer>(
      ::ASN1_item_unpack(static_cast<const ASN1_STRING*>(value), item)));
}

}  // namespace

Result<void> check_signature_algorithm(const Certificate& certificate) {
  const ASN1_BIT_STRING* signature = nullptr;
  const X509_ALGOR* algorithm = nullptr;
  ::X509_get0_signature(&signature, &algorithm, certificate.handle());
  const int nid = nid_of(algorithm);
  if (nid != NID_rsassaPss) {
    const char* name = nid == NID_undef ? "an unknown algorithm" : ::OBJ_nid2ln(nid);
    return invalid(std::string("signed with ") + name + ", not with RSA-PSS");
  }
  const auto pss = parameter_of<PssHandle>(algorithm, ASN1_ITEM_rptr(RSA_PSS_PARAMS));
  if (!pss) return openssl_error("parameters of RSA-PSS");
  const auto mask = parameter_of<AlgorithmHandle>(pss->maskGenAlgorithm, ASN1_ITEM_rptr(X509_ALGOR));
  const bool as_amd = nid_of(pss->hashAlgorithm) == NID_sha384 && nid_of(pss->maskGenAlgorithm) == NID_mgf1 &&
                      nid_of(mask.get()) == NID_sha384 && pss->saltLength != nullptr &&
                      ::ASN1_INTEGER_get(pss->saltLength) == salt_bytes &&
                      (pss->trailerField == nullptr || ::ASN1_INTEGER_get(pss->trailerField) == 1);
  ::ERR_clear_error();
  if (!as_amd) return invalid("RSA-PSS with other parameters than SHA-384, MGF1 with SHA-384 and salt 48");
  return {};
}

Result<void> check_ca_key(const Certificate& certificate) {
  auto* const key = certificate.public_key();
  if (key == nullptr || ::EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA || ::EVP_PKEY_get_bits(key) != rsa_bits) {
    ::ERR_clear_error();
    return invalid("its key is not RSA with 4096 bits");
  }
  return {};
}

Result<void> check_endorsement_key(const Certificate& certificate) {
  if (is_p384(certificate.public_key())) return {};
  ::ERR_clear_error();
  return invalid("its key is not on the curve P-384");
}

Result<void> check_is_authority(const Certificate& certificate, int below) {
  auto* const handle = certificate.handle();
  const auto flags = ::X509_get_extension_flags(handle);
  if ((flags & EXFLAG_INVALID) != 0) return invalid("an extension cannot be read");
  if ((flags & EXFLAG_CRITICAL) != 0) return invalid("a critical extension is not understood");
  if ((flags & EXFLAG_CA) == 0) return invalid("it may not issue certificates (basicConstraints)");
  if ((::X509_get_key_usage(handle) & KU_KEY_CERT_SIGN) == 0) {
    return invalid("it may not sign certificates (keyUsage)");
  }
  const auto path = ::X509_get_pathlen(handle);
  if (path >= 0 && path < below) return invalid("its path is too long (pathLenConstraint)");
  return {};
}

Result<void> check_is_no_authority(const Certificate& certificate) {
  const auto flags = ::X509_get_extension_flags(certificate.handle());
  if ((flags & EXFLAG_INVALID) != 0) return invalid("an extension cannot be read");
  if ((flags & EXFLAG_CRITICAL) != 0) return invalid("a critical extension is not understood");
  if ((flags & EXFLAG_CA) != 0) return invalid("it may issue certificates, which no chip's key may");
  return {};
}

Result<void> check_issued_by(const Certificate& certificate, const Certificate& issuer) {
  if (!certificate.names_as_issuer(issuer)) return invalid("it names another issuer");
  auto* const key = issuer.public_key();
  if (key == nullptr || ::X509_verify(certificate.handle(), key) != 1) {
    ::ERR_clear_error();
    return invalid("the signature is not its issuer's");
  }
  return {};
}

Result<void> check_valid_at(const Certificate& certificate, std::chrono::sys_seconds at) {
  const auto validity = IMMURE_TRY(certificate.validity());
  if (at < validity.not_before) return invalid("not valid before " + time_text(validity.not_before));
  if (at > validity.not_after) return invalid("expired on " + time_text(validity.not_after));
  return {};
}

}  // namespace immure::attest
