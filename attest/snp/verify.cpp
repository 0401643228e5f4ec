#include "attest/snp/verify.hpp"

#include "attest/snp/chain_checks.hpp"
#include "attest/snp/tcb_checks.hpp"

namespace immure::attest::snp {
namespace {

using Outcome = Result<std::string>;
constexpr auto evidence_kind = CheckKind::evidence;

/// The product by which the report is read: its own word, the caller's, and the certificate's have to agree.
Result<Product> settle_product(const Report& report, const Evidence& evidence) {
  const auto own = IMMURE_TRY(product_of_report(report));
  if (own && evidence.product && *own != *evidence.product) {
    return invalid("the report is of " + std::string(name_of(*own)) + ", not of " +
                   std::string(name_of(*evidence.product)));
  }
  if (own) return *own;
  if (evidence.product) return *evidence.product;
  // Before version 3 only the certificates tell. Which one signed the report is not known yet, so they must
  // agree.
  std::optional<Product> named;
  for (const auto& certificate : evidence.certificates.certificates) {
    if (!endorsement_key_of(certificate)) continue;
    const auto text = Endorsement(certificate).product_name();
    const auto product = text ? product_of_certificate(*text) : std::nullopt;
    if (product && named && *product != *named) {
      return invalid("there are certificates of several products: name the report's with --product");
    }
    if (product) named = product;
  }
  if (named) return *named;
  return invalid("neither the report nor a certificate names the product: name it with --product");
}

Outcome describe(const Result<Product>& product) {
  if (!product) return std::unexpected(product.error());
  return std::string(name_of(*product));
}

Outcome describe_format(const Result<Report>& report) {
  if (!report) return std::unexpected(report.error());
  return "version " + std::to_string(report->version);
}

Result<EndorsementKey> signing_key(const Report& report) {
  switch (signing_key_of(report)) {
    case SigningKey::vcek:
      return EndorsementKey::vcek;
    case SigningKey::vlek:
      return EndorsementKey::vlek;
    case SigningKey::none:
      return invalid("the report says that no key signed it");
  }
  return invalid("the report names an unknown kind of signing key");
}

Outcome describe_key(const Result<EndorsementKey>& key) {
  if (!key) return std::unexpected(key.error());
  return "signed by a " + std::string(name_of(*key));
}

void skip_the_rest(const Evidence& evidence, std::string_view why, CheckList& checks) {
  skip_chain_checks(why, checks);
  skip_tcb_checks(why, checks);
  if (evidence.policy) skip_policy(*evidence.policy, why, checks);
}

}  // namespace

Verification verify_report(const Evidence& evidence) {
  Verification out;
  auto& checks = out.checks;
  const auto report = parse_report(evidence.report);
  checks.add("report-format", evidence_kind, describe_format(report));
  if (!report) {
    const auto* const why = "the report cannot be read";
    checks.skip("product", evidence_kind, why);
    checks.skip("signing-key", evidence_kind, why);
    skip_the_rest(evidence, why, checks);
    return out;
  }
  out.report = *report;
  const auto product = settle_product(*report, evidence);
  checks.add("product", evidence_kind, describe(product));
  const auto kind = signing_key(*report);
  checks.add("signing-key", evidence_kind, describe_key(kind));
  if (!product || !kind) {
    skip_the_rest(evidence, product ? "it is not known what signed the report" : "the product is not known",
                  checks);
    return out;
  }
  out.product = *product;
  const auto chain =
      check_chain({.evidence = evidence, .product = *product, .kind = *kind, .report = *report}, checks);
  const auto provisional =
      evidence.policy ? evidence.policy->provisional_firmware : ReportPolicy::Provisional::refused;
  check_tcb(
      {.report = *report, .product = *product, .kind = *kind, .leaf = chain.leaf, .provisional = provisional},
      checks);
  if (evidence.policy) check_policy(*evidence.policy, *report, *product, checks);
  return out;
}

}  // namespace immure::attest::snp
