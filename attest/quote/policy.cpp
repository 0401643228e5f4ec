#include "attest/quote/policy.hpp"

#include <algorithm>
#include <array>

#include "policy/toml/document.hpp"
#include "policy/toml/table_reader.hpp"

namespace immure::attest::quote {
namespace {

using policy::toml_text::Diagnostics;
using policy::toml_text::Key;
using policy::toml_text::quoted;
using policy::toml_text::TableReader;

constexpr std::size_t sha256_digits = 64, sha384_digits = 96, sha512_digits = 128;
constexpr std::array verity256{std::string_view("fs-verity-sha256:"), std::string_view("dm-verity-sha256:")};
constexpr std::array verity512{std::string_view("fs-verity-sha512:"), std::string_view("dm-verity-sha512:")};

bool is_hex(std::string_view text, std::size_t digits) {
  const auto bytes = from_hex(text);
  return bytes && text.size() == digits && to_hex(*bytes) == text;
}

bool is_key_id(std::string_view text) { return is_hex(text, sha256_digits); }

bool is_reference(std::string_view text) {
  for (const auto prefix : verity256) {
    if (text.starts_with(prefix)) return is_hex(text.substr(prefix.size()), sha256_digits);
  }
  for (const auto prefix : verity512) {
    if (text.starts_with(prefix)) return is_hex(text.substr(prefix.size()), sha512_digits);
  }
  return text == "unmeasured" || is_hex(text, sha256_digits) || is_hex(text, sha384_digits);
}

bool is_any(std::string_view text) { return !text.empty(); }

/// An array of texts; an empty one is a mistake, as it would be no rule.
Policy::Allowed read_list(TableReader& table, std::string_view name, const char* allowed,
                          bool (*good)(std::string_view)) {
  const Key key{name, std::string("an array of one or more of: ") + allowed};
  const auto texts = table.texts(key);
  if (texts.empty() && table.has(name)) table.reject(key, "an empty array is no rule");
  Policy::Allowed out;
  for (const auto text : texts) {
    if (!good(text)) table.reject(key, quoted(text) + " is not one");
    out.emplace_back(text);
  }
  return out;
}

using Rules = std::map<std::string, Policy::Allowed>;

/// Every key of a table is a rule of its own: their names are the events'.
Rules read_rules(TableReader table, const std::vector<std::string>& names, const char* allowed,
                 bool (*good)(std::string_view)) {
  Rules out;
  for (const auto& name : names) out[name] = read_list(table, name, allowed, good);
  table.finish();
  return out;
}

std::vector<std::string> keys_of(const toml::table& document, std::string_view name) {
  std::vector<std::string> out;
  if (const auto* table = document[name].as_table()) {
    for (const auto& [key, value] : *table) out.emplace_back(key.str());
  }
  return out;
}

/// `names` outlives the table's reader, which keeps views of them.
std::map<std::uint32_t, Policy::Allowed> read_pcrs(TableReader table, const std::vector<std::string>& names) {
  std::map<std::uint32_t, Policy::Allowed> out;
  for (std::uint32_t pcr = 0; pcr < 24; ++pcr) {
    const auto name = std::ranges::find(names, std::to_string(pcr));
    if (name != names.end())
      out[pcr] = read_list(table, *name, "64 lower-case hexadecimal digits", is_key_id);
  }
  table.finish();
  return out;
}

}  // namespace

Result<Policy> parse_policy(std::string_view text, std::string_view file_name) {
  Diagnostics diagnostics(file_name);
  const auto document = policy::toml_text::parse_document(text, file_name, diagnostics);
  if (!document) return diagnostics.error();
  TableReader root(&*document, "", {}, diagnostics);
  constexpr auto key_ids = "ids of keys, 64 lower-case hexadecimal digits";
  Policy out;
  out.attestation_keys = read_list(root, "attestation_keys", key_ids, is_key_id);
  out.issuers = read_list(root, "issuers", key_ids, is_key_id);
  if (const auto guest = root.text({"guest", "the name of a guest"})) out.guest = std::string(*guest);
  out.events = read_rules(root.table("events"), keys_of(*document, "events"),
                          "a SHA-256 or SHA-384 in lower-case hexadecimal, \"fs-verity-sha256:...\", "
                          "\"fs-verity-sha512:...\", the same with dm-verity, \"unmeasured\"",
                          is_reference);
  out.identity = read_rules(root.table("identity"), keys_of(*document, "identity"), "values", is_any);
  out.pcrs = read_pcrs(root.table("pcrs"), keys_of(*document, "pcrs"));
  root.finish();
  if (!diagnostics.empty()) return diagnostics.error();
  const auto place = std::string(file_name) + ":1:1: ";
  if (out.attestation_keys.empty() && out.issuers.empty()) {
    return invalid(place + "nobody's word counts; allowed: attestation_keys or issuers, or both");
  }
  if (out.events.empty()) {
    return invalid(place +
                   "a policy without a rule would pass everything; allowed: at least one event in [events]");
  }
  return out;
}

}  // namespace immure::attest::quote
