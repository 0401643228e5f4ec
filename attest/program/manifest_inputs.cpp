#include "attest/program/manifest_inputs.hpp"

namespace immure::attest {
namespace {

Expected<manifest::Signers> read_keys(const InputDirectory& directory, const std::string& name) {
  auto signers = manifest::read_signers(IMMURE_TRY(read_inputs(directory)));
  if (!signers.all.empty()) return signers;
  std::string why;
  for (const auto& ignored : signers.ignored) why += "\n" + ignored;
  return fail(ExitCode::bad_specification, name + ": no key or certificate in it" + why);
}

}  // namespace

Expected<manifest::Question> read_manifest_inputs(const ManifestInputs& inputs) {
  manifest::Question question;
  question.manifest = IMMURE_TRY(read_input_text(inputs.manifest));
  question.signers = IMMURE_TRY(read_keys(inputs.keys, inputs.keys_name));
  if (inputs.revoked) {
    auto revoked =
        manifest::parse_revocations(IMMURE_TRY(read_input_text(*inputs.revoked)), inputs.revoked->name);
    if (!revoked) return fail(ExitCode::bad_specification, revoked.error().message);
    question.revoked = *std::move(revoked);
  }
  return question;
}

}  // namespace immure::attest
