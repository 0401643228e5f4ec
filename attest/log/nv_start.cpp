#include "attest/log/nv_start.hpp"

#include <algorithm>
#include <array>

namespace immure::attest::log {
namespace {

constexpr std::size_t name_bytes = 2 + 32;  // TPM_ALG_ID and SHA-256.

std::array<std::uint8_t, 4> big_endian(std::uint32_t number) {
  return {static_cast<std::uint8_t>(number >> 24), static_cast<std::uint8_t>(number >> 16),
          static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)};
}

Result<ByteVector> bytes_field(const measure::Event& event, std::string_view key, std::size_t size) {
  auto bytes = from_hex(event.field(key).value_or(""));
  if (!bytes || bytes->size() != size) return invalid("the start of the NV index has no " + std::string(key));
  return *std::move(bytes);
}

}  // namespace

measure::Event event_of(const NvStart& start) {
  return {.kind = measure::EventKind::identity,
          .name = NvStart::event_name,
          .fields = {{"index", to_hex(big_endian(start.index))},
                     {"tpm-name", to_hex(start.name)},
                     {"value", to_hex(start.value)}}};
}

Result<NvStart> parse_nv_start(const measure::Event& event) {
  NvStart out;
  for (const auto byte : IMMURE_TRY(bytes_field(event, "index", sizeof out.index)))
    out.index = out.index << 8 | byte;
  out.name = IMMURE_TRY(bytes_field(event, "tpm-name", name_bytes));
  std::ranges::copy(IMMURE_TRY(bytes_field(event, "value", out.value.size())), out.value.begin());
  if (out.index == 0 || event_of(out) != event)
    return invalid("the start of the NV index is not written as it must be");
  return out;
}

Result<std::optional<NvStart>> nv_start_of(const std::vector<Record>& records) {
  if (records.empty()) return invalid("the log is empty");
  const auto is_start = [](const Record& record) { return record.event.name == NvStart::event_name; };
  if (!is_start(records.front())) {
    for (const auto& record : records) {
      if (record.nv_index != 0 || is_start(record))
        return invalid("the log of an NV index does not begin with its start");
      if (record.pcr != records.front().pcr) return invalid("the log is for more than one PCR");
    }
    return std::nullopt;
  }
  if (records.front().nv_index != 0) return invalid("the start of the NV index is not in a PCR");
  auto start = IMMURE_TRY(parse_nv_start(records.front().event));
  for (auto record = records.begin() + 1; record != records.end(); ++record) {
    if (record->nv_index != start.index || is_start(*record)) {
      return invalid("record " + std::to_string(record->number) +
                     " is not for the NV index that the log is for");
    }
  }
  return start;
}

Result<Sha256Digest> replay_nv(const NvStart& start, const std::vector<Record>& records) {
  auto value = start.value;
  for (const auto& record : records) {
    if (record.nv_index != start.index) continue;
    std::array<std::uint8_t, 64> both{};
    std::ranges::copy(record.digests.sha256, std::ranges::copy(value, both.begin()).out);
    value = IMMURE_TRY(sha256(both));
  }
  return value;
}

}  // namespace immure::attest::log
