#include "attest/program/snp_explain.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "attest/program/columns.hpp"
#include "attest/program/confine.hpp"
#include "attest/snp/explain.hpp"
#include "base/printable.hpp"

namespace immure::attest {
namespace {

using Json = nlohmann::ordered_json;

Expected<Sha384Digest> digest_option(const std::string& text) {
  const auto bytes = from_hex(text);
  Sha384Digest digest{};
  if (!bytes || bytes->size() != digest.size()) {
    return fail(ExitCode::usage, "--expected: a launch digest has 96 hexadecimal digits");
  }
  std::ranges::copy(*bytes, digest.begin());
  return digest;
}

std::string as_text(const snp::Explanation& explanation) {
  if (!explanation.found) {
    return "not found among " + std::to_string(explanation.tried) +
           " digests near by: another build of the firmware, another kernel or initrd, or several inputs "
           "differ\n";
  }
  if (explanation.differences.empty()) return "the digest is as expected\n";
  std::string out;
  for (const auto& difference : explanation.differences) {
    out += padded(difference.input, 16) + "expected: " + difference.expected +
           "; given: " + difference.given + "\n";
  }
  return printable_lines(out);
}

std::string as_json(const snp::Explanation& explanation) {
  Json differences = Json::array();
  for (const auto& difference : explanation.differences) {
    differences.push_back(
        {{"input", difference.input}, {"expected", difference.expected}, {"given", difference.given}});
  }
  const Json out{{"found", explanation.found},
                 {"equal", explanation.found && explanation.differences.empty()},
                 {"differences", std::move(differences)},
                 {"tried", explanation.tried}};
  return out.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

}  // namespace

Expected<ExitCode> snp_explain(const SnpExplainOptions& options) {
  const auto expected = IMMURE_TRY(digest_option(options.expected));
  const auto files = IMMURE_TRY(open_snp_files(options.guest));
  IMMURE_TRY(confine());
  const auto guest = IMMURE_TRY(load_snp_guest(files, options.guest));
  const auto explanation = IMMURE_TRY(snp::explain_digest(guest.launch, expected));
  IMMURE_TRY(print(options.format == OutputFormat::json ? as_json(explanation) : as_text(explanation)));
  const bool equal = explanation.found && explanation.differences.empty();
  return equal ? ExitCode::success : ExitCode::policy_refused;
}

}  // namespace immure::attest
