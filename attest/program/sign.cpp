#include "attest/program/sign.hpp"

#include "attest/crypto/signature.hpp"
#include "attest/manifest/dsse.hpp"
#include "attest/manifest/statement.hpp"
#include "attest/program/confine.hpp"
#include "attest/program/output_file.hpp"
#include "attest/program/time_option.hpp"

namespace immure::attest {
namespace {

using std::chrono::sys_seconds;

Expected<std::optional<sys_seconds>> expiry_of(const SignOptions& options, sys_seconds now) {
  if (options.expires.empty()) return std::nullopt;
  const auto expires = IMMURE_TRY(time_option("--expires", options.expires));
  if (expires <= now) {
    return fail(ExitCode::usage, "--expires " + options.expires + ": this time is past");
  }
  return expires;
}

Expected<std::string> signed_manifest(const manifest::Statement& statement, EVP_PKEY* key) {
  manifest::Envelope envelope{.payload_type = std::string(manifest::payload_type),
                              .payload = manifest::write_statement(statement),
                              .signatures = {}};
  const auto message = manifest::pre_authentication_encoding(envelope.payload_type, envelope.payload);
  envelope.signatures.push_back(
      {.key_id = IMMURE_TRY(key_id(key)), .bytes = IMMURE_TRY(sign_message(key, message))});
  return manifest::write_envelope(envelope);
}

}  // namespace

Expected<ExitCode> sign_command(const SignOptions& options) {
  const auto now = IMMURE_TRY(time_option("", ""));
  const auto expires = IMMURE_TRY(expiry_of(options, now));
  const auto key_file = IMMURE_TRY(open_private_key(options.key, options.shared_key));
  auto guest = IMMURE_TRY(open_guest(options.guest));
  const auto output = IMMURE_TRY(open_output(options.output));
  IMMURE_TRY(confine());
  const auto key = IMMURE_TRY(load_private_key(key_file));
  const auto events = IMMURE_TRY(measure_open_guest(guest));
  const auto statement = manifest::make_statement(events, now, expires);
  const auto text = IMMURE_TRY(signed_manifest(statement, key.get()));
  IMMURE_TRY(write_output(output, bytes_of_text(text)));
  IMMURE_TRY(print(options.output + ": " + IMMURE_TRY(signature_algorithm(key.get())) + " by " +
                   IMMURE_TRY(key_id(key.get())) + "\n"));
  return ExitCode::success;
}

}  // namespace immure::attest
