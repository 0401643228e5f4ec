#include "attest/quote/tpm_key.hpp"

#include "attest/crypto/digest.hpp"
#include "attest/quote/byte_reader.hpp"
#include "attest/quote/quote.hpp"

namespace immure::attest::quote {
namespace {

// Part 2, 6.3 (algorithms), 6.4 (curves), 8.3 (TPMA_OBJECT).
constexpr std::uint16_t ecc = 0x0023, null_algorithm = 0x0010, ecdsa = 0x0018, p256 = 0x0003;
constexpr std::uint32_t fixed_tpm = 1U << 1, fixed_parent = 1U << 4, drawn_by_tpm = 1U << 5,
                        restricted = 1U << 16, decrypts = 1U << 17, signs = 1U << 18;
constexpr std::size_t coordinate_bytes = 32;

template <typename Number>
Result<void> require(ByteReader& reader, Number wanted, const char* why) {
  if (IMMURE_TRY(reader.number<Number>()) != wanted) return invalid(why);
  return {};
}

Result<ByteVector> take_coordinate(ByteReader& reader) {
  const auto bytes = IMMURE_TRY(reader.sized());
  if (bytes.size() > coordinate_bytes) return invalid("its point is not on P-256");
  ByteVector out(coordinate_bytes - bytes.size(), 0);
  out.insert(out.end(), bytes.begin(), bytes.end());
  return out;
}

Result<TpmKey> parse(Bytes public_area) {
  if (public_area.size() > TpmKey::largest) return invalid("it is too long");
  ByteReader outer(public_area);
  const auto area = IMMURE_TRY(outer.sized());
  IMMURE_TRY(outer.require_end());
  ByteReader reader(area);
  IMMURE_TRY(require(reader, ecc, "its kind is not ECC"));
  IMMURE_TRY(require(reader, sha256_id, "its name is of another hash than SHA-256"));
  const auto attributes = IMMURE_TRY(reader.number<std::uint32_t>());
  constexpr auto needed = fixed_tpm | fixed_parent | drawn_by_tpm | restricted | signs;
  if ((attributes & (needed | decrypts)) != needed) {
    return invalid("it is not bound to one TPM, or may sign what the TPM did not make");
  }
  (void)IMMURE_TRY(reader.sized());  // The policy of its use.
  IMMURE_TRY(require(reader, null_algorithm, "it encrypts"));
  IMMURE_TRY(require(reader, ecdsa, "its scheme is not ECDSA"));
  IMMURE_TRY(require(reader, sha256_id, "its scheme is of another hash than SHA-256"));
  IMMURE_TRY(require(reader, p256, "its curve is not P-256"));
  IMMURE_TRY(require(reader, null_algorithm, "it derives keys"));
  TpmKey out;
  out.x = IMMURE_TRY(take_coordinate(reader));
  out.y = IMMURE_TRY(take_coordinate(reader));
  IMMURE_TRY(reader.require_end());
  const auto digest = IMMURE_TRY(sha256(area));
  out.name = {sha256_id >> 8, sha256_id & 0xff};
  out.name.insert(out.name.end(), digest.begin(), digest.end());
  return out;
}

}  // namespace

Result<TpmKey> parse_attestation_key(Bytes public_area) {
  auto key = parse(public_area);
  if (!key) return with_context("not an attestation key", key.error());
  return key;
}

}  // namespace immure::attest::quote
