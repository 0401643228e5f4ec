#pragma once

#include <span>

#include "base/result.hpp"
#include "policy/ip_address.hpp"

namespace immure::policy {

constexpr std::uint32_t max_ip_prefixes = 8;

/// The addresses that begin alike: "192.0.2.0/28".
struct IpPrefix {
  IpAddress address{};       ///< zero behind the prefix
  std::uint32_t length = 0;  ///< bits: 0 to 32 or 128

  friend bool operator==(const IpPrefix&, const IpPrefix&) = default;
};

/// Which addresses guests may name. Those in use come first; none: any.
struct IpPrefixSet {
  std::array<IpPrefix, max_ip_prefixes> prefixes{};

  friend bool operator==(const IpPrefixSet&, const IpPrefixSet&) = default;
  [[nodiscard]] bool empty() const { return prefixes[0] == IpPrefix{}; }
  [[nodiscard]] bool contains(const IpAddress& address) const;
  /// "192.0.2.0/28, 2001:db8::/64"
  [[nodiscard]] std::string text() const;
};

/// "192.0.2.0/28", or an address for itself alone. Nothing where there are bits behind the prefix.
std::optional<IpPrefix> parse_prefix(std::string_view text);

/// Whether each is a prefix, and unused slots are zero; `key` stands for them in the Error.
Result<void> check(const IpPrefixSet& set, const char* key);

}  // namespace immure::policy
