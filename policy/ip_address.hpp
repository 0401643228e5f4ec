#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace immure::policy {

enum class IpFamily : std::uint32_t { none = 0, v4 = 4, v6 = 6 };

/// An IPv4 or IPv6 address as on the wire; IPv4 in the first four bytes, the others zero. All zero: no
/// address.
struct IpAddress {
  IpFamily family{};
  std::array<std::uint8_t, 16> bytes{};

  friend bool operator==(const IpAddress&, const IpAddress&) = default;
};

// Where clouds answer questions about a guest, and give it its keys: each guest asks the same address.
constexpr IpAddress metadata_v4{.family = IpFamily::v4, .bytes = {169, 254, 169, 254}};
constexpr IpAddress metadata_v6{.family = IpFamily::v6,
                                .bytes = {0xfd, 0x00, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54}};

constexpr IpAddress loopback_v4{.family = IpFamily::v4, .bytes = {127, 0, 0, 1}};
constexpr IpAddress loopback_v6{.family = IpFamily::v6,
                                .bytes = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};

/// inet_pton(3), and no scope ("%eth0"), no prefix ("/24") and no IPv4 in IPv6 ("::ffff:192.0.2.2": each
/// address has one form).
std::optional<IpAddress> parse_ip(std::string_view text);
/// "192.0.2.2", "2001:db8::2": RFC 5952, as the kernel's tools write it. Empty for no address.
std::string ip_text(const IpAddress& address);

/// IPv4 or IPv6, and zero beyond its length.
bool is_of_a_family(const IpAddress& address);
/// 0.0.0.0 or ::
bool is_any(const IpAddress& address);
/// 127.0.0.0/8 or ::1
bool is_loopback(const IpAddress& address);
/// Whether it may be one interface's own: of a known family and zero beyond its length, and none of the
/// unspecified address, a loopback or multicast address, the limited broadcast, and those of metadata.
bool is_own_address(const IpAddress& address);

}  // namespace immure::policy
