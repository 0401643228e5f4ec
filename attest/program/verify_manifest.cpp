#include "attest/program/verify_manifest.hpp"

#include "attest/manifest/verify.hpp"
#include "attest/program/check_output.hpp"
#include "attest/program/confine.hpp"
#include "attest/program/manifest_inputs.hpp"
#include "attest/program/time_option.hpp"
#include "attest/x509/time_text.hpp"
#include "base/printable.hpp"

namespace immure::attest {
namespace {

using Json = nlohmann::ordered_json;

struct Inputs {
  ManifestInputs manifest;
  std::optional<OpenGuest> guest;
};

Expected<std::optional<OpenGuest>> open_optional_guest(const GuestOptions& options) {
  if (options.spec.empty()) return std::nullopt;
  return IMMURE_TRY(open_guest(options));
}

Expected<Inputs> open_all(const VerifyManifestOptions& options) {
  Inputs inputs;
  inputs.manifest.manifest = IMMURE_TRY(open_input(options.manifest, largest_manifest));
  inputs.manifest.keys = IMMURE_TRY(open_input_files(options.keys, largest_key_file));
  inputs.manifest.keys_name = options.keys;
  inputs.manifest.revoked = IMMURE_TRY(open_optional_input(options.revoked, largest_revocations));
  inputs.guest = IMMURE_TRY(open_optional_guest(options.guest));
  return inputs;
}

Expected<manifest::Question> read_all(Inputs& inputs) {
  auto question = IMMURE_TRY(read_manifest_inputs(inputs.manifest));
  if (inputs.guest) question.measured = IMMURE_TRY(measure_open_guest(*inputs.guest));
  return question;
}

Json statement_json(const manifest::Answer& answer) {
  if (!answer.statement) return nullptr;
  const auto& statement = *answer.statement;
  return {{"subjects", statement.subjects},
          {"unmeasured", statement.unmeasured},
          {"issued", time_text(statement.issued)},
          {"expires", statement.expires ? Json(time_text(*statement.expires)) : Json(nullptr)},
          {"signed_by", answer.signed_by}};
}

std::string output_text(const manifest::Answer& answer, OutputFormat format) {
  if (format == OutputFormat::json) {
    const Json out{{"checks", checks_json(answer.checks)}, {"manifest", statement_json(answer)}};
    return out.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
  }
  return printable_lines(checks_text(answer.checks) +
                         verdict_text(answer.checks, {.not_genuine = "the manifest is not proved genuine",
                                                      .not_wanted = "genuine, but for other files"}));
}

}  // namespace

Expected<ExitCode> verify_manifest_command(const VerifyManifestOptions& options) {
  const auto at = IMMURE_TRY(time_option("--at-time", options.at_time));
  auto inputs = IMMURE_TRY(open_all(options));
  IMMURE_TRY(confine());
  auto question = IMMURE_TRY(read_all(inputs));
  question.at = at;
  const auto answer = manifest::verify_manifest(question);
  IMMURE_TRY(print(output_text(answer, options.format)));
  return exit_code_of(answer.checks);
}

}  // namespace immure::attest
