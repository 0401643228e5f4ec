#include "attest/quote/quote.hpp"

#include "attest/quote/attest_head.hpp"

namespace immure::attest::quote {
namespace {

constexpr std::uint16_t quote_tag = 0x8018;  // TPM_ST_ATTEST_QUOTE
constexpr std::size_t sha256_bytes = 32;

/// TPML_PCR_SELECTION of one bank.
Result<std::set<std::uint32_t>> take_selection(ByteReader& reader) {
  if (IMMURE_TRY(reader.number<std::uint32_t>()) != 1) return invalid("it is not about one bank of PCRs");
  if (IMMURE_TRY(reader.number<std::uint16_t>()) != sha256_id) {
    return invalid("it is about a bank of another hash than SHA-256");
  }
  const auto map = IMMURE_TRY(reader.bytes(IMMURE_TRY(reader.number<std::uint8_t>())));
  if (map.size() > 4) return invalid("it selects PCRs that there are not");
  std::set<std::uint32_t> out;
  for (std::uint32_t pcr = 0; pcr < 8 * map.size(); ++pcr) {
    if ((map[pcr / 8] >> (pcr % 8) & 1) != 0) out.insert(pcr);
  }
  if (out.empty()) return invalid("it selects no PCR, so it says nothing");
  return out;
}

Result<Quote> parse(Bytes bytes) {
  if (bytes.size() > Quote::largest) return invalid("it is too long");
  ByteReader reader(bytes);
  auto head = IMMURE_TRY(take_attest_head(reader, quote_tag));
  Quote out;
  out.nonce = std::move(head.nonce);
  out.clock = head.clock;
  out.pcrs = IMMURE_TRY(take_selection(reader));
  const auto digest = IMMURE_TRY(reader.sized());
  if (digest.size() != sha256_bytes) return invalid("its digest is no SHA-256");
  out.digest.assign(digest.begin(), digest.end());
  IMMURE_TRY(reader.require_end());
  return out;
}

}  // namespace

Result<Quote> parse_quote(Bytes bytes) {
  auto quote = parse(bytes);
  if (!quote) return with_context("not a quote", quote.error());
  return quote;
}

}  // namespace immure::attest::quote
