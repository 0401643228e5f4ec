#include "attest/quote/nv_checks.hpp"

#include "attest/quote/tpm_signature.hpp"

namespace immure::attest::quote {
namespace {

Result<std::string> replay(const log::NvStart& start, const std::vector<log::Record>& records,
                           const CertifiedNv& certified) {
  if (certified.index != start.index || certified.name != start.name) {
    return invalid("the TPM's word is on another NV index than the one that the log began with");
  }
  const auto replayed = IMMURE_TRY(log::replay_nv(start, records));
  if (replayed != certified.value) {
    return invalid(
        "the log leads to " + to_hex(replayed) + ", the NV index has " + to_hex(certified.value) +
        ": a record is missing or was changed, somebody else extends the index, or it was deleted and "
        "made anew");
  }
  return std::to_string(records.size() - 1) + " records lead to the value of the NV index";
}

}  // namespace

std::optional<CertifiedNv> check_nv_evidence(const Bundle& bundle, EVP_PKEY* key,
                                             const std::optional<ByteVector>& nonce, CheckList& checks) {
  if (!bundle.nv) return std::nullopt;
  const auto certified = parse_nv_certificate(*bundle.nv);
  checks.add("nv-certificate", CheckKind::evidence,
             certified ? Result<std::string>("a TPM's, about an index that can only be extended")
                       : std::unexpected(certified.error()));
  if (key != nullptr) {
    const auto good = check_tpm_signature(key, bundle.nv->certificate, bundle.nv->signature);
    checks.add("nv-signature", CheckKind::evidence,
               good ? Result<std::string>("the key signed it") : std::unexpected(good.error()));
  } else {
    checks.skip("nv-signature", CheckKind::evidence, "there is no key");
  }
  if (!nonce || !certified) {
    checks.skip("nv-nonce", CheckKind::evidence, nonce ? "there is no certificate" : "no --nonce was given");
  } else if (certified->nonce.empty() || certified->nonce != *nonce) {
    checks.add("nv-nonce", CheckKind::evidence, invalid("the certificate has another one: it is an old one"));
  } else {
    checks.add("nv-nonce", CheckKind::evidence, "it is the one that was asked for");
  }
  if (!certified) return std::nullopt;
  return *certified;
}

void check_nv_log(const std::optional<log::NvStart>& start, const std::vector<log::Record>& records,
                  const std::optional<CertifiedNv>& certified, CheckList& checks) {
  if (!start && !certified) return;
  if (!start) {
    checks.add("nv-replay", CheckKind::log, invalid("the bundle has an NV index, which the log is not for"));
  } else if (!certified) {
    checks.add("nv-replay", CheckKind::log,
               invalid("the log is for an NV index, on which there is no TPM's word"));
  } else {
    checks.add("nv-replay", CheckKind::log, replay(*start, records, *certified));
  }
}

}  // namespace immure::attest::quote
