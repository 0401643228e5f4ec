#include "attest/log/record.hpp"

#include <utility>

#include "attest/log/tlv.hpp"

namespace immure::attest::log {

ByteVector content_tlv(const measure::Event& event) {
  ByteVector inner;
  put_tlv(inner, std::to_underlying(event.kind), bytes_of_text(measure::event_text(event)));
  ByteVector out;
  put_tlv(out, content_type, inner);
  return out;
}

Result<std::vector<Record>> make_records(const std::vector<measure::Event>& events, std::uint32_t pcr,
                                         std::uint64_t first, std::uint32_t nv_index) {
  std::vector<Record> out;
  for (const auto& event : events) {
    out.push_back({.number = first + out.size(),
                   .pcr = nv_index == 0 ? pcr : 0,
                   .nv_index = nv_index,
                   .digests = IMMURE_TRY(measure::digests_of_bytes(content_tlv(event))),
                   .event = event});
  }
  return out;
}

}  // namespace immure::attest::log
