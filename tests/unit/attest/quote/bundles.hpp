#pragma once

#include "attest/log/cel.hpp"
#include "attest/log/replay.hpp"
#include "attest/quote/verify.hpp"
#include "tests/unit/attest/manifest/manifests.hpp"

namespace immure::attest::test {

inline const ByteVector good_nonce{1, 2, 3, 4, 5, 6, 7, 8};

template <typename Number>
void put_number(ByteVector& out, Number number) {
  for (unsigned shift = 8 * sizeof(Number); shift != 0; shift -= 8) {
    out.push_back(static_cast<std::uint8_t>(number >> (shift - 8)));
  }
}

inline void put_2b(ByteVector& out, Bytes bytes) {
  put_number(out, static_cast<std::uint16_t>(bytes.size()));
  out.insert(out.end(), bytes.begin(), bytes.end());
}

inline ByteVector public_der(EVP_PKEY* key) {
  unsigned char* buffer = nullptr;
  const int size = ::i2d_PUBKEY(key, &buffer);
  ByteVector out(buffer, buffer + size);
  OPENSSL_free(buffer);
  return out;
}

/// What a quote is made of, so that a test can change one part.
struct QuoteParts {
  std::uint32_t magic = 0xff544347;
  std::uint16_t tag = 0x8018;
  ByteVector nonce = good_nonce;
  std::uint32_t banks = 1;
  std::uint16_t hash = 0x000b;
  ByteVector selection{0, 0x20, 0};  // PCR 13
  ByteVector digest{};
  ByteVector behind{};

  [[nodiscard]] ByteVector bytes() const {
    ByteVector out;
    put_number(out, magic);
    put_number(out, tag);
    put_2b(out, ByteVector(34, 9));
    put_2b(out, nonce);
    put_number(out, std::uint64_t{1000});
    put_number(out, std::uint32_t{3});
    put_number(out, std::uint32_t{0});
    out.push_back(1);
    put_number(out, std::uint64_t{0x20170619});
    put_number(out, banks);
    put_number(out, hash);
    out.push_back(static_cast<std::uint8_t>(selection.size()));
    out.insert(out.end(), selection.begin(), selection.end());
    put_2b(out, digest);
    out.insert(out.end(), behind.begin(), behind.end());
    return out;
  }
};

/// The ECDSA signature of a P-256 key as a TPM writes it.
inline ByteVector tpm_signature(EVP_PKEY* key, Bytes message) {
  const auto der = sign_message(key, message).value();
  const auto* at = der.data();
  const EcdsaSignatureHandle signature(::d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  ByteVector out;
  put_number(out, std::uint16_t{0x0018});
  put_number(out, std::uint16_t{0x000b});
  for (const auto* number : {::ECDSA_SIG_get0_r(signature.get()), ::ECDSA_SIG_get0_s(signature.get())}) {
    ByteVector bytes(32);
    ::BN_bn2binpad(number, bytes.data(), 32);
    put_2b(out, bytes);
  }
  return out;
}

inline std::vector<log::Record> good_records() { return log::make_records(good_events(), 13).value(); }

/// A bundle about these records, quoted with this nonce by a key on P-256.
inline quote::Bundle bundle_of(const std::vector<log::Record>& records, const std::string& signer = "p256",
                               QuoteParts parts = {}) {
  quote::Bundle out;
  out.log = log::write_cel(records);
  const auto pcr = records.front().pcr;
  const auto value = log::replay(records).value().at(pcr).sha256;
  out.pcrs[pcr] = value;
  const auto digest = sha256(value).value();
  if (parts.digest.empty()) parts.digest.assign(digest.begin(), digest.end());
  out.key = public_der(key(signer));
  out.quote = parts.bytes();
  out.signature = tpm_signature(key(signer), out.quote);
  return out;
}

/// Reference values for good_events().
inline quote::Policy good_policy() {
  quote::Policy out;
  out.attestation_keys = {key_id(key("p256")).value()};
  for (const auto& event : good_events()) {
    if (event.kind != measure::EventKind::code) continue;
    const auto& first = event.fields.front();
    const auto is_verity = first.key.contains("-verity-");
    out.events[event.name] = {first.key == "unmeasured" ? "unmeasured"
                              : is_verity               ? first.key + ":" + first.value
                                                        : first.value};
  }
  return out;
}

inline quote::Question question_about(const quote::Bundle& bundle) {
  return {.bundle = quote::write_bundle(bundle),
          .policy = good_policy(),
          .nonce = good_nonce,
          .at = at("2026-06-01")};
}

inline CheckResult result_of(const quote::Answer& answer, std::string_view name) {
  for (const auto& check : answer.checks.all()) {
    if (check.name == name) return check.result;
  }
  throw std::runtime_error("no check " + std::string(name));
}

inline bool accepted(const quote::Question& question) {
  const auto answer = quote::verify_bundle(question);
  return answer.checks.passed(CheckKind::evidence) && answer.checks.passed(CheckKind::log) &&
         answer.checks.passed(CheckKind::policy);
}

}  // namespace immure::attest::test
