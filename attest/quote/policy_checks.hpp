#pragma once

#include "attest/quote/launches.hpp"
#include "attest/quote/policy.hpp"
#include "attest/report/check.hpp"

namespace immure::attest::quote {

/// Checks of CheckKind::policy: "policy-launches" (there is one, of the guest that is asked for), one
/// "policy-event-NAME" for each event that the policy or a launch names, and "policy-identity-NAME" and
/// "policy-pcr-N" for each rule. With several launches, every one of them has to be as asked.
void check_policy(const Policy& policy, const std::vector<LaunchEvents>& launches, const PcrValues& pcrs,
                  CheckList& checks);

/// The same checks as far as they are known without a log, not evaluated.
void skip_policy(const Policy& policy, std::string_view why, CheckList& checks);

}  // namespace immure::attest::quote
