#include <algorithm>
#include <array>

#include <openssl/rand.h>

#include "attest/program/confine.hpp"
#include "attest/program/output_file.hpp"
#include "attest/program/time_option.hpp"
#include "attest/program/tpm_commands.hpp"
#include "attest/quote/credential.hpp"
#include "attest/quote/tpm_key.hpp"
#include "attest/x509/amd_profile.hpp"
#include "attest/x509/certificate_files.hpp"

namespace immure::attest {
namespace {

constexpr std::size_t largest_certificate_file = 1 << 20;
constexpr std::size_t most_issuers = 8;
constexpr std::size_t secret_bytes = 32;

/// Walks from the endorsement key's certificate to one that issued itself: all of those in the directory are
/// trusted by whoever named it, those that did not issue themselves are links only.
Result<void> check_chain(const Certificate& leaf, const std::vector<Certificate>& known,
                         std::chrono::sys_seconds at) {
  IMMURE_TRY(check_is_no_authority(leaf));
  IMMURE_TRY(check_valid_at(leaf, at));
  auto current = leaf;
  for (std::size_t depth = 0; depth < most_issuers; ++depth) {
    const auto issuer = std::ranges::find_if(
        known, [&](const Certificate& candidate) { return check_issued_by(current, candidate).has_value(); });
    if (issuer == known.end())
      return invalid(current.subject() + " is issued by none of the given certificates");
    IMMURE_TRY(check_is_authority(*issuer, static_cast<int>(depth)));
    IMMURE_TRY(check_valid_at(*issuer, at));
    if (issuer->is_self_issued()) return {};
    current = *issuer;
  }
  return invalid("the chain of certificates is too long");
}

}  // namespace

Expected<ExitCode> tpm_challenge_command(const TpmChallengeOptions& options) {
  const auto at = IMMURE_TRY(time_option("--at-time", options.at_time));
  const auto key_file = IMMURE_TRY(open_input(options.key, quote::TpmKey::largest));
  const auto certificate_file = IMMURE_TRY(open_input(options.certificate, largest_certificate_file));
  const auto roots = IMMURE_TRY(open_input_directory(options.roots, largest_certificate_file));
  const auto secret_file = IMMURE_TRY(open_output(options.secret, Readers::owner));
  const auto output = IMMURE_TRY(open_output(options.output));
  IMMURE_TRY(confine());
  const auto refused = [](const std::string& what, const Error& error) {
    return fail(ExitCode::bad_signature, what + ": " + error.message);
  };
  const auto key = quote::parse_attestation_key(IMMURE_TRY(read_input(key_file)).bytes);
  if (!key) return refused(options.key, key.error());
  const auto certificate = read_one_certificate(IMMURE_TRY(read_input(certificate_file)));
  if (!certificate) return refused(options.certificate, certificate.error());
  const auto known = read_certificates(IMMURE_TRY(read_inputs(roots)));
  const auto chain = check_chain(*certificate, known.certificates, at);
  if (!chain) return refused(options.certificate, chain.error());

  std::array<std::uint8_t, secret_bytes> secret{};
  if (::RAND_bytes(secret.data(), static_cast<int>(secret.size())) != 1)
    return fail(ExitCode::failure, "draw a secret");
  const auto credential = IMMURE_TRY(quote::make_credential(certificate->public_key(), key->name, secret));
  IMMURE_TRY(write_output(secret_file, secret));
  IMMURE_TRY(write_output(output, credential));
  return ExitCode::success;
}

}  // namespace immure::attest
