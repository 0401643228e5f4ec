#include <memory>

#include "attest/program/tpm_commands.hpp"
#include "attest/program/verbs.hpp"

namespace immure::attest {
namespace {

constexpr const char* tpm_details =
    "On the host that has the TPM:\n"
    "  immure tpm key /var/lib/immure/ak                   an attestation key, once\n"
    "  immure tpm quote --key /var/lib/immure/ak --nonce $NONCE -o web.bundle\n"
    "On the verifier's machine, without a TPM:\n"
    "  immure tpm challenge --key ak.pub --ek-certificate ek.crt --roots makers/ --secret s -o c\n"
    "  immure verify web.bundle --policy web.policy --nonce $NONCE\n\n"
    "--tcti reaches the TPM: device:/dev/tpmrm0 (the default), tabrmd, swtpm:port=2321, swtpm:path=SOCKET.\n"
    "Exit codes: 0 done; 1 the TPM or a file cannot be reached; 2 wrong command line; 14 a certificate or\n"
    "credential is not good; 15 the PCRs are not as they were sealed to; 16 bad event log.";

constexpr const char* default_log = "/run/immure/events.cel";

void add_tcti(CLI::App& command, std::string& tcti) {
  command.add_option("--tcti", tcti, "how the TPM is reached")->capture_default_str();
}

void add_pcrs(CLI::App& command, std::set<std::uint32_t>& pcrs, const char* text) {
  command
      .add_option_function<std::vector<std::uint32_t>>(
          "--pcrs", [&pcrs](const auto& given) { pcrs.insert(given.begin(), given.end()); }, text)
      ->delimiter(',')
      ->check(CLI::Range(0, 23));
}

template <typename Options>
void set_action(CLI::App& command, const std::shared_ptr<Options>& options, Action& action,
                Expected<ExitCode> (*carry_out)(const Options&)) {
  command.callback([options, carry_out, &action] { action = [=] { return carry_out(*options); }; });
}

void add_key(CLI::App& tpm, Action& action) {
  auto options = std::make_shared<TpmKeyOptions>();
  auto* command = tpm.add_subcommand("key", "make an attestation key that never leaves the TPM");
  command->add_option("DIR", options->directory, "a new directory for it")->required();
  add_tcti(*command, options->tcti);
  set_action(*command, options, action, tpm_key_command);
}

void add_challenge(CLI::App& tpm, Action& action) {
  auto options = std::make_shared<TpmChallengeOptions>();
  auto* command =
      tpm.add_subcommand("challenge", "is this key in a genuine TPM? the verifier's part; needs no TPM");
  command->add_option("--key", options->key, "ak.pub, which the host sent")->required();
  command->add_option("--ek-certificate", options->certificate, "ek.crt, which the host sent")->required();
  command->add_option("--roots", options->roots, "a directory of the TPM maker's certificates")->required();
  command->add_option("--at-time", options->at_time, "when they have to be valid; now if not given");
  command->add_option("--secret", options->secret, "written: what only the genuine TPM can tell; keep it")
      ->required();
  command->add_option("-o,--output", options->output, "written: the credential, for the host")->required();
  set_action(*command, options, action, tpm_challenge_command);
}

void add_activate(CLI::App& tpm, Action& action) {
  auto options = std::make_shared<TpmActivateOptions>();
  auto* command = tpm.add_subcommand("activate", "answer a challenge: the host's part");
  command->add_option("CREDENTIAL", options->credential, "what the verifier sent")->required();
  command->add_option("--key", options->directory, "the key's directory")->required();
  command->add_option("-o,--output", options->output, "written: the secret, for the verifier to compare")
      ->required();
  add_tcti(*command, options->tcti);
  set_action(*command, options, action, tpm_activate_command);
}

void add_record(CLI::App& tpm, Action& action) {
  auto options = std::make_shared<TpmRecordOptions>();
  auto* command = tpm.add_subcommand("record", "extend PCRs by the records of an event log");
  command->add_option("LOG", options->log, "as `immure measure --log` wrote it")->required();
  add_tcti(*command, options->tcti);
  set_action(*command, options, action, tpm_record_command);
}

void add_quote(CLI::App& tpm, Action& action) {
  auto options = std::make_shared<TpmQuoteOptions>();
  options->log = default_log;
  auto* command =
      tpm.add_subcommand("quote", "let the TPM say what was recorded: a bundle for `immure verify`");
  command->add_option("--key", options->directory, "the key's directory")->required();
  command->add_option("--nonce", options->nonce, "what the verifier sent, in hexadecimal; 1 to 64 bytes")
      ->required();
  command->add_option("--log", options->log, "the event log")->capture_default_str();
  command->add_option("--certificate", options->certificates,
                      "of the key, then of each issuer; may be repeated");
  add_pcrs(*command, options->pcrs, "quoted beside that of the log, as 0,1,7");
  command->add_option("-o,--output", options->output, "the bundle to write")->required();
  add_tcti(*command, options->tcti);
  set_action(*command, options, action, tpm_quote_command);
}

void add_seal(CLI::App& tpm, Action& action) {
  auto options = std::make_shared<TpmSealOptions>();
  auto* command = tpm.add_subcommand("seal", "keep a secret for those launches that a log foresees");
  command->add_option("SECRET", options->secret, "a file of 1 to 128 bytes")->required();
  command->add_option("--log", options->log, "sealed to what this event log leads to");
  add_pcrs(*command, options->pcrs, "sealed to what these are now, as 0,1,7");
  command->add_option("-o,--output", options->output, "the file to write")->required();
  add_tcti(*command, options->tcti);
  set_action(*command, options, action, tpm_seal_command);
}

void add_unseal(CLI::App& tpm, Action& action) {
  auto options = std::make_shared<TpmUnsealOptions>();
  auto* command = tpm.add_subcommand("unseal", "take a secret out, where the PCRs are as it was sealed to");
  command->add_option("SEALED", options->sealed, "what `immure tpm seal` wrote")->required();
  command->add_option("-o,--output", options->output, "the file to write")->required();
  add_tcti(*command, options->tcti);
  set_action(*command, options, action, tpm_unseal_command);
}

}  // namespace

void add_tpm(CLI::App& app, Action& action) {
  auto* tpm = app.add_subcommand("tpm", "make keys and quotes in a TPM, seal secrets");
  tpm->require_subcommand(1);
  tpm->footer(tpm_details);
  add_key(*tpm, action);
  add_challenge(*tpm, action);
  add_activate(*tpm, action);
  add_record(*tpm, action);
  add_quote(*tpm, action);
  add_seal(*tpm, action);
  add_unseal(*tpm, action);
}

}  // namespace immure::attest
