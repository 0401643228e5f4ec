#include "attest/quote/verify.hpp"

#include <algorithm>
#include <span>

#include "attest/log/cel.hpp"
#include "attest/log/replay.hpp"
#include "attest/quote/nv_checks.hpp"
#include "attest/quote/policy_checks.hpp"
#include "attest/quote/tpm_signature.hpp"
#include "attest/quote/trust.hpp"
#include "attest/x509/time_text.hpp"

namespace immure::attest::quote {
namespace {

/// PCRs from here on can be reset by software while the machine runs (TCG PC Client Platform TPM
/// Profile, 4.6).
constexpr std::uint32_t first_resettable_pcr = 16;

Result<std::string> check_nonce(const std::optional<ByteVector>& wanted, const Quote& quote) {
  if (quote.nonce.empty() || quote.nonce != *wanted) {
    return invalid("the quote has " + (quote.nonce.empty() ? "none" : to_hex(quote.nonce)) +
                   ", asked was for " + to_hex(*wanted) + ": it is an old one, or somebody else's");
  }
  return "it is the one that was asked for";
}

Result<std::string> check_pcr_values(const Bundle& bundle, const Quote& quote) {
  ByteVector values;
  for (const auto& [number, value] : bundle.pcrs) {
    if (!quote.pcrs.contains(number))
      return invalid("PCR " + std::to_string(number) + " is not in the quote");
    values.insert(values.end(), value.begin(), value.end());
  }
  if (bundle.pcrs.size() != quote.pcrs.size()) return invalid("the value of a quoted PCR is missing");
  const auto digest = IMMURE_TRY(sha256(values));
  if (!std::ranges::equal(digest, quote.digest)) return invalid("the values are not those that are quoted");
  return std::to_string(bundle.pcrs.size()) + " values are those that are quoted";
}

struct Log {
  std::vector<log::Record> records;
  std::optional<log::NvStart> start;  ///< of a log that is for an NV index
};

Result<Log> read_log(const Bundle& bundle) {
  Log out;
  out.records = IMMURE_TRY(log::parse_cel(bundle.log));
  out.start = IMMURE_TRY(log::nv_start_of(out.records));
  if (out.records.front().pcr >= first_resettable_pcr) {
    return invalid("the log is for PCR " + std::to_string(out.records.front().pcr) +
                   ", which can be reset while the machine runs");
  }
  return out;
}

Result<std::string> check_replay(const std::vector<log::Record>& records, const Bundle& bundle) {
  const auto pcr = records.front().pcr;
  const auto quoted = bundle.pcrs.find(pcr);
  if (quoted == bundle.pcrs.end())
    return invalid("the log is for PCR " + std::to_string(pcr) + ", which is not quoted");
  const auto replayed = IMMURE_TRY(log::replay(records)).at(pcr).sha256;
  if (replayed != quoted->second) {
    return invalid("the log leads to " + to_hex(replayed) + ", the TPM has " + to_hex(quoted->second));
  }
  const auto count = std::ranges::count(records, 0U, &log::Record::nv_index);
  return std::to_string(count) + " records lead to the value of PCR " + std::to_string(pcr);
}

constexpr auto no_bundle = "there is no bundle to look at";
constexpr auto no_quote = "there is no quote to look at";

std::optional<CertifiedNv> check_evidence(const Question& question, Answer& answer) {
  auto& checks = answer.checks;
  const auto& bundle = *answer.bundle;
  const auto key = read_attestation_key(bundle);
  const auto trust = key ? check_trust(key->get(), bundle, question.policy, question.at)
                         : Result<std::string>(std::unexpected(key.error()));
  checks.add("attestation-key", CheckKind::evidence, trust);
  auto certified = check_nv_evidence(bundle, key ? key->get() : nullptr, question.nonce, checks);
  auto quote = parse_quote(bundle.quote);
  if (!quote) {
    checks.add("quote", CheckKind::evidence, std::unexpected(quote.error()));
    for (const auto* name : {"quote-signature", "nonce", "pcr-values"}) {
      checks.skip(name, CheckKind::evidence, no_quote);
    }
    return certified;
  }
  checks.add("quote", CheckKind::evidence, "a TPM's, about " + std::to_string(quote->pcrs.size()) + " PCRs");
  if (key) {
    const auto is_signed = check_tpm_signature(key->get(), bundle.quote, bundle.signature);
    checks.add("quote-signature", CheckKind::evidence,
               is_signed ? Result<std::string>("the key signed it") : std::unexpected(is_signed.error()));
  } else {
    checks.skip("quote-signature", CheckKind::evidence, "there is no key");
  }
  if (question.nonce) {
    checks.add("nonce", CheckKind::evidence, check_nonce(question.nonce, *quote));
  } else {
    checks.skip("nonce", CheckKind::evidence, "no --nonce was given: the quote may be an old one");
  }
  checks.add("pcr-values", CheckKind::evidence, check_pcr_values(bundle, *quote));
  answer.quote = *std::move(quote);
  return certified;
}

void check_log(const Question& question, const std::optional<CertifiedNv>& certified, Answer& answer) {
  auto& checks = answer.checks;
  auto log = read_log(*answer.bundle);
  if (!log) {
    checks.add("log", CheckKind::log, std::unexpected(log.error()));
    checks.skip("log-replay", CheckKind::log, "there is no log");
    return skip_policy(question.policy, "there is no log", checks);
  }
  checks.add("log", CheckKind::log, std::to_string(log->records.size()) + " records");
  checks.add("log-replay", CheckKind::log, check_replay(log->records, *answer.bundle));
  check_nv_log(log->start, log->records, certified, checks);
  answer.records = std::move(log->records);
  std::vector<measure::Event> events;
  // The start of an NV index is no launch.
  for (const auto& record : std::span(answer.records).subspan(log->start ? 1 : 0))
    events.push_back(record.event);
  check_policy(question.policy, split_launches(events), answer.bundle->pcrs, checks);
}

}  // namespace

Answer verify_bundle(const Question& question) {
  Answer answer;
  auto& checks = answer.checks;
  auto bundle = parse_bundle(question.bundle);
  if (!bundle) {
    checks.add("bundle", CheckKind::evidence, std::unexpected(bundle.error()));
    for (const auto* name : {"attestation-key", "quote", "quote-signature", "nonce", "pcr-values"}) {
      checks.skip(name, CheckKind::evidence, no_bundle);
    }
    for (const auto* name : {"log", "log-replay"}) checks.skip(name, CheckKind::log, no_bundle);
    skip_policy(question.policy, no_bundle, checks);
    return answer;
  }
  checks.add("bundle", CheckKind::evidence, "version 1");
  answer.bundle = *std::move(bundle);
  const auto certified = check_evidence(question, answer);
  check_log(question, certified, answer);
  return answer;
}

}  // namespace immure::attest::quote
