#include "policy/toml/values.hpp"

#include <array>
#include <charconv>
#include <vector>

#include "base/checked.hpp"
#include "base/hex.hpp"

namespace immure::policy::toml_text {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t bytes;
};
// Largest first, for format_size.
constexpr std::array units{Unit{"TiB", 1ULL << 40}, Unit{"GiB", 1ULL << 30}, Unit{"MiB", 1ULL << 20},
                           Unit{"KiB", 1ULL << 10}, Unit{"B", 1}};

constexpr bool has_dash_before(std::size_t byte) { return byte == 4 || byte == 6 || byte == 8 || byte == 10; }

}  // namespace

std::optional<std::uint64_t> parse_size(std::string_view text) {
  std::uint64_t number = 0;
  const auto* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, number);
  if (error != std::errc{}) return std::nullopt;
  auto unit_name = text.substr(static_cast<std::size_t>(end - text.data()));
  if (unit_name.empty()) return number;
  if (unit_name.front() == ' ') unit_name.remove_prefix(1);
  for (const auto& unit : units) {
    if (unit.name == unit_name) return checked_multiply(number, unit.bytes);
  }
  return std::nullopt;
}

std::string format_size(std::uint64_t bytes) {
  for (const auto& unit : units) {
    if (bytes != 0 && bytes % unit.bytes == 0) {
      return std::to_string(bytes / unit.bytes) + " " + std::string(unit.name);
    }
  }
  return "0 B";
}

std::optional<Uuid> parse_uuid(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  Uuid uuid{};
  std::size_t at = 0;
  for (std::size_t byte = 0; byte < uuid.size(); ++byte) {
    if (has_dash_before(byte) && text[at++] != '-') return std::nullopt;
    const auto high = hex_value(text[at++]);
    const auto low = hex_value(text[at++]);
    if (!high || !low) return std::nullopt;
    uuid[byte] = static_cast<std::uint8_t>(*high << 4 | *low);
  }
  return uuid;
}

std::optional<MacAddress> parse_mac(std::string_view text) {
  MacAddress mac{};
  if (text.size() != 3 * mac.size() - 1) return std::nullopt;
  for (std::size_t byte = 0; byte < mac.size(); ++byte) {
    const auto pair = text.substr(3 * byte);
    const auto high = hex_value(pair[0]);
    const auto low = hex_value(pair[1]);
    if (!high || !low || (byte + 1 < mac.size() && pair[2] != ':')) return std::nullopt;
    mac[byte] = static_cast<std::uint8_t>(*high << 4 | *low);
  }
  return mac;
}

MacAddress derive_mac(const GuestRecord& guest, std::string_view net_id) {
  auto text = guest.uuid == Uuid{} ? std::string(guest.name.view()) : uuid_text(guest.uuid);
  text += '/';
  text += net_id;
  // FNV-1a, 64 bit (draft-eastlake-fnv): it spreads names, and has nothing to keep secret.
  std::uint64_t hash = 0xcbf2'9ce4'8422'2325;
  for (const char c : text) hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100'0000'01b3;
  MacAddress mac{};
  for (auto& byte : mac) {
    byte = static_cast<std::uint8_t>(hash);
    hash >>= 8;
  }
  mac[0] = static_cast<std::uint8_t>((mac[0] & ~0x03U) | 0x02U);  // one interface's, and no vendor's
  return mac;
}

std::optional<std::string> resolve_path(std::string_view base_directory, std::string_view path) {
  if (path.empty()) return std::nullopt;
  std::string whole(path);
  if (path.front() != '/') {
    if (!base_directory.starts_with('/')) return std::nullopt;
    whole = std::string(base_directory) + "/" + whole;
  }
  std::vector<std::string_view> components;
  for (std::string_view rest = whole; !rest.empty();) {
    const auto component = rest.substr(0, rest.find('/'));
    rest.remove_prefix(std::min(component.size() + 1, rest.size()));
    if (component.empty() || component == ".") continue;
    if (component != "..") {
      components.push_back(component);
    } else if (components.empty()) {
      return std::nullopt;
    } else {
      components.pop_back();
    }
  }
  if (components.empty()) return std::nullopt;
  std::string normal;
  for (const auto component : components) normal += "/" + std::string(component);
  return normal;
}

}  // namespace immure::policy::toml_text
