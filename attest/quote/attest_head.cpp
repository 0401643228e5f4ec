#include "attest/quote/attest_head.hpp"

namespace immure::attest::quote {

Result<AttestHead> take_attest_head(ByteReader& reader, std::uint16_t tag) {
  constexpr std::uint32_t generated_by_tpm = 0xff544347;  // TPM_GENERATED_VALUE
  if (IMMURE_TRY(reader.number<std::uint32_t>()) != generated_by_tpm)
    return invalid("it was not made by a TPM");
  if (IMMURE_TRY(reader.number<std::uint16_t>()) != tag) return invalid("it attests something else");
  (void)IMMURE_TRY(reader.sized());  // The key's qualified name; the signature says which key it was.
  AttestHead out;
  const auto nonce = IMMURE_TRY(reader.sized());
  out.nonce.assign(nonce.begin(), nonce.end());
  out.clock = IMMURE_TRY(reader.number<std::uint64_t>());
  // Counts of resets and restarts, which a TPM hides from keys like ours (Part 1, 36.7).
  (void)IMMURE_TRY(reader.number<std::uint64_t>());
  if (IMMURE_TRY(reader.number<std::uint8_t>()) > 1) return invalid("its clock is neither safe nor unsafe");
  (void)IMMURE_TRY(reader.number<std::uint64_t>());  // Firmware version.
  return out;
}

}  // namespace immure::attest::quote
