#include <memory>

#include "attest/program/report_verify.hpp"
#include "attest/program/verbs.hpp"

namespace immure::attest {
namespace {

constexpr const char* verify_details =
    "A report is a firmware's signed word on one guest: what it was started from (measurement), on which\n"
    "chip, with which firmware, and 64 bytes of the guest's own choice (report data: a nonce, a key).\n"
    "It is worth something only if the signature leads to a key of AMD, so every link is checked:\n"
    "the report by the VCEK or VLEK, that by the ASK or ASVK, that by the ARK, and the ARK by the key\n"
    "that AMD is known to have for the product. Nothing is fetched; DIR must hold the three certificates,\n"
    "in PEM or DER files of any name.\n\n"
    "That a report is genuine says nothing on what runs in the guest: use a policy.\n\n"
    "  immure report verify --report r.bin --certs certs/\n"
    "  immure report verify --report r.bin --certs certs/ --policy web.toml --json | jq .checks\n"
    "  immure report verify --report old.bin --certs certs/ --at-time 2025-06-01T00:00:00Z\n\n"
    "A policy (TOML; every key is optional, but one rule there must be):\n"
    "  measurement = [\"...96 hexadecimal digits...\"]    # any of these; `immure snp digest` computes it\n"
    "  report_data = [\"...128 digits...\"]\n"
    "  vmpl = 0\n"
    "  debug = \"refused\"                               # also where the key is missing\n"
    "  [minimum_tcb]\n"
    "  bootloader = 4\n"
    "  microcode = 0xd1\n"
    "docs/attestation.md lists all keys and all checks.\n\n"
    "Exit codes: 0 every check passed; 2 wrong command line; 3 bad policy or trust anchor; 14 the report\n"
    "is not proved genuine; 15 it is genuine, but not what the policy asks for; 1 a file cannot be read.";

void add_verify(CLI::App& report, Action& action) {
  auto options = std::make_shared<ReportVerifyOptions>();
  auto json = std::make_shared<bool>(false);
  auto* command = report.add_subcommand("verify", "check a report, its certificates and a policy");
  command->footer(verify_details);
  command->add_option("--report", options->report, "the report, 1184 bytes as the firmware wrote them")
      ->required();
  command->add_option("--certs", options->certificates, "the directory of the certificates")->required();
  command->add_option("--policy", options->policy, "what the report has to say, a TOML file");
  command->add_option("--product", options->product, "the processor, where the report does not say it")
      ->check(CLI::IsMember({"milan", "genoa", "turin"}));
  command->add_option("--at-time", options->at_time,
                      "when the certificates have to be valid, as 2026-01-31T12:00:00Z; now if not given");
  command->add_option("--trust-anchor", options->trust_anchor,
                      "a root certificate to trust in the place of AMD's: for tests and emulators");
  command->add_flag("--json", *json, "print one JSON object with \"checks\" and \"report\"");
  command->callback([options, json, &action] {
    options->format = *json ? OutputFormat::json : OutputFormat::text;
    action = [options] { return report_verify(*options); };
  });
}

}  // namespace

void add_report(CLI::App& app, Action& action) {
  auto* report = app.add_subcommand("report", "verify an SEV-SNP attestation report, offline");
  report->require_subcommand(1);
  add_verify(*report, action);
}

}  // namespace immure::attest
