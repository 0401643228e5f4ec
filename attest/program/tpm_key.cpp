#include <cerrno>

#include <sys/stat.h>

#include "attest/crypto/signature.hpp"
#include "attest/program/output_file.hpp"
#include "attest/program/tpm_commands.hpp"
#include "attest/quote/trust.hpp"
#include "attest/tpm/activate.hpp"
#include "attest/tpm/make_quote.hpp"

namespace immure::attest {
namespace {

constexpr std::size_t largest_credential = 4096;

std::string as_pem(Bytes der) {
  const auto text = to_base64(der);
  std::string out = "-----BEGIN PUBLIC KEY-----\n";
  for (std::size_t i = 0; i < text.size(); i += 64) out += text.substr(i, 64) + "\n";
  return out + "-----END PUBLIC KEY-----\n";
}

struct Outputs {
  OutputFile public_area, private_area, pem;
};

Expected<Outputs> open_outputs(const std::string& directory) {
  if (::mkdir(directory.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
    return std::unexpected(Failure(system_error("make the directory " + directory).error()));
  }
  if (::access((directory + "/ak.priv").c_str(), F_OK) == 0) {
    return fail(ExitCode::failure, directory + " has a key already", "name another directory, or remove it");
  }
  return Outputs{.public_area = IMMURE_TRY(open_output(directory + "/ak.pub")),
                 .private_area = IMMURE_TRY(open_output(directory + "/ak.priv", Readers::owner)),
                 .pem = IMMURE_TRY(open_output(directory + "/ak.pem"))};
}

}  // namespace

Expected<ExitCode> tpm_key_command(const TpmKeyOptions& options) {
  const auto tpm = IMMURE_TRY(connect_tpm(options.tcti));
  const auto outputs = IMMURE_TRY(open_outputs(options.directory));
  // A TPM without a certificate (an emulator's, say) can be trusted by its key's id only.
  if (const auto certificate = tpm::endorsement_certificate(tpm)) {
    IMMURE_TRY(write_output(IMMURE_TRY(open_output(options.directory + "/ek.crt")), *certificate));
  }
  IMMURE_TRY(confine_with_tpm(options.tcti));
  const auto key = IMMURE_TRY(tpm::make_attestation_key(tpm));
  const quote::Bundle bundle{.key = IMMURE_TRY(tpm::public_key_of(key.public_area)),
                             .certificates = {},
                             .quote = {},
                             .signature = {},
                             .pcrs = {},
                             .log = {}};
  const auto id = IMMURE_TRY(key_id(IMMURE_TRY(quote::read_attestation_key(bundle)).get()));
  IMMURE_TRY(write_output(outputs.public_area, key.public_area));
  IMMURE_TRY(write_output(outputs.private_area, key.private_area));
  IMMURE_TRY(write_output(outputs.pem, bytes_of_text(as_pem(bundle.key))));
  IMMURE_TRY(print(options.directory + ": attestation key " + id + "\n"));
  return ExitCode::success;
}

Expected<ExitCode> tpm_activate_command(const TpmActivateOptions& options) {
  const auto key = IMMURE_TRY(open_key(options.directory));
  const auto credential = IMMURE_TRY(open_input(options.credential, largest_credential));
  const auto output = IMMURE_TRY(open_output(options.output, Readers::owner));
  const auto tpm = IMMURE_TRY(reach_tpm(options.tcti));
  const auto secret = tpm::activate(tpm, IMMURE_TRY(read_key(key)), IMMURE_TRY(read_input(credential)).bytes);
  if (!secret) return fail(ExitCode::bad_signature, options.credential + ": " + secret.error().message);
  IMMURE_TRY(write_output(output, *secret));
  return ExitCode::success;
}

}  // namespace immure::attest
