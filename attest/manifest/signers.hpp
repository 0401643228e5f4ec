#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "attest/crypto/handles.hpp"
#include "attest/x509/certificate_files.hpp"

namespace immure::attest::manifest {

/// A key whose signature counts. It was named by who verifies, so a certificate is taken at its word: its
/// issuer is not asked for, its dates are.
struct Signer {
  std::string id;         ///< key_id()
  std::string algorithm;  ///< signature_algorithm()
  std::string file;
  std::shared_ptr<EVP_PKEY> key;
  std::optional<Certificate> certificate;
};

struct Signers {
  static constexpr std::size_t most = 256;
  std::vector<Signer> all;
  std::vector<std::string> ignored;  ///< "FILE: why"
};

/// Every PUBLIC KEY and CERTIFICATE block of PEM files with any names. A key of an unknown kind is ignored,
/// with the reason.
Signers read_signers(std::span<const NamedBytes> files);

/// Digests, one in each line, in hexadecimal: of keys (key_id()) or of statements (SHA-256 of the payload).
/// Empty lines and what follows a '#' count for nothing; anything else is an Error.
Result<std::set<std::string>> parse_revocations(std::string_view text, std::string_view file_name);

}  // namespace immure::attest::manifest
