#include <memory>

#include "attest/program/sign.hpp"
#include "attest/program/verbs.hpp"
#include "attest/program/verify_manifest.hpp"

namespace immure::attest {
namespace {

constexpr const char* sign_details =
    "Measures what `immure measure` lists as code and signs it: these files, and nothing else, may be "
    "started\n"
    "as this guest. The manifest is a DSSE envelope around an in-toto statement.\n"
    "Keys: PEM, not encrypted; Ed25519, ECDSA on P-256 or P-384, RSA of 2048 to 8192 bits (signed with "
    "PSS).\n\n"
    "  openssl genpkey -algorithm ed25519 -out owner.key; chmod 600 owner.key\n"
    "  openssl pkey -in owner.key -pubout -out owner.pub\n"
    "  immure sign web.toml --key owner.key -o web.manifest --expires 2027-01-01\n\n"
    "Exit codes: 0 signed; 2 wrong command line; 3 bad specification or key; 6 a file of the guest is "
    "missing\n"
    "or is not what it must be; 13 others can read the private key; 1 a file cannot be read or written.";

constexpr const char* verify_details =
    "Is the manifest signed by one of these keys, not expired and not revoked? With --spec also: are the\n"
    "guest's files, as they are now, the ones that it names?\n\n"
    "  immure verify-manifest web.manifest --keys owner.pub\n"
    "  immure verify-manifest web.manifest --keys /etc/immure/signers --revoked revoked.txt --spec "
    "web.toml\n\n"
    "A key may be given as a public key or as a certificate; a certificate has to be valid at --at-time, "
    "and\n"
    "is trusted because you named it. A list of revocations has one SHA-256 in hexadecimal on each line: of "
    "a\n"
    "key (the id that `immure sign` prints) or of a manifest's payload.\n\n"
    "Exit codes: 0 every check passed; 2 wrong command line; 3 bad keys, revocations or specification;\n"
    "6 a file of the guest is missing; 14 the manifest is not proved genuine; 15 it is genuine, but the "
    "guest's\n"
    "files differ; 1 a file cannot be read.";

}  // namespace

void add_sign(CLI::App& app, Action& action) {
  auto options = std::make_shared<SignOptions>();
  auto shared = std::make_shared<bool>(false);
  auto* command = app.add_subcommand("sign", "sign what a guest may be started from");
  command->footer(sign_details);
  command->add_option("SPEC", options->guest.spec, "the guest specification")->required();
  command->add_option("--key", options->key, "the private key, PEM")->required();
  command->add_option("-o,--output", options->output, "the manifest to write")->required();
  command->add_option("--expires", options->expires,
                      "when it ceases to be good, as 2027-01-31T12:00:00Z; never if not given");
  command->add_flag("--allow-shared-key", *shared, "take a private key that others can read");
  add_guest_options(*command, options->guest);
  command->callback([options, shared, &action] {
    options->shared_key = *shared ? SharedKey::allowed : SharedKey::refused;
    action = [options] { return sign_command(*options); };
  });
}

void add_verify_manifest(CLI::App& app, Action& action) {
  auto options = std::make_shared<VerifyManifestOptions>();
  auto json = std::make_shared<bool>(false);
  auto* command = app.add_subcommand("verify-manifest", "check a signed manifest, and a guest against it");
  command->footer(verify_details);
  command->add_option("MANIFEST", options->manifest, "what `immure sign` wrote")->required();
  command->add_option("--keys", options->keys, "whose signatures count: a PEM file, or a directory of them")
      ->required();
  command->add_option("--spec", options->guest.spec, "compare the files of this guest with the manifest");
  command->add_option("--revoked", options->revoked, "a list of revoked keys and manifests");
  command->add_option("--at-time", options->at_time,
                      "when it has to be good, as 2026-01-31T12:00:00Z; now if not given");
  add_guest_options(*command, options->guest);
  command->add_flag("--json", *json, "print one JSON object with \"checks\" and \"manifest\"");
  command->callback([options, json, &action] {
    options->format = *json ? OutputFormat::json : OutputFormat::text;
    action = [options] { return verify_manifest_command(*options); };
  });
}

}  // namespace immure::attest
