#include "policy/ip_prefix.hpp"

#include <algorithm>
#include <charconv>

namespace immure::policy {
namespace {

std::uint32_t bits_of(IpFamily family) { return family == IpFamily::v4 ? 32 : 128; }

bool has_bit(const IpAddress& address, std::uint32_t bit) {
  return (address.bytes.at(bit / 8) >> (7 - bit % 8) & 1) != 0;
}

bool is_good(const IpPrefix& prefix) {
  const auto family = prefix.address.family;
  if ((family != IpFamily::v4 && family != IpFamily::v6) || prefix.length > bits_of(family)) return false;
  for (auto bit = prefix.length; bit < 128; ++bit) {
    if (has_bit(prefix.address, bit)) return false;
  }
  return true;
}

bool is_within(const IpAddress& address, const IpPrefix& prefix) {
  if (address.family != prefix.address.family) return false;
  for (std::uint32_t bit = 0; bit < prefix.length; ++bit) {
    if (has_bit(address, bit) != has_bit(prefix.address, bit)) return false;
  }
  return true;
}

}  // namespace

bool IpPrefixSet::contains(const IpAddress& address) const {
  return address.family != IpFamily::none &&
         std::ranges::any_of(prefixes, [&](const auto& prefix) { return is_within(address, prefix); });
}

std::string IpPrefixSet::text() const {
  std::string list;
  for (const auto& prefix : prefixes) {
    if (prefix == IpPrefix{}) break;
    list += (list.empty() ? "" : ", ") + ip_text(prefix.address) + "/" + std::to_string(prefix.length);
  }
  return list;
}

std::optional<IpPrefix> parse_prefix(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = parse_ip(text.substr(0, slash));
  if (!address) return std::nullopt;
  IpPrefix prefix{.address = *address, .length = bits_of(address->family)};
  if (slash != std::string_view::npos) {
    const auto length = text.substr(slash + 1);
    const auto* const last = length.data() + length.size();
    const auto [end, error] = std::from_chars(length.data(), last, prefix.length);
    if (error != std::errc{} || end != last) return std::nullopt;
  }
  if (!is_good(prefix)) return std::nullopt;
  return prefix;
}

Result<void> check(const IpPrefixSet& set, const char* key) {
  const auto* const used = std::ranges::find(set.prefixes, IpPrefix{});
  if (!std::all_of(set.prefixes.begin(), used, is_good))
    return invalid(std::string(key) + " must be prefixes of IP addresses, with no bits behind their length");
  if (std::any_of(used, set.prefixes.end(), [](const auto& prefix) { return prefix != IpPrefix{}; }))
    return invalid(std::string(key) + ": an unused slot is not empty");
  return {};
}

}  // namespace immure::policy
