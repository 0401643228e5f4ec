#include "attest/snp/endorsement.hpp"

#include <algorithm>

#include <openssl/asn1.h>

#include "attest/crypto/errors.hpp"

namespace immure::attest::snp {
namespace {

constexpr std::size_t longest_text = 64;

std::string oid(const std::string& arc) { return "1.3.6.1.4.1.3704.1." + arc; }

const char* arc_of(TcbPart part) {
  switch (part) {
    case TcbPart::bootloader:
      return "3.1";
    case TcbPart::tee:
      return "3.2";
    case TcbPart::snp:
      return "3.3";
    case TcbPart::microcode:
      return "3.8";
    case TcbPart::fmc:
      return "3.9";
  }
  return "";
}

/// Security version numbers that no product uses yet.
constexpr std::array spare_arcs{"3.4", "3.5", "3.6", "3.7"};

/// A DER INTEGER from 0 to 255 and nothing else. 128 and more take two bytes: 02 02 00 80.
std::optional<std::uint8_t> decode_small(const ByteVector& der) {
  const auto* end = der.data();
  const IntegerHandle integer(::d2i_ASN1_INTEGER(nullptr, &end, static_cast<long>(der.size())));
  std::uint64_t value = 0;
  if (!integer || end != der.data() + der.size() || ::ASN1_INTEGER_get_uint64(&value, integer.get()) != 1 ||
      value > 0xff) {
    (void)openssl_error("");
    return std::nullopt;
  }
  return static_cast<std::uint8_t>(value);
}

}  // namespace

std::string_view name_of(EndorsementKey kind) { return kind == EndorsementKey::vcek ? "VCEK" : "VLEK"; }

std::optional<EndorsementKey> endorsement_key_of(const Certificate& certificate) {
  const auto name = certificate.common_name();
  if (name == "SEV-VCEK") return EndorsementKey::vcek;
  if (name == "SEV-VLEK") return EndorsementKey::vlek;
  return std::nullopt;
}

Result<ByteVector> Endorsement::require(const std::string& arc, std::string_view what) const {
  auto value = IMMURE_TRY(certificate_.extension(oid(arc)));
  if (!value) return invalid("the certificate has no " + std::string(what) + " (extension " + oid(arc) + ")");
  return *std::move(value);
}

Result<std::string> Endorsement::text(const std::string& arc, std::string_view what) const {
  // An IA5String: tag 16h, a length below 128, printable ASCII.
  const auto der = IMMURE_TRY(require(arc, what));
  const auto is_printable = [](std::uint8_t c) { return c >= 0x20 && c < 0x7f; };
  if (der.size() < 3 || der[0] != V_ASN1_IA5STRING || der[1] != der.size() - 2 ||
      der.size() - 2 > longest_text || !std::all_of(der.begin() + 2, der.end(), is_printable)) {
    return invalid("the certificate's " + std::string(what) + " is not a short printable IA5String");
  }
  return std::string(der.begin() + 2, der.end());
}

Result<std::uint8_t> Endorsement::small_number(const std::string& arc, std::string_view what) const {
  const auto value = decode_small(IMMURE_TRY(require(arc, what)));
  if (!value) return invalid("the certificate's " + std::string(what) + " is not an integer from 0 to 255");
  return *value;
}

Result<std::string> Endorsement::product_name() const { return text("2", "product name"); }

Result<Tcb> Endorsement::tcb(Product product) const {
  Tcb out;
  for (const auto part : tcb_parts_of(product)) {
    out.set(part, IMMURE_TRY(small_number(arc_of(part), std::string(name_of(part)) + " version")));
  }
  for (const auto* const arc : spare_arcs) {
    const auto value = IMMURE_TRY(certificate_.extension(oid(arc)));
    if (value && decode_small(*value) != std::uint8_t{0}) {
      return invalid("the certificate's extension " + oid(arc) + " is reserved and not zero");
    }
  }
  return out;
}

Result<ByteVector> Endorsement::hardware_id() const {
  auto value = IMMURE_TRY(require("4", "hardware id"));
  // The bytes themselves; some tools wrap them in one more OCTET STRING.
  const auto wrapped = [&](std::size_t size) {
    return value.size() == size + 2 && value[0] == V_ASN1_OCTET_STRING && value[1] == size;
  };
  if (wrapped(64) || wrapped(8)) value.erase(value.begin(), value.begin() + 2);
  if (value.size() != 64 && value.size() != 8) {
    return invalid("the certificate's hardware id has " + std::to_string(value.size()) +
                   " bytes, not 64 or 8");
  }
  return value;
}

Result<std::string> Endorsement::provider() const { return text("5", "provider's name"); }

}  // namespace immure::attest::snp
