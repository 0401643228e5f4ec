#include "attest/program/check_output.hpp"

#include <algorithm>

#include "attest/program/columns.hpp"

namespace immure::attest {

nlohmann::ordered_json checks_json(const CheckList& checks) {
  auto out = nlohmann::ordered_json::array();
  for (const auto& check : checks.all()) {
    out.push_back({{"name", check.name}, {"result", name_of(check.result)}, {"detail", check.detail}});
  }
  return out;
}

std::string checks_text(const CheckList& checks) {
  std::size_t width = 24;
  for (const auto& check : checks.all()) width = std::max(width, check.name.size());
  std::string out;
  for (const auto& check : checks.all()) {
    out += padded(name_of(check.result), 15) + padded(check.name, width + 2) + check.detail + "\n";
  }
  return out;
}

std::string verdict_text(const CheckList& checks, const Verdicts& verdicts) {
  const auto& all = checks.all();
  const auto passed =
      std::ranges::count_if(all, [](const Check& check) { return check.result == CheckResult::pass; });
  const auto counted = std::to_string(passed) + " of " + std::to_string(all.size()) + " checks passed\n";
  if (!checks.passed(CheckKind::evidence))
    return "REFUSED: " + std::string(verdicts.not_genuine) + "; " + counted;
  if (!checks.passed(CheckKind::log)) return "REFUSED: the event log does not fit it; " + counted;
  if (!checks.passed(CheckKind::policy))
    return "REFUSED: " + std::string(verdicts.not_wanted) + "; " + counted;
  return "verified: " + counted;
}

ExitCode exit_code_of(const CheckList& checks) {
  if (!checks.passed(CheckKind::evidence)) return ExitCode::bad_signature;
  if (!checks.passed(CheckKind::log)) return ExitCode::bad_log;
  return checks.passed(CheckKind::policy) ? ExitCode::success : ExitCode::policy_refused;
}

}  // namespace immure::attest
