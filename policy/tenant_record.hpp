#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "policy/guest_record.hpp"
#include "policy/ip_prefix.hpp"

namespace immure::policy {

constexpr std::uint32_t no_uid = 0xffff'ffff;  ///< of a requester: the host itself, as a service of it
constexpr std::uint32_t max_tenants = 32;
constexpr std::uint32_t max_tenant_members = 32;
constexpr std::uint32_t max_tenant_directories = 8;
constexpr std::uint32_t max_tenant_interfaces = 8;
constexpr std::uint32_t max_tenant_addresses = 8;

using TenantName = BoundedString<64>;   ///< as a guest's name
using AccountName = BoundedString<64>;  ///< of a user or a group of the host: useradd(8)

/// What one tenant may have; where it is compiled for whoever asks, also in HostPolicyRecord.
struct TenantLimits {
  TenantName name;        ///< empty: the host's owner
  GuestName guest_names;  ///< how names of his guests begin; empty: any
  std::uint32_t max_guests = 0;
  std::uint32_t max_total_vcpus = 0;
  std::uint64_t max_total_memory = 0;
  std::uint32_t directory_count = 0;  ///< where disks that his guests write to must lie
  Switch memory_merge_allowed{};
  std::array<HostPath, max_tenant_directories> directories{};

  friend bool operator==(const TenantLimits&, const TenantLimits&) = default;
};

/// One [[tenants]] of the host policy: who, and what he may have instead of what the host's owner may.
struct TenantRecord {
  TenantLimits limits;
  std::uint32_t user_count = 0;
  std::uint32_t group_count = 0;
  std::array<AccountName, max_tenant_members> users{};
  std::array<AccountName, max_tenant_members> groups{};
  std::uint64_t max_memory_bytes = 0;  ///< of one guest; 0: as the host policy says
  std::uint64_t max_swap_bytes = 0;    ///< none unless he is given some
  std::uint32_t max_vcpus = 0;         ///< of one guest; 0: as the host policy says
  std::uint32_t max_realtime_priority = 0;
  std::uint32_t tap_count = 0;
  std::uint32_t bridge_count = 0;
  std::array<InterfaceName, max_tenant_interfaces> taps{};
  std::array<InterfaceName, max_tenant_interfaces> bridges{};
  IpPrefixSet addresses;  ///< which his guests may name; empty: as for everybody
  HostPath signers;  ///< whose signatures count for his guests, which then need one; empty: as for everybody
  Switch passt{};    ///< off unless he is given it, as the next one
  Switch vhost{};
  std::uint32_t reserved = 0;
  std::uint32_t forward_address_count = 0;
  std::array<IpAddress, max_tenant_addresses> forward_addresses{};

  friend bool operator==(const TenantRecord&, const TenantRecord&) = default;
};

Result<void> check(const TenantLimits& limits);
/// Whether the first `count` of these are names that interfaces can have; `key` stands for them in the Error.
Result<void> check_interfaces(std::span<const InterfaceName> names, std::uint32_t count, const char* key);
Result<void> check(const TenantRecord& tenant);

}  // namespace immure::policy
