#include "attest/quote/nv_certificate.hpp"

#include <algorithm>

#include "attest/quote/attest_head.hpp"
#include "attest/quote/quote.hpp"

namespace immure::attest::quote {
namespace {

constexpr std::uint16_t nv_tag = 0x8014;  // TPM_ST_ATTEST_NV

Result<std::uint32_t> parse_public(Bytes bytes) {
  ByteReader reader(bytes);
  const auto index = IMMURE_TRY(reader.number<std::uint32_t>());
  if (IMMURE_TRY(reader.number<std::uint16_t>()) != sha256_id) return invalid("the index is not of SHA-256");
  if (IMMURE_TRY(reader.number<std::uint32_t>()) != (nv_attributes | nv_written)) {
    return invalid("the index is not of the kind that can only be extended, or was never written to");
  }
  if (!IMMURE_TRY(reader.sized()).empty()) return invalid("the index has a policy");
  if (IMMURE_TRY(reader.number<std::uint16_t>()) != nv_bytes)
    return invalid("the index has another size than 32");
  IMMURE_TRY(reader.require_end());
  return index;
}

Result<CertifiedNv> parse_certificate(Bytes bytes) {
  if (bytes.size() > Quote::largest) return invalid("it is too long");
  ByteReader reader(bytes);
  CertifiedNv out;
  out.nonce = IMMURE_TRY(take_attest_head(reader, nv_tag)).nonce;
  const auto name = IMMURE_TRY(reader.sized());
  out.name.assign(name.begin(), name.end());
  if (IMMURE_TRY(reader.number<std::uint16_t>()) != 0)
    return invalid("it is not about the index's beginning");
  const auto value = IMMURE_TRY(reader.sized());
  if (value.size() != out.value.size()) return invalid("it is not about all of the index");
  std::ranges::copy(value, out.value.begin());
  IMMURE_TRY(reader.require_end());
  return out;
}

}  // namespace

Result<CertifiedNv> parse_nv_certificate(const NvCertificate& certificate) {
  const auto index = parse_public(certificate.public_area);
  if (!index) return with_context("the NV index's public area", index.error());
  auto out = parse_certificate(certificate.certificate);
  if (!out) return with_context("the certificate of the NV index", out.error());
  out->index = *index;
  ByteVector name{sha256_id >> 8, sha256_id & 0xff};
  const auto digest = IMMURE_TRY(sha256(certificate.public_area));
  name.insert(name.end(), digest.begin(), digest.end());
  if (out->name != name) return invalid("the NV index's public area is not that of the certificate");
  return out;
}

}  // namespace immure::attest::quote
