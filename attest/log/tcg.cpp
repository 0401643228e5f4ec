#include "attest/log/tcg.hpp"

#include <string_view>

namespace immure::attest::log {
namespace {

constexpr std::uint32_t no_action = 3, event_tag = 6;            // EV_NO_ACTION, EV_EVENT_TAG
constexpr std::uint16_t sha256_id = 0x000b, sha384_id = 0x000c;  // TPM_ALG_ID
constexpr std::uint32_t our_tag = 0x494d4d55;                    // "IMMU"

/// Unlike everything of a TPM, firmware's logs are little-endian.
template <typename Number>
void put(ByteVector& out, Number number) {
  for (unsigned shift = 0; shift < 8 * sizeof(Number); shift += 8) {
    out.push_back(static_cast<std::uint8_t>(number >> shift));
  }
}

void append(ByteVector& out, Bytes bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

void put_sized(ByteVector& out, Bytes bytes) {
  put(out, static_cast<std::uint32_t>(bytes.size()));
  append(out, bytes);
}

/// TCG_EfiSpecIDEvent: which digests the events have.
ByteVector spec_id() {
  constexpr std::string_view signature("Spec ID Event03\0", 16);
  ByteVector out;
  append(out, bytes_of_text(signature));
  put(out, std::uint32_t{0});           // Platform class: client.
  append(out, ByteVector{0, 2, 0, 2});  // Version 2.0, errata 0; a UINTN has two UINT32.
  put(out, std::uint32_t{2});
  for (const auto& [id, size] : {std::pair{sha256_id, 32}, std::pair{sha384_id, 48}}) {
    put(out, id);
    put(out, static_cast<std::uint16_t>(size));
  }
  out.push_back(0);  // Of the vendor's own.
  return out;
}

void put_record(ByteVector& out, const Record& record) {
  put(out, record.pcr);
  put(out, event_tag);
  put(out, std::uint32_t{2});
  put(out, sha256_id);
  append(out, record.digests.sha256);
  put(out, sha384_id);
  append(out, record.digests.sha384);
  ByteVector tagged;
  put(tagged, our_tag);
  put_sized(tagged, content_tlv(record.event));
  put_sized(out, tagged);
}

}  // namespace

ByteVector write_tcg(const std::vector<Record>& records) {
  constexpr std::size_t sha1_bytes = 20;
  ByteVector out;
  put(out, std::uint32_t{0});
  put(out, no_action);
  append(out, ByteVector(sha1_bytes, 0));
  put_sized(out, spec_id());
  for (const auto& record : records) put_record(out, record);
  return out;
}

}  // namespace immure::attest::log
