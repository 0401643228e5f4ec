#include <memory>

#include "attest/program/verbs.hpp"
#include "attest/program/verify_bundle.hpp"

namespace immure::attest {
namespace {

constexpr const char* verify_details =
    "Were just these guests started on that host, and is this the TPM's word of now? Checks who signed the "
    "quote,\n"
    "your nonce, the event log against the values that the TPM has, and each event against your policy.\n"
    "Needs neither a TPM nor the network.\n\n"
    "  immure verify web.bundle --policy web.policy --nonce $NONCE\n"
    "  immure verify web.bundle --policy web.policy --nonce $NONCE --explain --json | jq .checks\n\n"
    "A policy (TOML) names the keys whose word counts, and the reference value of each event:\n"
    "  attestation_keys = [\"...\"]     # ids: SHA-256 of the public key; or issuers = [\"...\"]\n"
    "  guest = \"web\"\n"
    "  [events]\n"
    "  kernel = [\"...\"]               # any of these; `immure measure --json` shows them\n"
    "  \"disk:data\" = [\"unmeasured\"]\n"
    "docs/attestation.md lists all keys and all checks.\n\n"
    "Exit codes: 0 every check passed; 2 wrong command line; 3 bad policy; 14 the quote is not proved "
    "genuine and\n"
    "new; 16 the event log is not the one; 15 all of that is good, but not what the policy asks for; 1 a "
    "file\n"
    "cannot be read.";

}  // namespace

void add_verify_bundle(CLI::App& app, Action& action) {
  auto options = std::make_shared<VerifyBundleOptions>();
  auto json = std::make_shared<bool>(false);
  auto explain = std::make_shared<bool>(false);
  auto* command = app.add_subcommand("verify", "verify a quote of launches");
  command->footer(verify_details);
  command->add_option("BUNDLE", options->bundle, "what `immure tpm quote` wrote")->required();
  command->add_option("--policy", options->policy, "whose word counts, and what has to be, a TOML file")
      ->required();
  command->add_option("--nonce", options->nonce, "what you sent, in hexadecimal");
  command->add_option("--at-time", options->at_time,
                      "when certificates have to be valid, as 2026-01-31T12:00:00Z; now if not given");
  command->add_flag("--explain", *explain, "say in words what differs");
  command->add_flag("--json", *json, "print one JSON object with \"checks\", \"quote\" and \"launches\"");
  command->callback([options, json, explain, &action] {
    options->format = *json ? OutputFormat::json : OutputFormat::text;
    options->explanation = *explain ? Explanation::wanted : Explanation::none;
    action = [options] { return verify_bundle_command(*options); };
  });
}

}  // namespace immure::attest
