#include "policy/ip_address.hpp"

#include <algorithm>
#include <span>

#include <arpa/inet.h>

namespace immure::policy {
namespace {

bool is_zero(std::uint8_t byte) { return byte == 0; }

bool is_own_v4(const IpAddress& address) {
  const auto first = address.bytes[0];
  // RFC 6890: 0.0.0.0/8 is this network, 127.0.0.0/8 the host itself; RFC 1112: 224.0.0.0/4 are groups, and
  // what is above has no use.
  return first != 0 && first != 127 && first < 224 && address != metadata_v4;
}

bool is_own_v6(const IpAddress& address) {
  // RFC 4291: :: and ::1, addresses of IPv4 in both old forms, and ff00::/8 are no interface's.
  const auto low = std::all_of(address.bytes.begin(), address.bytes.begin() + 10, is_zero);
  return !low && address.bytes[0] != 0xff && address != metadata_v6;
}

}  // namespace

std::optional<IpAddress> parse_ip(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  const std::string terminated(text);
  IpAddress address{.family = IpFamily::v4};
  if (::inet_pton(AF_INET, terminated.c_str(), address.bytes.data()) == 1) return address;
  address = {.family = IpFamily::v6};
  if (::inet_pton(AF_INET6, terminated.c_str(), address.bytes.data()) != 1) return std::nullopt;
  constexpr std::array<std::uint8_t, 12> v4_in_v6{0, 0, 0, 0, 0,    0,
                                                  0, 0, 0, 0, 0xff, 0xff};  // RFC 4291, 2.5.5.2
  if (std::ranges::equal(v4_in_v6, std::span(address.bytes).first<12>())) return std::nullopt;
  return address;
}

std::string ip_text(const IpAddress& address) {
  if (address.family != IpFamily::v4 && address.family != IpFamily::v6) return {};
  std::array<char, INET6_ADDRSTRLEN> text{};
  const auto family = address.family == IpFamily::v4 ? AF_INET : AF_INET6;
  const auto* const end = ::inet_ntop(family, address.bytes.data(), text.data(), text.size());
  return end == nullptr ? std::string() : std::string(text.data());
}

bool is_of_a_family(const IpAddress& address) {
  if (address.family == IpFamily::v4)
    return std::all_of(address.bytes.begin() + 4, address.bytes.end(), is_zero);
  return address.family == IpFamily::v6;
}

bool is_any(const IpAddress& address) {
  return is_of_a_family(address) && std::ranges::all_of(address.bytes, is_zero);
}

bool is_loopback(const IpAddress& address) {
  return address == loopback_v6 || (address.family == IpFamily::v4 && address.bytes[0] == 127);
}

bool is_own_address(const IpAddress& address) {
  if (!is_of_a_family(address)) return false;
  return address.family == IpFamily::v4 ? is_own_v4(address) : is_own_v6(address);
}

}  // namespace immure::policy
