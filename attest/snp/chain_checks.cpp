#include "attest/snp/chain_checks.hpp"

#include <array>
#include <functional>

#include "attest/snp/amd_roots.hpp"
#include "attest/x509/amd_profile.hpp"
#include "attest/x509/time_text.hpp"

namespace immure::attest::snp {
namespace {

using Outcome = Result<std::string>;
constexpr auto kind_of_check = CheckKind::evidence;
constexpr std::array names{
    "certificates",        "root-of-trust",          "ark-signature",           "ask-signature",
    "leaf-signature",      "certificate-algorithms", "certificate-constraints", "certificate-validity",
    "certificate-product", "report-signature"};

Outcome describe_set(const Evidence& evidence, const Chain& chain, EndorsementKey kind) {
  std::string missing;
  const auto note = [&missing](const std::optional<Certificate>& certificate, std::string_view name) {
    if (!certificate) missing += (missing.empty() ? "" : ", ") + std::string(name);
  };
  note(chain.leaf, name_of(kind));
  note(chain.ask, kind == EndorsementKey::vcek ? "ASK" : "ASVK");
  note(chain.ark, "ARK");
  std::string text = std::to_string(evidence.certificates.certificates.size()) + " certificates found";
  for (const auto& file : evidence.certificates.ignored) text += "; ignored " + file;
  if (missing.empty()) return text;
  return invalid("no " + missing + " that belongs to this report: " + text);
}

Outcome root_of_trust(const Certificate& ark, const Sha384Digest& trusted, const ChainQuestion& question) {
  const auto digest = IMMURE_TRY(ark.public_key_digest());
  const bool own_anchor = question.evidence.trust_anchor.has_value();
  if (digest == trusted) {
    return own_anchor ? "the root that --trust-anchor names, in the place of AMD's"
                      : "AMD's root for " + std::string(name_of(question.product));
  }
  return invalid("the root's key " + to_hex(digest) + " is not " +
                 (own_anchor ? std::string("the one of --trust-anchor")
                             : "AMD's for " + std::string(name_of(question.product))));
}

/// `what` where the Result is good.
Outcome say(const Result<void>& result, std::string what) {
  if (!result) return std::unexpected(result.error());
  return what;
}

Result<void> in_turn(const Chain& chain, EndorsementKey kind,
                     const std::function<Result<void>(const Certificate&, std::string_view)>& check) {
  for (const auto& [certificate, name] :
       {std::pair{&chain.ark, std::string_view("ARK")}, std::pair{&chain.ask, std::string_view("ASK")},
        std::pair{&chain.leaf, name_of(kind)}}) {
    if (const auto result = check(**certificate, name); !result) return with_context(name, result.error());
  }
  return {};
}

Result<void> check_algorithms(const Certificate& certificate, std::string_view name) {
  IMMURE_TRY(check_signature_algorithm(certificate));
  const bool authority = name == "ARK" || name == "ASK";
  return authority ? check_ca_key(certificate) : check_endorsement_key(certificate);
}

Result<void> check_constraints(const Certificate& certificate, std::string_view name) {
  if (name == "ARK") return check_is_authority(certificate, 1);
  if (name == "ASK") return check_is_authority(certificate, 0);
  return check_is_no_authority(certificate);
}

Outcome same_product(const Certificate& leaf, Product product) {
  auto text = IMMURE_TRY(Endorsement(leaf).product_name());
  if (product_of_certificate(text) == product) return text;
  return invalid("the certificate is of " + text + ", the report is of " + std::string(name_of(product)));
}

}  // namespace

Chain check_chain(const ChainQuestion& question, CheckList& checks) {
  const auto& [evidence, product, kind, report] = question;
  const auto signed_bytes = Bytes(evidence.report).first(signed_size);
  const auto anchor = evidence.trust_anchor ? evidence.trust_anchor->public_key_digest()
                                            : Result<Sha384Digest>(amd_root(product));
  const auto trusted = anchor.value_or(Sha384Digest{});
  const auto chain =
      find_chain(evidence.certificates.certificates, kind, signed_bytes, report.signature, trusted);
  if (!checks.add("certificates", kind_of_check, describe_set(evidence, chain, kind))) {
    for (const auto* const name : std::span(names).subspan(1)) {
      checks.skip(name, kind_of_check, "a certificate is missing");
    }
    return chain;
  }
  const auto at = evidence.at;
  checks.add("root-of-trust", kind_of_check, root_of_trust(*chain.ark, trusted, question));
  checks.add("ark-signature", kind_of_check,
             say(check_issued_by(*chain.ark, *chain.ark), chain.ark->subject() + ", by itself"));
  checks.add("ask-signature", kind_of_check,
             say(check_issued_by(*chain.ask, *chain.ark), chain.ask->subject() + ", by the ARK"));
  checks.add("leaf-signature", kind_of_check,
             say(check_issued_by(*chain.leaf, *chain.ask), chain.leaf->subject() + ", by the one above"));
  checks.add("certificate-algorithms", kind_of_check,
             say(in_turn(chain, kind, check_algorithms), "RSA-PSS with SHA-384; RSA 4096; P-384"));
  checks.add(
      "certificate-constraints", kind_of_check,
      say(in_turn(chain, kind, check_constraints), "only the ARK and the one below it issue certificates"));
  checks.add("certificate-validity", kind_of_check,
             say(in_turn(chain, kind,
                         [at](const Certificate& certificate, std::string_view) {
                           return check_valid_at(certificate, at);
                         }),
                 "all valid at " + time_text(at)));
  checks.add("certificate-product", kind_of_check, same_product(*chain.leaf, product));
  checks.add("report-signature", kind_of_check,
             say(check_amd_signature(chain.leaf->public_key(), signed_bytes, report.signature),
                 "ECDSA P-384 with SHA-384, by the " + std::string(name_of(kind))));
  return chain;
}

void skip_chain_checks(std::string_view why, CheckList& checks) {
  for (const auto* const name : names) checks.skip(name, kind_of_check, why);
}

}  // namespace immure::attest::snp
