#pragma once

#include "attest/snp/chain.hpp"
#include "attest/snp/report_policy.hpp"

namespace immure::attest::snp {

struct TcbQuestion {
  const Report& report;
  Product product;
  EndorsementKey kind;
  const std::optional<Certificate>& leaf;
  ReportPolicy::Provisional provisional;
};

/// Whether the report, its chip and its firmware are those of the certificate: certificate-tcb,
/// certificate-owner (the chip's id, or the provider's), reported-tcb, committed-firmware.
void check_tcb(const TcbQuestion& question, CheckList& checks);
void skip_tcb_checks(std::string_view why, CheckList& checks);

}  // namespace immure::attest::snp
