#include "attest/program/verification_text.hpp"

#include "attest/program/check_output.hpp"
#include "base/printable.hpp"

namespace immure::attest {

std::string verification_text(const snp::Verification& verification) {
  auto out = checks_text(verification.checks);
  const auto& report = verification.report;
  if (report && (report->policy & snp::policy_bit_debug) != 0) {
    out +=
        "note           the guest policy lets the host debug the guest: it can read and change all of it\n";
  }
  return printable_lines(
      out + verdict_text(verification.checks, {.not_genuine = "the report is not proved genuine",
                                               .not_wanted = "genuine, but not what the policy asks for"}));
}

}  // namespace immure::attest
