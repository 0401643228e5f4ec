#pragma once

#include <string>
#include <vector>

#include "policy/host_policy_record.hpp"

namespace immure::policy {

/// One interface of the host whose guest is bound to its addresses.
struct FilteredNet {
  BoundedString<32> id;  ///< as a NetRecord's
  InterfaceName tap;     ///< letters, digits, '.', '_' and '-': it becomes text
  std::uint16_t reserved = 0;
  MacAddress mac{};
  std::array<IpAddress, max_net_addresses> addresses{};  ///< as a NetRecord's

  friend bool operator==(const FilteredNet&, const FilteredNet&) = default;
};

/// What `immure-launch` hands to `immure-net`: whom to filter, and how.
struct NetFilterRecord {
  static constexpr std::uint32_t record_magic = 0x4e'4d'4d'49;  // "IMMN"
  static constexpr std::uint32_t record_version = 1;

  RecordHeader header;
  GuestName guest;
  Switch metadata_allowed{};
  std::uint32_t net_count = 0;
  std::array<FilteredNet, max_nets> nets{};

  friend bool operator==(const NetFilterRecord&, const NetFilterRecord&) = default;
};

/// What `immure-net` answers, once: the filter is in force and was read back, or why not.
struct NetFilterReport {
  static constexpr std::uint32_t record_magic = 0x50'4d'4d'49;  // "IMMP"
  static constexpr std::uint32_t record_version = 1;

  RecordHeader header;
  Switch in_force{};
  std::uint32_t reserved = 0;
  BoundedString<1024> message;  ///< why not

  friend bool operator==(const NetFilterReport&, const NetFilterReport&) = default;
};

/// Whether immure-net has something to do for this guest.
bool has_net_filter(const GuestRecord& guest, const HostPolicyRecord& host);
/// `taps` are the host's interfaces of guest.nets, one for each; of networks without a tap they do not
/// matter.
NetFilterRecord make_net_filter_record(const GuestRecord& guest, const HostPolicyRecord& host,
                                       const std::vector<std::string>& taps);

/// Every rule above, and those of a GuestRecord for what it has in common with one.
Result<void> check(const NetFilterRecord& record);
/// An Error with its message where the filter is not in force.
Result<void> check(const NetFilterReport& report);

/// "immure-web": the guest's table of nftables, in the family netdev.
std::string net_filter_table(std::string_view guest);

}  // namespace immure::policy
