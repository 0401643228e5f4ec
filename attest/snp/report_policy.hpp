#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "attest/report/check.hpp"
#include "attest/snp/report.hpp"

namespace immure::attest::snp {

/// What a relying party asks of a report beyond its being genuine. An empty list, map or optional is no rule.
struct ReportPolicy {
  enum class Debug { refused, allowed };
  enum class Provisional { refused, allowed };

  std::vector<ByteVector> measurements{};  ///< any of these
  std::vector<ByteVector> host_data{};
  std::vector<ByteVector> report_data{};
  std::vector<ByteVector> chip_ids{};
  std::vector<ByteVector> id_key_digests{};
  std::vector<ByteVector> author_key_digests{};
  std::optional<std::uint32_t> vmpl{};
  std::optional<std::uint32_t> minimum_guest_svn{};
  std::map<TcbPart, std::uint8_t> minimum_tcb{};         ///< of the TCB that the endorsement key stands for
  std::map<TcbPart, std::uint8_t> minimum_launch_tcb{};  ///< of the TCB at the guest's launch
  std::map<PlatformBit, bool> platform_info{};
  /// A guest that its host may debug keeps no secret, so only a policy that says so allows it.
  Debug debug = Debug::refused;
  /// Firmware that is not committed may still be rolled back.
  Provisional provisional_firmware = Provisional::refused;
};

/// Name of the bit in a policy and in messages: "alias_check_complete".
std::string_view name_of(PlatformBit bit);
std::vector<PlatformBit> all_platform_bits();

/// Compiles a policy file (docs/attestation.md). An Error names every mistake, each on a line of its own as
/// "FILE:LINE:COLUMN: ...". A policy that asks for nothing is one.
Result<ReportPolicy> parse_report_policy(std::string_view text, std::string_view file_name);

/// One check for each rule, named "policy-...", of CheckKind::policy.
void check_policy(const ReportPolicy& policy, const Report& report, Product product, CheckList& checks);

/// The same checks, not evaluated.
void skip_policy(const ReportPolicy& policy, std::string_view why, CheckList& checks);

}  // namespace immure::attest::snp
