#include "attest/program/command_line.hpp"

#include <memory>

#include "attest/program/confine.hpp"
#include "attest/program/measure_launch.hpp"
#include "attest/program/verbs.hpp"

namespace immure::attest {
namespace {

Expected<ExitCode> carry_out(const Action& action) {
  IMMURE_TRY(prepare_cryptography());
  return action();
}

void add_fs_verity(CLI::App& command, const char* name, std::optional<FsVerity>& into) {
  const auto parse = [&into](const std::vector<std::string>& texts) {
    const auto parsed = parse_fs_verity(texts.at(0));
    into = parsed.value_or(std::nullopt);
    return parsed.has_value();
  };
  command.add_option(name, parse, "")->required();
}

/// The launcher's errand, which no help speaks of.
void add_measure_launch(CLI::App& app, Action& action) {
  auto errand = std::make_shared<LaunchErrand>();
  auto* command = app.add_subcommand(measure_launch_verb, "")->group("");
  command->add_option("PCR", errand->where.pcr, "")->required()->check(CLI::Range(0, 15));
  command->add_option("NV-INDEX", errand->where.nv_index, "")->required();
  add_fs_verity(*command, "KERNEL-VERITY", errand->kernel);
  add_fs_verity(*command, "INITRD-VERITY", errand->initrd);
  command->callback([errand, &action] { action = [errand] { return measure_launch_command(*errand); }; });
}

}  // namespace

int run_command_line(int argc, char** argv) {
  // It is run as `immure VERB`, and its help should read so.
  CLI::App app("The attestation module of immure.", "immure");
  app.set_version_flag("--version", "immure-attest " IMMURE_VERSION);
  app.require_subcommand(1);
  Action action;
  add_measure(app, action);
  add_sign(app, action);
  add_verify_manifest(app, action);
  add_tpm(app, action);
  add_verify_bundle(app, action);
  add_report(app, action);
  add_snp(app, action);
  add_measure_launch(app, action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& shown) {  // --help, --version
    return app.exit(shown);
  } catch (const CLI::ParseError& error) {
    report({ExitCode::usage, error.what(), "add --help to the command to see what there is"});
    return static_cast<int>(ExitCode::usage);
  }
  const auto outcome = carry_out(action);
  if (outcome) return static_cast<int>(*outcome);
  report(outcome.error());
  return static_cast<int>(outcome.error().code);
}

}  // namespace immure::attest
