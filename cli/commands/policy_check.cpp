#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "base/printable.hpp"
#include "cli/commands/commands.hpp"
#include "cli/output/style.hpp"
#include "cli/output/table.hpp"
#include "cli/policy/host_policy.hpp"
#include "cli/policy/requester.hpp"
#include "cli/policy/share.hpp"
#include "policy/guest_claim.hpp"
#include "policy/spec/compile.hpp"

namespace immure::cli {
namespace {

using Json = nlohmann::ordered_json;

/// Every rule, in the launcher's order. What may run at a time can be asked by root only: nothing is said of
/// it otherwise.
std::vector<policy::Verdict> judge(const policy::GuestRecord& guest, const policy::HostPolicyRecord& host,
                                   const std::optional<Shares>& shares) {
  auto verdicts = policy::evaluate(guest, host);
  if (!shares) return verdicts;
  auto tenants = shares->tenants;
  add(tenants, policy::make_claim(guest, host));
  const auto of_shares = policy::evaluate_share(shares->guests + 1, tenants, host);
  verdicts.insert(verdicts.end(), of_shares.begin(), of_shares.end());
  return verdicts;
}

void print_json(const std::vector<policy::Verdict>& verdicts, const policy::HostPolicyRecord& host,
                bool admitted, bool shares_known) {
  Json rules = Json::array();
  for (const auto& verdict : verdicts) {
    rules.push_back({{"rule", verdict.rule},
                     {"asked", verdict.asked},
                     {"allowed", verdict.allowed},
                     {"passed", verdict.passed}});
  }
  const auto or_null = [](std::string_view text) { return text.empty() ? Json(nullptr) : Json(text); };
  const Json object{{"admitted", admitted},
                    {"requester", or_null(host.requester.view())},
                    {"tenant", or_null(host.tenant.name.view())},
                    {"shares_evaluated", shares_known},
                    {"rules", rules}};
  fmt::print("{}\n", object.dump(2, ' ', false, Json::error_handler_t::replace));
}

void print_text(const std::vector<policy::Verdict>& verdicts, bool admitted, bool shares_known) {
  const auto style = Style::of(stdout);
  Table table({"", "RULE", "ASKED", "ALLOWED"});
  for (const auto& verdict : verdicts) {
    table.add(
        {verdict.passed ? "yes" : "NO", verdict.rule, printable(verdict.asked), printable(verdict.allowed)});
  }
  fmt::print("{}", table.text());
  if (!shares_known) fmt::print("{}\n", style.dim("what may run at a time was not asked: that needs root"));
  fmt::print("{}\n", admitted ? style.good("admitted") : style.bad("not admitted"));
}

}  // namespace

Expected<ExitCode> policy_check_command(const PolicyCheckOptions& options) {
  const auto guest = IMMURE_TRY(policy::compile_guest_spec(options.spec));
  const auto file = IMMURE_TRY(read_host_policy());
  const auto requester =
      options.user.empty() ? requester_of(login_uid()) : IMMURE_TRY(requester_named(options.user));
  const auto host = policy::policy_for(file, requester);
  const auto shares = read_shares(host.tenant.name);
  const auto verdicts = judge(guest, host, shares);
  const auto admitted = policy::require(verdicts).has_value();
  if (options.format == OutputFormat::json) {
    print_json(verdicts, host, admitted, shares.has_value());
  } else {
    print_text(verdicts, admitted, shares.has_value());
  }
  return admitted ? ExitCode::success : ExitCode::not_admitted;
}

}  // namespace immure::cli
