#pragma once

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "attest/crypto/digest.hpp"
#include "attest/manifest/signers.hpp"
#include "attest/manifest/statement.hpp"
#include "attest/measure/event.hpp"
#include "attest/report/check.hpp"

namespace immure::attest::manifest {

struct Question {
  std::string manifest;  ///< the bytes of the file
  Signers signers;
  std::chrono::sys_seconds at;
  std::optional<std::set<std::string>> revoked;         ///< no list: no check
  std::optional<std::vector<measure::Event>> measured;  ///< of the guest that it has to be for
};

struct Answer {
  CheckList checks;
  std::optional<Statement> statement;  ///< where it could be read: believe it only if the checks pass
  Sha256Digest payload_sha256{};       ///< what a list of revocations knows the manifest by
  std::vector<std::string> signed_by;  ///< ids of the given keys whose signatures are good
};

/// Checks of CheckKind::evidence: envelope, signature, signer-validity, revocation (with a list), statement,
/// expiry. Of CheckKind::policy, with a measured guest: one "file-NAME" for each code event, and "complete".
Answer verify_manifest(const Question& question);

}  // namespace immure::attest::manifest
