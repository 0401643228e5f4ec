#include "attest/snp/tcb_checks.hpp"

#include <algorithm>
#include <array>

namespace immure::attest::snp {
namespace {

using Outcome = Result<std::string>;
constexpr auto kind_of_check = CheckKind::evidence;
constexpr std::array names{"certificate-tcb", "certificate-owner", "reported-tcb", "committed-firmware"};

Result<Tcb> decode(const RawTcb& raw, Product product, std::string_view which) {
  auto tcb = Tcb::decode(product, raw);
  if (!tcb) return with_context("the " + std::string(which) + " TCB", tcb.error());
  return tcb;
}

/// The firmware derives the key from the TCB that it reports.
Outcome certificate_tcb(const Certificate& leaf, const Report& report, Product product) {
  const auto reported = IMMURE_TRY(decode(report.reported_tcb, product, "reported"));
  const auto certified = IMMURE_TRY(Endorsement(leaf).tcb(product));
  if (reported == certified) return reported.text(product);
  return invalid("the certificate is for " + certified.text(product) + ", the report is of " +
                 reported.text(product));
}

Outcome chip_id(const Certificate& leaf, const Report& report, Product product) {
  const auto id = IMMURE_TRY(Endorsement(leaf).hardware_id());
  const std::size_t size = product == Product::turin ? 8 : 64;
  if (id.size() != size) {
    return invalid("the certificate's hardware id has " + std::to_string(id.size()) + " bytes; those of " +
                   std::string(name_of(product)) + " have " + std::to_string(size));
  }
  const Bytes reported(report.chip_id);
  if (std::ranges::equal(reported.first(size), id) && all_zero(reported.subspan(size))) return to_hex(id);
  return invalid("the certificate is for the chip " + to_hex(id) + ", the report is of " + to_hex(reported));
}

void check_owner(const TcbQuestion& question, CheckList& checks) {
  if (question.kind == EndorsementKey::vlek) {
    const auto provider = Endorsement(*question.leaf).provider();
    checks.add("certificate-owner", kind_of_check,
               provider ? Outcome("a chip of the provider " + *provider) : std::unexpected(provider.error()));
  } else if (all_zero(question.report.chip_id)) {
    checks.skip("certificate-owner", kind_of_check,
                "the report's chip id is masked: it names no chip to compare");
  } else {
    checks.add("certificate-owner", kind_of_check,
               chip_id(*question.leaf, question.report, question.product));
  }
}

Outcome reported_tcb(const Report& report, Product product) {
  const auto reported = IMMURE_TRY(decode(report.reported_tcb, product, "reported"));
  const auto current = IMMURE_TRY(decode(report.current_tcb, product, "current"));
  IMMURE_TRY(decode(report.launch_tcb, product, "launch"));
  if (const auto part = current.first_below(reported)) {
    return invalid("the reported " + std::string(name_of(*part)) + " is newer than the current one");
  }
  return "not above the current " + current.text(product);
}

std::string version_text(const std::array<std::uint8_t, 3>& version) {
  return std::to_string(version[2]) + "." + std::to_string(version[1]) + "." + std::to_string(version[0]);
}

/// Major before minor before build.
bool is_older(const std::array<std::uint8_t, 3>& a, const std::array<std::uint8_t, 3>& b) {
  return std::lexicographical_compare(a.rbegin(), a.rend(), b.rbegin(), b.rend());
}

Outcome committed_firmware(const TcbQuestion& question) {
  const auto& report = question.report;
  const auto committed = IMMURE_TRY(decode(report.committed_tcb, question.product, "committed"));
  const auto current = IMMURE_TRY(decode(report.current_tcb, question.product, "current"));
  if (committed == current && report.committed_version == report.current_version) {
    return "firmware " + version_text(report.current_version) + ", committed";
  }
  if (current.first_below(committed) || is_older(report.current_version, report.committed_version)) {
    return invalid("the committed firmware is newer than the current one");
  }
  const auto text = "firmware " + version_text(report.current_version) + " is provisional, " +
                    version_text(report.committed_version) + " is committed";
  if (question.provisional == ReportPolicy::Provisional::allowed) return text + ", which the policy allows";
  return invalid(text + ": it can still be rolled back");
}

}  // namespace

void check_tcb(const TcbQuestion& question, CheckList& checks) {
  if (question.leaf) {
    checks.add("certificate-tcb", kind_of_check,
               certificate_tcb(*question.leaf, question.report, question.product));
    check_owner(question, checks);
  } else {
    checks.skip("certificate-tcb", kind_of_check, "a certificate is missing");
    checks.skip("certificate-owner", kind_of_check, "a certificate is missing");
  }
  checks.add("reported-tcb", kind_of_check, reported_tcb(question.report, question.product));
  checks.add("committed-firmware", kind_of_check, committed_firmware(question));
}

void skip_tcb_checks(std::string_view why, CheckList& checks) {
  for (const auto* const name : names) checks.skip(name, kind_of_check, why);
}

}  // namespace immure::attest::snp
