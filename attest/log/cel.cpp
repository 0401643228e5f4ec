#include "attest/log/cel.hpp"

#include <algorithm>

#include "attest/log/tlv.hpp"

namespace immure::attest::log {
namespace {

ByteVector number_bytes(std::uint64_t number) {
  ByteVector out;
  for (unsigned shift = 64; shift != 0; shift -= 8)
    out.push_back(static_cast<std::uint8_t>(number >> (shift - 8)));
  return out;
}

ByteVector digest_bytes(const measure::Digests& digests) {
  ByteVector out;
  put_tlv(out, sha256_algorithm, digests.sha256);
  put_tlv(out, sha384_algorithm, digests.sha384);
  return out;
}

Result<measure::Event> parse_content(Bytes content) {
  const auto tlv = IMMURE_TRY(take_tlv(content));
  if (!content.empty()) return invalid("something follows the event in its content");
  const auto kind = static_cast<measure::EventKind>(tlv.type);
  if (kind != measure::EventKind::code && kind != measure::EventKind::identity) {
    return invalid("an event is neither code nor identity");
  }
  return measure::parse_event_text(kind, {reinterpret_cast<const char*>(tlv.value.data()), tlv.value.size()});
}

struct Register {
  std::uint32_t pcr = 0;
  std::uint32_t nv_index = 0;
};

/// What a record's digests were extended into: a PCR, one byte, or the handle of an NV index, four.
Result<Register> take_register(Bytes& bytes) {
  const auto tlv = IMMURE_TRY(take_tlv(bytes));
  Register out;
  if (tlv.type == pcr_type && tlv.value.size() == 1 && tlv.value.front() <= most_pcr) {
    out.pcr = tlv.value.front();
    return out;
  }
  if (tlv.type != nv_index_type || tlv.value.size() != sizeof out.nv_index)
    return invalid("it names neither a PCR nor an NV index");
  for (const auto byte : tlv.value) out.nv_index = out.nv_index << 8 | byte;
  if (out.nv_index == 0) return invalid("it names no NV index");
  return out;
}

void put_register(ByteVector& out, const Record& record) {
  if (record.nv_index == 0) {
    const auto pcr = static_cast<std::uint8_t>(record.pcr);
    return put_tlv(out, pcr_type, {&pcr, 1});
  }
  const auto number = number_bytes(record.nv_index);
  put_tlv(out, nv_index_type, Bytes(number).last(sizeof record.nv_index));
}

Result<Record> take_record(Bytes& bytes, std::uint64_t number) {
  const auto name = "record " + std::to_string(number);
  if (!std::ranges::equal(IMMURE_TRY(take_value(bytes, number_type, "number")), number_bytes(number))) {
    return invalid(name + " has another number: one is missing, or there twice");
  }
  const auto where = take_register(bytes);
  if (!where) return with_context(name, where.error());
  const auto digests = IMMURE_TRY(take_value(bytes, digests_type, "digests"));
  auto event = parse_content(IMMURE_TRY(take_value(bytes, content_type, "content")));
  if (!event) return with_context(name, event.error());
  Record record{.number = number,
                .pcr = where->pcr,
                .nv_index = where->nv_index,
                .digests = IMMURE_TRY(measure::digests_of_bytes(content_tlv(*event))),
                .event = *std::move(event)};
  if (!std::ranges::equal(digests, digest_bytes(record.digests))) {
    return invalid(name + ": its digests are not those of its content");
  }
  return record;
}

Result<void> check_size(Bytes bytes) {
  if (bytes.size() > largest_log) return invalid("the log has more than 16 MiB");
  return {};
}

}  // namespace

Result<std::uint64_t> count_records(Bytes bytes) {
  IMMURE_TRY(check_size(bytes));
  std::uint64_t number = 0;
  while (!bytes.empty()) {
    if (!std::ranges::equal(IMMURE_TRY(take_value(bytes, number_type, "number")), number_bytes(number))) {
      return invalid("record " + std::to_string(number) + " has another number");
    }
    if (IMMURE_TRY(take_register(bytes)).nv_index != 0) {
      return invalid(
          "the event log of this boot is for an NV index; it begins anew with the host's next boot");
    }
    IMMURE_TRY(take_value(bytes, digests_type, "digests"));
    IMMURE_TRY(take_value(bytes, content_type, "content"));
    ++number;
  }
  return number;
}

ByteVector write_cel(const std::vector<Record>& records) {
  ByteVector out;
  for (const auto& record : records) {
    put_tlv(out, number_type, number_bytes(record.number));
    put_register(out, record);
    put_tlv(out, digests_type, digest_bytes(record.digests));
    const auto content = content_tlv(record.event);
    out.insert(out.end(), content.begin(), content.end());
  }
  return out;
}

Result<std::vector<Record>> parse_cel(Bytes bytes) {
  IMMURE_TRY(check_size(bytes));
  std::vector<Record> out;
  while (!bytes.empty()) {
    if (out.size() == most_records) return invalid("the log has more than 65536 records");
    out.push_back(IMMURE_TRY(take_record(bytes, out.size())));
  }
  return out;
}

}  // namespace immure::attest::log
