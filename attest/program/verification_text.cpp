#include "attest/program/verification_text.hpp"

#include <algorithm>

#include "base/printable.hpp"

namespace immure::attest {
namespace {

std::string padded(std::string_view text, std::size_t width) {
  std::string out(text);
  out.resize(std::max(width, out.size()), ' ');
  return out;
}

std::string verdict(const CheckList& checks) {
  const auto& all = checks.all();
  const auto passed =
      std::ranges::count_if(all, [](const Check& check) { return check.result == CheckResult::pass; });
  const auto counted = std::to_string(passed) + " of " + std::to_string(all.size()) + " checks passed";
  if (!checks.passed(CheckKind::evidence)) return "REFUSED: the report is not proved genuine; " + counted;
  if (!checks.passed(CheckKind::policy))
    return "REFUSED: genuine, but not what the policy asks for; " + counted;
  return "verified: " + counted;
}

}  // namespace

std::string verification_text(const snp::Verification& verification) {
  std::string out;
  for (const auto& check : verification.checks.all()) {
    out += padded(name_of(check.result), 15) + padded(check.name, 26) + check.detail + "\n";
  }
  const auto& report = verification.report;
  if (report && (report->policy & snp::policy_bit_debug) != 0) {
    out +=
        "note           the guest policy lets the host debug the guest: it can read and change all of it\n";
  }
  return printable_lines(out + verdict(verification.checks) + "\n");
}

}  // namespace immure::attest
