#pragma once

#include <chrono>
#include <optional>

#include "attest/report/check.hpp"
#include "attest/snp/report.hpp"
#include "attest/snp/report_policy.hpp"
#include "attest/x509/certificate_files.hpp"

namespace immure::attest::snp {

/// All that a verification looks at. Nothing is fetched.
struct Evidence {
  ByteVector report;
  CertificateSet certificates;
  std::optional<Product> product;           ///< what the caller says it is
  std::optional<Certificate> trust_anchor;  ///< a root to trust in the place of AMD's
  std::optional<ReportPolicy> policy;
  std::chrono::sys_seconds at{};  ///< when the certificates have to be valid
};

struct Verification {
  CheckList checks;
  std::optional<Report> report;  ///< where its format is good; the checks say whether it is genuine
  std::optional<Product> product;
};

/// Evaluates every check that can be; one that cannot is in the list as not evaluated. The names of the
/// checks are an interface: docs/attestation.md lists them.
Verification verify_report(const Evidence& evidence);

}  // namespace immure::attest::snp
