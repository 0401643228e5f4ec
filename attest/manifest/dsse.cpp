#include "attest/manifest/dsse.hpp"

#include "attest/json/strict_json.hpp"

namespace immure::attest::manifest {
namespace {

Result<ByteVector> base64_member(const StrictJson& json, const std::string& name, std::string_view what) {
  auto bytes = from_base64(IMMURE_TRY(text_member(json, name, what)));
  if (!bytes) return invalid(std::string(what) + ": \"" + name + "\" is not base64 (RFC 4648, 4)");
  return *std::move(bytes);
}

Result<Envelope::Signature> parse_signature(const StrictJson& json) {
  constexpr auto what = "a signature";
  Envelope::Signature out;
  if (json.is_object() && json.contains("keyid")) {
    IMMURE_TRY(require_members(json, {"keyid", "sig"}, what));
    out.key_id = IMMURE_TRY(text_member(json, "keyid", what));
  } else {
    IMMURE_TRY(require_members(json, {"sig"}, what));
  }
  out.bytes = IMMURE_TRY(base64_member(json, "sig", what));
  return out;
}

}  // namespace

ByteVector pre_authentication_encoding(std::string_view payload_type, std::string_view payload) {
  std::string out = "DSSEv1";
  for (const auto part : {payload_type, payload}) {
    out += " " + std::to_string(part.size()) + " ";
    out += part;
  }
  return {out.begin(), out.end()};
}

std::string write_envelope(const Envelope& envelope) {
  nlohmann::ordered_json signatures = nlohmann::ordered_json::array();
  for (const auto& signature : envelope.signatures) {
    signatures.push_back({{"keyid", signature.key_id}, {"sig", to_base64(signature.bytes)}});
  }
  const nlohmann::ordered_json out{{"payloadType", envelope.payload_type},
                                   {"payload", to_base64(bytes_of_text(envelope.payload))},
                                   {"signatures", std::move(signatures)}};
  return out.dump(2, ' ', true) + "\n";
}

Result<Envelope> parse_envelope(std::string_view json) {
  constexpr auto what = "the envelope";
  constexpr int depth = 3;
  const auto parsed = IMMURE_TRY(parse_strict_json(json, {.bytes = Envelope::largest, .depth = depth}));
  IMMURE_TRY(require_members(parsed, {"payloadType", "payload", "signatures"}, what));
  Envelope out;
  out.payload_type = IMMURE_TRY(text_member(parsed, "payloadType", what));
  const auto payload = IMMURE_TRY(base64_member(parsed, "payload", what));
  out.payload.assign(payload.begin(), payload.end());
  const auto& signatures = parsed.at("signatures");
  if (!signatures.is_array() || signatures.empty() || signatures.size() > Envelope::most_signatures) {
    return invalid("the envelope has no signature, or more than 16");
  }
  for (const auto& signature : signatures) out.signatures.push_back(IMMURE_TRY(parse_signature(signature)));
  return out;
}

}  // namespace immure::attest::manifest
