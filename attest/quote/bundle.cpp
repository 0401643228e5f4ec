#include "attest/quote/bundle.hpp"

#include <algorithm>
#include <charconv>

#include "attest/json/strict_json.hpp"

namespace immure::attest::quote {
namespace {

constexpr auto what = "the bundle";
constexpr int version = 1, version_with_nv = 2;
constexpr std::uint32_t most_pcr = 23;

Result<ByteVector> bytes_of(const StrictJson& text, const std::string& name) {
  if (!text.is_string()) return invalid(std::string(what) + ": \"" + name + "\" is not a text");
  auto bytes = from_base64(text.get_ref<const std::string&>());
  if (!bytes) return invalid(std::string(what) + ": \"" + name + "\" is not base64 (RFC 4648, 4)");
  return *std::move(bytes);
}

/// "0" to "23", written in one way only.
Result<std::uint32_t> pcr_named(const std::string& name) {
  std::uint32_t pcr = 0;
  std::from_chars(name.data(), name.data() + name.size(), pcr);
  if (pcr > most_pcr || std::to_string(pcr) != name)
    return invalid(std::string(what) + ": no PCR is called " + name);
  return pcr;
}

Result<PcrValues> parse_pcrs(const StrictJson& json) {
  if (!json.is_object()) return invalid(std::string(what) + ": \"pcrs\" is not an object");
  PcrValues out;
  for (const auto& [name, value] : json.items()) {
    const auto bytes = from_hex(value.is_string() ? value.get<std::string>() : "");
    auto& digest = out[IMMURE_TRY(pcr_named(name))];
    if (!bytes || bytes->size() != digest.size() || to_hex(*bytes) != value.get<std::string>()) {
      return invalid(std::string(what) + ": PCR " + name + " is no SHA-256 in hexadecimal");
    }
    std::ranges::copy(*bytes, digest.begin());
  }
  return out;
}

Result<NvCertificate> parse_nv(const StrictJson& json) {
  constexpr auto nv = "the bundle's \"nv\"";
  IMMURE_TRY(require_members(json, {"public", "certificate", "signature"}, nv));
  return NvCertificate{.public_area = IMMURE_TRY(bytes_of(json.at("public"), "public")),
                       .certificate = IMMURE_TRY(bytes_of(json.at("certificate"), "certificate")),
                       .signature = IMMURE_TRY(bytes_of(json.at("signature"), "signature"))};
}

/// A bundle without "nv" is one of version 1, as all were before there was one.
Result<void> require_version(const StrictJson& json) {
  const auto has_nv = json.is_object() && json.contains("nv");
  if (has_nv) {
    IMMURE_TRY(require_members(
        json, {"version", "key", "certificates", "quote", "signature", "pcrs", "log", "nv"}, what));
  } else {
    IMMURE_TRY(
        require_members(json, {"version", "key", "certificates", "quote", "signature", "pcrs", "log"}, what));
  }
  const auto& number = json.at("version");
  const auto expected = static_cast<std::uint64_t>(has_nv ? version_with_nv : version);
  if (!number.is_number_unsigned() || number.get<std::uint64_t>() != expected) {
    return invalid("the bundle is of another version than " + std::to_string(expected));
  }
  return {};
}

}  // namespace

std::string write_bundle(const Bundle& bundle) {
  using Json = nlohmann::ordered_json;
  auto certificates = Json::array();
  for (const auto& der : bundle.certificates) certificates.push_back(to_base64(der));
  auto pcrs = Json::object();
  for (const auto& [number, value] : bundle.pcrs) pcrs[std::to_string(number)] = to_hex(value);
  Json out{{"version", bundle.nv ? version_with_nv : version},
           {"key", to_base64(bundle.key)},
           {"certificates", std::move(certificates)},
           {"quote", to_base64(bundle.quote)},
           {"signature", to_base64(bundle.signature)},
           {"pcrs", std::move(pcrs)},
           {"log", to_base64(bundle.log)}};
  if (bundle.nv) {
    out["nv"] = {{"public", to_base64(bundle.nv->public_area)},
                 {"certificate", to_base64(bundle.nv->certificate)},
                 {"signature", to_base64(bundle.nv->signature)}};
  }
  return out.dump(2, ' ', true) + "\n";
}

Result<Bundle> parse_bundle(std::string_view json) {
  constexpr int depth = 3;
  const auto parsed = IMMURE_TRY(parse_strict_json(json, {.bytes = Bundle::largest, .depth = depth}));
  IMMURE_TRY(require_version(parsed));
  Bundle out;
  out.key = IMMURE_TRY(bytes_of(parsed.at("key"), "key"));
  const auto& certificates = parsed.at("certificates");
  if (!certificates.is_array() || certificates.size() > Bundle::most_certificates) {
    return invalid("the bundle has no array of at most 8 certificates");
  }
  for (const auto& each : certificates)
    out.certificates.push_back(IMMURE_TRY(bytes_of(each, "certificates")));
  out.quote = IMMURE_TRY(bytes_of(parsed.at("quote"), "quote"));
  out.signature = IMMURE_TRY(bytes_of(parsed.at("signature"), "signature"));
  out.pcrs = IMMURE_TRY(parse_pcrs(parsed.at("pcrs")));
  out.log = IMMURE_TRY(bytes_of(parsed.at("log"), "log"));
  if (parsed.contains("nv")) out.nv = IMMURE_TRY(parse_nv(parsed.at("nv")));
  return out;
}

}  // namespace immure::attest::quote
