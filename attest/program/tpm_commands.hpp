#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "attest/program/failure.hpp"
#include "attest/program/tpm_access.hpp"

namespace immure::attest {

// What `immure tpm VERB` does. All members are paths unless it is said otherwise.

struct TpmKeyOptions {
  std::string tcti = default_tcti;
  std::string directory;  ///< ak.pub, ak.priv, ak.pem and, where the TPM has one, ek.crt are written there
};
/// Makes an attestation key and prints its id.
Expected<ExitCode> tpm_key_command(const TpmKeyOptions& options);

struct TpmChallengeOptions {
  std::string key;          ///< ak.pub
  std::string certificate;  ///< of the endorsement key, PEM or DER
  std::string roots;        ///< a directory of the TPM maker's certificates, roots and others
  std::string at_time;      ///< as parse_time() takes it, or empty: now
  std::string secret;       ///< written: what whoever answers has to know
  std::string output;       ///< written: the credential
};
/// On the verifier's side, without a TPM: only the TPM that the certificate is of, with this key in it, can
/// answer.
Expected<ExitCode> tpm_challenge_command(const TpmChallengeOptions& options);

struct TpmActivateOptions {
  std::string tcti = default_tcti;
  std::string directory;  ///< of the key
  std::string credential;
  std::string output;  ///< written: the secret
};
Expected<ExitCode> tpm_activate_command(const TpmActivateOptions& options);

struct TpmRecordOptions {
  std::string tcti = default_tcti;
  std::string log;  ///< CEL
};
/// Extends a log's records into the PCR that each names.
Expected<ExitCode> tpm_record_command(const TpmRecordOptions& options);

struct TpmQuoteOptions {
  std::string tcti = default_tcti;
  std::string directory;                    ///< of the key
  std::string log;                          ///< CEL
  std::string nonce;                        ///< hexadecimal
  std::vector<std::string> certificates{};  ///< of the key, then of each issuer
  std::set<std::uint32_t> pcrs{};           ///< beside that of the log
  std::string output;                       ///< written: the bundle
};
Expected<ExitCode> tpm_quote_command(const TpmQuoteOptions& options);

struct TpmSealOptions {
  std::string tcti = default_tcti;
  std::string secret;
  std::string log;                 ///< CEL: sealed to what it leads to; or empty
  std::set<std::uint32_t> pcrs{};  ///< to what they are now, beside that of the log
  std::string output;              ///< written
};
Expected<ExitCode> tpm_seal_command(const TpmSealOptions& options);

struct TpmUnsealOptions {
  std::string tcti = default_tcti;
  std::string sealed;
  std::string output;  ///< written
};
Expected<ExitCode> tpm_unseal_command(const TpmUnsealOptions& options);

}  // namespace immure::attest
