#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "attest/snp/verify.hpp"

using namespace immure::attest;

// Any bytes as a report and, behind its 1184, as a file of certificates. None of them leads to AMD's root, so
// nothing may ever be proved genuine.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes input(data, size);
  const auto split = std::min(size, sizeof(snp::Report));
  const auto report = input.first(split);
  const auto file = input.subspan(split);
  const NamedBytes certificates{.name = "fuzz", .bytes = ByteVector(file.begin(), file.end())};

  snp::Evidence evidence;
  evidence.report = ByteVector(report.begin(), report.end());
  evidence.certificates = read_certificates({&certificates, 1});
  evidence.at = std::chrono::sys_days(std::chrono::year(2026) / 6 / 1);
  evidence.policy = snp::ReportPolicy{.vmpl = 0, .minimum_tcb = {{snp::TcbPart::snp, 1}}};
  const auto verification = snp::verify_report(evidence);
  if (verification.checks.passed(CheckKind::evidence)) std::abort();
  if (verification.checks.all().size() != 20) std::abort();
  return 0;
}
