#include "attest/manifest/verify.hpp"

#include <algorithm>

#include "attest/crypto/signature.hpp"
#include "attest/manifest/dsse.hpp"
#include "attest/manifest/match.hpp"
#include "attest/x509/amd_profile.hpp"
#include "attest/x509/time_text.hpp"

namespace immure::attest::manifest {
namespace {

std::string short_id(const std::string& id) { return id.substr(0, 16); }

/// The given keys that a signature may be of: by its hint, or all where it has none.
std::vector<const Signer*> candidates(const Envelope::Signature& signature, const Signers& signers) {
  std::vector<const Signer*> out;
  for (const auto& signer : signers.all) {
    if (signature.key_id.empty() || signature.key_id == signer.id) out.push_back(&signer);
  }
  return out;
}

/// The keys that did sign. A signature that names a given key and is not its own is an Error, as is one
/// that names no key and is nobody's; those of strangers neither help nor harm.
Result<std::vector<const Signer*>> who_signed(const Envelope& envelope, const Signers& signers) {
  const auto message = pre_authentication_encoding(envelope.payload_type, envelope.payload);
  std::vector<const Signer*> out;
  for (const auto& signature : envelope.signatures) {
    const auto possible = candidates(signature, signers);
    if (possible.empty() && !signature.key_id.empty()) continue;
    const auto good = std::ranges::find_if(possible, [&](const Signer* signer) {
      return check_signature(signer->key.get(), message, signature.bytes).has_value();
    });
    if (good == possible.end()) {
      return invalid(signature.key_id.empty()
                         ? "a signature is by none of the given keys"
                         : "the signature of the key " + short_id(signature.key_id) + " is not good");
    }
    // One key may be given twice, bare and in a certificate: all of them are looked at.
    std::ranges::copy_if(possible, std::back_inserter(out),
                         [&](const Signer* signer) { return signer->id == (*good)->id; });
  }
  if (out.empty()) return invalid("no signature is by one of the given keys");
  return out;
}

Result<std::string> describe(const std::vector<const Signer*>& signed_by) {
  std::string out;
  for (const auto* signer : signed_by) {
    out += (out.empty() ? "" : ", ") + signer->algorithm + " by " + short_id(signer->id) + " (" +
           signer->file + ")";
  }
  return out;
}

Result<std::string> check_validity(const std::vector<const Signer*>& signed_by, std::chrono::sys_seconds at) {
  std::size_t certificates = 0;
  for (const auto* signer : signed_by) {
    if (!signer->certificate) continue;
    ++certificates;
    IMMURE_TRY(check_valid_at(*signer->certificate, at));
  }
  if (certificates == 0) return "the keys were given without certificates: they have no dates";
  return "the certificate is valid at " + time_text(at);
}

Result<std::string> check_revocation(const std::vector<const Signer*>& signed_by, const std::string& payload,
                                     const std::set<std::string>& revoked) {
  for (const auto* signer : signed_by) {
    if (revoked.contains(signer->id)) return invalid("the key " + short_id(signer->id) + " is revoked");
  }
  const auto digest = to_hex(IMMURE_TRY(sha256(bytes_of_text(payload))));
  if (revoked.contains(digest)) return invalid("this manifest is revoked");
  return "neither key nor manifest is among " + std::to_string(revoked.size()) + " revoked ones";
}

Result<std::string> check_expiry(const Statement& statement, std::chrono::sys_seconds at) {
  if (!statement.expires) return "it does not expire";
  if (at >= *statement.expires) return invalid("it expired at " + time_text(*statement.expires));
  return "it is good until " + time_text(*statement.expires);
}

void skip_all(const Question& question, std::initializer_list<const char*> names, CheckList& checks) {
  for (const auto* const name : names) {
    if (std::string_view(name) == "revocation" && !question.revoked) continue;
    checks.skip(name, CheckKind::evidence, "what it needs is not there");
  }
}

void check_signers(const Question& question, const Envelope& envelope, Answer& answer) {
  auto& checks = answer.checks;
  const auto signed_by = who_signed(envelope, question.signers);
  if (!signed_by) {
    checks.add("signature", CheckKind::evidence, std::unexpected(signed_by.error()));
    return skip_all(question, {"signer-validity", "revocation"}, checks);
  }
  checks.add("signature", CheckKind::evidence, describe(*signed_by));
  for (const auto* signer : *signed_by) {
    if (std::ranges::find(answer.signed_by, signer->id) == answer.signed_by.end()) {
      answer.signed_by.push_back(signer->id);
    }
  }
  checks.add("signer-validity", CheckKind::evidence, check_validity(*signed_by, question.at));
  if (question.revoked) {
    checks.add("revocation", CheckKind::evidence,
               check_revocation(*signed_by, envelope.payload, *question.revoked));
  }
}

Result<Statement> statement_of(const Envelope& envelope) {
  if (envelope.payload_type != payload_type) return invalid("the payload is of another type");
  return parse_statement(envelope.payload);
}

}  // namespace

Answer verify_manifest(const Question& question) {
  Answer answer;
  auto& checks = answer.checks;
  const auto envelope = parse_envelope(question.manifest);
  if (!envelope) {
    checks.add("envelope", CheckKind::evidence, std::unexpected(envelope.error()));
    skip_all(question, {"signature", "signer-validity", "revocation", "statement", "expiry"}, checks);
  } else {
    checks.add("envelope", CheckKind::evidence,
               "DSSE, " + std::to_string(envelope->signatures.size()) + " signatures");
    check_signers(question, *envelope, answer);
    answer.payload_sha256 = sha256(bytes_of_text(envelope->payload)).value_or(Sha256Digest{});
    auto statement = statement_of(*envelope);
    if (statement) {
      checks.add(
          "statement", CheckKind::evidence,
          std::to_string(statement->subjects.size()) + " subjects, issued " + time_text(statement->issued));
      checks.add("expiry", CheckKind::evidence, check_expiry(*statement, question.at));
      answer.statement = *std::move(statement);
    } else {
      checks.add("statement", CheckKind::evidence, std::unexpected(statement.error()));
      skip_all(question, {"expiry"}, checks);
    }
  }
  if (question.measured) match_files(answer.statement, *question.measured, checks);
  return answer;
}

}  // namespace immure::attest::manifest
