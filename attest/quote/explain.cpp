#include "attest/quote/explain.hpp"

#include <optional>
#include <span>

#include "attest/log/replay.hpp"

namespace immure::attest::quote {
namespace {

constexpr std::size_t most_records_left_out = 512;  // Each is a replay of its own.

using Records = std::span<const log::Record>;

Sha256Digest replayed(Records first, Records second = {}) {
  log::PcrValue value;
  for (const auto part : {first, second}) {
    for (const auto& record : part) value = log::extend(value, record.digests).value_or(log::PcrValue{});
  }
  return value.sha256;
}

std::string described(const log::Record& record) {
  return "record " + std::to_string(record.number) + " (" + record.event.name + ")";
}

std::optional<std::string> as_beginning(Records records, const Sha256Digest& quoted) {
  log::PcrValue value;
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (value.sha256 == quoted) {
      return "log-replay: the first " + std::to_string(i) + " of " + std::to_string(records.size()) +
             " records lead to what the TPM has: from " + described(records[i]) +
             " on they were never recorded in it, or only after the quote";
    }
    value = log::extend(value, records[i].digests).value_or(log::PcrValue{});
  }
  return std::nullopt;
}

std::optional<std::string> with_one_too_many(Records records, const Sha256Digest& quoted) {
  if (records.size() > most_records_left_out) return std::nullopt;
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (replayed(records.first(i), records.subspan(i + 1)) == quoted) {
      return "log-replay: without " + described(records[i]) +
             " the log leads to what the TPM has: that one was added to the log";
    }
  }
  return std::nullopt;
}

}  // namespace

std::vector<std::string> explain(const Answer& answer) {
  // Of an NV index the check itself says all that there is to say.
  if (!answer.bundle || answer.records.empty() || answer.records.back().nv_index != 0) return {};
  const auto quoted = answer.bundle->pcrs.find(answer.records.front().pcr);
  if (quoted == answer.bundle->pcrs.end()) {
    return {"log-replay: the quote does not have the PCR of the log: quote it too (--pcrs)"};
  }
  if (replayed(answer.records) == quoted->second) return {};
  if (quoted->second == Sha256Digest{}) {
    return {
        "log-replay: nothing was ever extended into this PCR since the TPM was reset: the log is of another "
        "boot, "
        "or of another machine"};
  }
  if (auto text = as_beginning(answer.records, quoted->second)) return {*std::move(text)};
  if (auto text = with_one_too_many(answer.records, quoted->second)) return {*std::move(text)};
  return {
      "log-replay: no beginning of the log leads to what the TPM has: a record is missing or was changed, or "
      "somebody else extends this PCR"};
}

}  // namespace immure::attest::quote
