#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "attest/program/failure.hpp"
#include "attest/report/check.hpp"

namespace immure::attest {

/// [{"name", "result", "detail"}], every check in order.
nlohmann::ordered_json checks_json(const CheckList& checks);

/// One line for each check and, last, "verified: 5 of 5 checks passed" or "REFUSED: WHY; 4 of 5 ...".
struct Verdicts {
  std::string_view not_genuine;  ///< where a check of CheckKind::evidence did not pass
  std::string_view not_wanted;   ///< where one of CheckKind::policy did not
};
std::string checks_text(const CheckList& checks);
std::string verdict_text(const CheckList& checks, const Verdicts& verdicts);

/// bad_signature, bad_log, policy_refused or success.
ExitCode exit_code_of(const CheckList& checks);

}  // namespace immure::attest
