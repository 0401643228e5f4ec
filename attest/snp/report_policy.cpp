#include "attest/snp/report_policy.hpp"

#include <algorithm>
#include <functional>

namespace immure::attest::snp {
namespace {

using Outcome = Result<std::string>;
/// One rule: its check's name, and how it is evaluated.
struct Rule {
  std::string name;
  std::function<Outcome(const Report&, Product)> evaluate;
};

Outcome one_of(const std::vector<ByteVector>& allowed, Bytes found) {
  const bool is_allowed =
      std::ranges::any_of(allowed, [&](const ByteVector& value) { return std::ranges::equal(value, found); });
  if (is_allowed) return to_hex(found);
  std::string text = "it is " + to_hex(found) + ", the policy wants ";
  for (const auto& value : allowed) text += (&value == allowed.data() ? "" : " or ") + to_hex(value);
  return invalid(text);
}

/// Firmware writes a digest of zeros where no key was given, which must not match a policy's.
Outcome key_digest(const std::vector<ByteVector>& allowed, Bytes found, const char* missing) {
  if (all_zero(found)) return invalid(missing);
  return one_of(allowed, found);
}

Outcome at_least(const std::map<TcbPart, std::uint8_t>& minimum, const RawTcb& raw, Product product) {
  const auto tcb = IMMURE_TRY(Tcb::decode(product, raw));
  for (const auto& [part, least] : minimum) {
    if (std::ranges::find(tcb_parts_of(product), part) == tcb_parts_of(product).end()) {
      return invalid(std::string(name_of(product)) + " has no " + std::string(name_of(part)));
    }
    if (tcb.get(part) < least) {
      return invalid(std::string(name_of(part)) + " is " + std::to_string(tcb.get(part)) +
                     ", the policy wants " + std::to_string(least) + " or more");
    }
  }
  return tcb.text(product);
}

Outcome platform_as(const std::map<PlatformBit, bool>& wanted, const Report& report) {
  std::string text;
  for (const auto& [bit, value] : wanted) {
    const auto word = std::string(name_of(bit)) + " is " + (has(report, bit) ? "set" : "clear");
    if (has(report, bit) != value) return invalid(word + ", the policy wants the opposite");
    text += (text.empty() ? "" : ", ") + word;
  }
  return text;
}

Outcome debug_off(const Report& report) {
  if ((report.policy & policy_bit_debug) == 0) return "the host cannot debug the guest";
  return invalid("the guest policy lets the host debug the guest: it can read and change all of it");
}

Outcome author_key(const std::vector<ByteVector>& allowed, const Report& report) {
  if ((report.key_info & 1U) == 0) return invalid("the guest was started without an author key");
  return key_digest(allowed, report.author_key_digest, "the guest was started without an author key");
}

void add_digest_rules(const ReportPolicy& policy, std::vector<Rule>& rules) {
  if (!policy.measurements.empty()) {
    rules.push_back({"policy-measurement", [&](const Report& report, Product) {
                       return one_of(policy.measurements, report.measurement);
                     }});
  }
  if (!policy.host_data.empty()) {
    rules.push_back({"policy-host-data", [&](const Report& report, Product) {
                       return one_of(policy.host_data, report.host_data);
                     }});
  }
  if (!policy.report_data.empty()) {
    rules.push_back({"policy-report-data", [&](const Report& report, Product) {
                       return one_of(policy.report_data, report.report_data);
                     }});
  }
  if (!policy.chip_ids.empty()) {
    rules.push_back({"policy-chip-id", [&](const Report& report, Product) {
                       return key_digest(policy.chip_ids, report.chip_id, "the chip's id is masked");
                     }});
  }
  if (!policy.id_key_digests.empty()) {
    rules.push_back({"policy-id-key", [&](const Report& report, Product) {
                       return key_digest(policy.id_key_digests, report.id_key_digest,
                                         "the guest was started without an id block");
                     }});
  }
  if (!policy.author_key_digests.empty()) {
    rules.push_back({"policy-author-key", [&](const Report& report, Product) {
                       return author_key(policy.author_key_digests, report);
                     }});
  }
}

Outcome exactly(std::uint32_t found, std::uint32_t wanted) {
  if (found == wanted) return std::to_string(found);
  return invalid("it is " + std::to_string(found) + ", the policy wants " + std::to_string(wanted));
}

Outcome not_below(std::uint32_t found, std::uint32_t least) {
  if (found >= least) return std::to_string(found);
  return invalid("it is " + std::to_string(found) + ", the policy wants " + std::to_string(least) +
                 " or more");
}

std::vector<Rule> rules_of(const ReportPolicy& policy) {
  std::vector<Rule> rules;
  add_digest_rules(policy, rules);
  if (policy.debug == ReportPolicy::Debug::refused) {
    rules.push_back({"policy-debug", [](const Report& report, Product) { return debug_off(report); }});
  }
  if (policy.vmpl) {
    rules.push_back(
        {"policy-vmpl", [&](const Report& report, Product) { return exactly(report.vmpl, *policy.vmpl); }});
  }
  if (policy.minimum_guest_svn) {
    rules.push_back({"policy-guest-svn", [&](const Report& report, Product) {
                       return not_below(report.guest_svn, *policy.minimum_guest_svn);
                     }});
  }
  if (!policy.minimum_tcb.empty()) {
    rules.push_back({"policy-minimum-tcb", [&](const Report& report, Product product) {
                       return at_least(policy.minimum_tcb, report.reported_tcb, product);
                     }});
  }
  if (!policy.minimum_launch_tcb.empty()) {
    rules.push_back({"policy-minimum-launch-tcb", [&](const Report& report, Product product) {
                       return at_least(policy.minimum_launch_tcb, report.launch_tcb, product);
                     }});
  }
  if (!policy.platform_info.empty()) {
    rules.push_back({"policy-platform-info", [&](const Report& report, Product) {
                       return platform_as(policy.platform_info, report);
                     }});
  }
  return rules;
}

}  // namespace

std::string_view name_of(PlatformBit bit) {
  switch (bit) {
    case PlatformBit::smt:
      return "smt";
    case PlatformBit::tsme:
      return "tsme";
    case PlatformBit::ecc:
      return "ecc";
    case PlatformBit::rapl_disabled:
      return "rapl_disabled";
    case PlatformBit::ciphertext_hiding:
      return "ciphertext_hiding";
    case PlatformBit::alias_check_complete:
      return "alias_check_complete";
    case PlatformBit::tio:
      return "tio";
  }
  return "";
}

std::vector<PlatformBit> all_platform_bits() {
  using enum PlatformBit;
  return {smt, tsme, ecc, rapl_disabled, ciphertext_hiding, alias_check_complete, tio};
}

void check_policy(const ReportPolicy& policy, const Report& report, Product product, CheckList& checks) {
  for (const auto& rule : rules_of(policy)) {
    checks.add(rule.name, CheckKind::policy, rule.evaluate(report, product));
  }
}

void skip_policy(const ReportPolicy& policy, std::string_view why, CheckList& checks) {
  for (const auto& rule : rules_of(policy)) checks.skip(rule.name, CheckKind::policy, why);
}

}  // namespace immure::attest::snp
