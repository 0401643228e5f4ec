#include "attest/report/check.hpp"

#include <algorithm>

namespace immure::attest {

std::string_view name_of(CheckResult result) {
  switch (result) {
    case CheckResult::pass:
      return "pass";
    case CheckResult::fail:
      return "fail";
    case CheckResult::not_evaluated:
      break;
  }
  return "not-evaluated";
}

bool CheckList::add(std::string_view name, CheckKind kind, const Result<std::string>& outcome) {
  checks_.push_back({.name = std::string(name),
                     .kind = kind,
                     .result = outcome ? CheckResult::pass : CheckResult::fail,
                     .detail = outcome ? *outcome : outcome.error().message});
  return outcome.has_value();
}

void CheckList::skip(std::string_view name, CheckKind kind, std::string_view why) {
  checks_.push_back({.name = std::string(name),
                     .kind = kind,
                     .result = CheckResult::not_evaluated,
                     .detail = std::string(why)});
}

bool CheckList::passed(CheckKind kind) const {
  const auto of_kind = [kind](const Check& check) { return check.kind == kind; };
  if (kind == CheckKind::evidence && std::ranges::none_of(checks_, of_kind)) return false;
  return std::ranges::all_of(
      checks_, [&](const Check& check) { return !of_kind(check) || check.result == CheckResult::pass; });
}

}  // namespace immure::attest
