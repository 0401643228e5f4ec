#pragma once

#include "attest/crypto/signature.hpp"
#include "attest/manifest/dsse.hpp"
#include "attest/manifest/verify.hpp"
#include "attest/x509/time_text.hpp"
#include "tests/unit/attest/fixtures/certificates.hpp"
#include "tests/unit/attest/measure/guest_files.hpp"

namespace immure::attest::test {

inline std::chrono::sys_seconds at(std::string_view text) { return parse_time(text).value(); }

inline std::string public_pem(EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int size = ::i2d_PUBKEY(key, &der);
  const auto text = to_base64({der, static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  std::string lines;
  for (std::size_t i = 0; i < text.size(); i += 64) lines += text.substr(i, 64) + "\n";
  return "-----BEGIN PUBLIC KEY-----\n" + lines + "-----END PUBLIC KEY-----\n";
}

inline manifest::Signers signers_of(const std::vector<std::string>& pem_files) {
  std::vector<NamedBytes> files;
  for (const auto& text : pem_files) {
    files.push_back({.name = "file-" + std::to_string(files.size()), .bytes = {text.begin(), text.end()}});
  }
  return manifest::read_signers(files);
}

inline manifest::Envelope::Signature signature_by(const std::string& name,
                                                  const manifest::Envelope& envelope) {
  const auto message = manifest::pre_authentication_encoding(envelope.payload_type, envelope.payload);
  return {.key_id = key_id(key(name)).value(), .bytes = sign_message(key(name), message).value()};
}

/// A manifest for good_events(), by these keys, which expires with the year 2026.
inline manifest::Envelope good_envelope(const std::vector<std::string>& keys = {"ed25519"}) {
  const auto statement = manifest::make_statement(good_events(), at("2026-01-01"), at("2027-01-01"));
  manifest::Envelope envelope{.payload_type = std::string(manifest::payload_type),
                              .payload = manifest::write_statement(statement),
                              .signatures = {}};
  for (const auto& name : keys) envelope.signatures.push_back(signature_by(name, envelope));
  return envelope;
}

inline manifest::Question question_on(const manifest::Envelope& envelope, const std::string& keys) {
  return {.manifest = manifest::write_envelope(envelope),
          .signers = signers_of({keys}),
          .at = at("2026-06-01"),
          .revoked = {},
          .measured = {}};
}

inline manifest::Question good_question() { return question_on(good_envelope(), public_pem(key("ed25519"))); }

inline bool accepted(const manifest::Question& question) {
  const auto answer = manifest::verify_manifest(question);
  return answer.checks.passed(CheckKind::evidence) && answer.checks.passed(CheckKind::policy);
}

/// "NAME: DETAIL" of the first check that does not pass; empty where all do.
inline std::string first_failure(const manifest::Question& question) {
  const auto answer = manifest::verify_manifest(question);
  for (const auto& check : answer.checks.all()) {
    if (check.result != CheckResult::pass) return check.name + ": " + check.detail;
  }
  return {};
}

}  // namespace immure::attest::test
