#include "attest/quote/policy_checks.hpp"

#include <algorithm>
#include <set>

namespace immure::attest::quote {
namespace {

std::string list_of(const Policy::Allowed& allowed) {
  std::string out;
  for (const auto& each : allowed) out += (out.empty() ? "" : " or ") + each;
  return out;
}

bool contains(const Policy::Allowed& allowed, std::string_view value) {
  return std::ranges::find(allowed, value) != allowed.end();
}

/// Every way in which a policy may write what was measured.
std::vector<std::string> names_of(const measure::Event& event) {
  std::vector<std::string> out;
  for (const auto& field : event.fields) {
    if (field.key == "sha256" || field.key == "sha384") out.push_back(field.value);
    if (field.key.contains("-verity-")) out.push_back(field.key + ":" + field.value);
    if (field.key == "unmeasured") out.emplace_back("unmeasured");
  }
  return out;
}

Result<void> match(const measure::Event& event, const Policy::Allowed& allowed) {
  const auto names = names_of(event);
  if (std::ranges::any_of(names, [&](const auto& name) { return contains(allowed, name); })) return {};
  return invalid("it is " + (names.empty() ? "nothing" : names.front()) + ", allowed is " + list_of(allowed));
}

using Launches = std::vector<const LaunchEvents*>;

/// In all of the launches.
Result<std::string> check_event(const std::string& name, const Policy& policy, const Launches& launches) {
  const auto rule = policy.events.find(name);
  if (rule == policy.events.end()) return invalid("the policy has no reference value for it");
  for (const auto* launch : launches) {
    const auto found = std::ranges::find(launch->code, name, &measure::Event::name);
    if (found == launch->code.end()) return invalid("it was not there at a launch");
    if (std::ranges::count(launch->code, name, &measure::Event::name) != 1) {
      return invalid("it is there twice in a launch");
    }
    IMMURE_TRY(match(*found, rule->second));
  }
  return "as asked in " + std::to_string(launches.size()) + " launches";
}

Result<std::string> check_identity(const std::string& name, const Policy::Allowed& allowed,
                                   const Launches& launches) {
  for (const auto* launch : launches) {
    const auto value = launch->identity_value(name);
    if (!value) return invalid("a launch does not say it");
    if (!contains(allowed, *value))
      return invalid("it is " + std::string(*value) + ", allowed is " + list_of(allowed));
  }
  return "as asked";
}

Result<std::string> check_pcr(std::uint32_t pcr, const Policy::Allowed& allowed, const PcrValues& values) {
  const auto found = values.find(pcr);
  if (found == values.end()) return invalid("it is not in the quote");
  if (contains(allowed, to_hex(found->second))) return "as asked";
  return invalid("it is " + to_hex(found->second) + ", allowed is " + list_of(allowed));
}

std::set<std::string> event_names(const Policy& policy, const Launches& launches) {
  std::set<std::string> out;
  for (const auto& [name, allowed] : policy.events) out.insert(name);
  for (const auto* launch : launches) {
    for (const auto& event : launch->code) out.insert(event.name);
  }
  return out;
}

}  // namespace

void check_policy(const Policy& policy, const std::vector<LaunchEvents>& launches, const PcrValues& pcrs,
                  CheckList& checks) {
  Launches asked;
  for (const auto& launch : launches) {
    if (!policy.guest || launch.identity_value("name") == *policy.guest) asked.push_back(&launch);
  }
  if (asked.empty()) {
    checks.add("policy-launches", CheckKind::policy,
               invalid("the log has no launch" + (policy.guest ? " of " + *policy.guest : "")));
    return skip_policy(policy, "there is no launch", checks);
  }
  checks.add(
      "policy-launches", CheckKind::policy,
      std::to_string(asked.size()) + " of " + std::to_string(launches.size()) + " in the log are looked at");
  for (const auto& name : event_names(policy, asked)) {
    checks.add("policy-event-" + name, CheckKind::policy, check_event(name, policy, asked));
  }
  for (const auto& [name, allowed] : policy.identity) {
    checks.add("policy-identity-" + name, CheckKind::policy, check_identity(name, allowed, asked));
  }
  for (const auto& [pcr, allowed] : policy.pcrs) {
    checks.add("policy-pcr-" + std::to_string(pcr), CheckKind::policy, check_pcr(pcr, allowed, pcrs));
  }
}

void skip_policy(const Policy& policy, std::string_view why, CheckList& checks) {
  for (const auto& [name, allowed] : policy.events)
    checks.skip("policy-event-" + name, CheckKind::policy, why);
  for (const auto& [name, allowed] : policy.identity) {
    checks.skip("policy-identity-" + name, CheckKind::policy, why);
  }
  for (const auto& [pcr, allowed] : policy.pcrs) {
    checks.skip("policy-pcr-" + std::to_string(pcr), CheckKind::policy, why);
  }
}

}  // namespace immure::attest::quote
