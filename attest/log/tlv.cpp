#include "attest/log/tlv.hpp"

namespace immure::attest::log {
namespace {

constexpr std::size_t header_bytes = 5;

}  // namespace

void put_tlv(ByteVector& out, std::uint8_t type, Bytes value) {
  const auto size = static_cast<std::uint32_t>(value.size());
  out.push_back(type);
  for (unsigned shift = 32; shift != 0; shift -= 8)
    out.push_back(static_cast<std::uint8_t>(size >> (shift - 8)));
  out.insert(out.end(), value.begin(), value.end());
}

Result<Tlv> take_tlv(Bytes& bytes) {
  if (bytes.size() < header_bytes) return invalid("the log ends inside a record");
  std::uint32_t size = 0;
  for (const auto byte : bytes.subspan(1, 4)) size = size << 8 | byte;
  if (bytes.size() - header_bytes < size) return invalid("the log ends inside a record");
  const Tlv tlv{.type = bytes.front(), .value = bytes.subspan(header_bytes, size)};
  bytes = bytes.subspan(header_bytes + size);
  return tlv;
}

Result<Bytes> take_value(Bytes& bytes, std::uint8_t type, std::string_view what) {
  const auto tlv = IMMURE_TRY(take_tlv(bytes));
  if (tlv.type != type) return invalid("a record's " + std::string(what) + " is not where it must be");
  return tlv.value;
}

}  // namespace immure::attest::log
