#pragma once

#include <array>
#include <cstdint>

#include "policy/attestation_rules.hpp"
#include "policy/tenant_record.hpp"

namespace immure::policy {

enum class SelinuxMode : std::uint32_t { required = 1, optional = 2 };

/// Whether guests keep a core's hardware threads to themselves: where_possible, or else they do not start.
enum class CoreScheduling : std::uint32_t { off = 0, where_possible = 1, required = 2 };

constexpr std::uint32_t max_image_directories = 16;
constexpr std::uint32_t max_interface_names = 16;
constexpr std::uint32_t max_forward_addresses = 16;
constexpr std::uint32_t first_guest_uid = 65'536;      ///< below are people, services and "nobody"
constexpr std::uint32_t last_guest_uid = 0x7fff'ffff;  ///< above, some programs take a uid for negative
constexpr std::uint32_t max_host_guests = 523'776;     ///< pairs of categories that there are

/// /etc/immure/host.toml, compiled for whoever asks: what the owner of the host allows him. Where there is no
/// file, default_host_policy() holds, which is as strict as it can be without knowing the host.
struct HostPolicyRecord {
  static constexpr std::uint32_t record_magic = 0x48'4d'4d'49;  // "IMMH"
  static constexpr std::uint32_t record_version = 1;

  RecordHeader header;
  SelinuxMode selinux{};
  std::uint32_t uid_base = 0;   ///< first of the uids (and equal gids) that guests get; two for each guest,
                                ///< and two more for its passt
  std::uint32_t uid_count = 0;  ///< an even number
  std::uint32_t max_vcpus = 0;
  std::uint64_t max_memory_bytes = 0;
  std::uint32_t max_guests = 0;
  std::uint32_t image_directory_count =
      0;  ///< 0: images may lie anywhere that only root and its owner can write
  std::array<HostPath, max_image_directories + max_tenant_directories> image_directories{};
  std::uint64_t max_swap_bytes = 0;         ///< of one guest; 0: guest memory stays out of the host's swap
  HostSet cpus;                             ///< that guests may use; empty: all
  std::uint32_t max_realtime_priority = 0;  ///< 0: no guest may have one
  CoreScheduling core_scheduling{};
  std::uint32_t tap_count = 0;  ///< 0: no guest may have a tap
  std::uint32_t bridge_count = 0;
  std::array<InterfaceName, max_interface_names> taps{};
  std::array<InterfaceName, max_interface_names> bridges{};
  Switch anti_spoofing{};       ///< guests send with the addresses that are theirs, or do not start
  Switch metadata_allowed{};    ///< guests reach the address of cloud metadata
  Switch addresses_required{};  ///< each network of a guest says its IP addresses
  Switch vhost{};               ///< off: no guest may have a network through vhost-net
  IpPrefixSet addresses;        ///< which guests may name; where there are some, they must
  AccountName requester;        ///< who asks; empty: the host itself
  Switch requester_allowed{};   ///< off: he is neither an owner nor a tenant's
  Switch memory_merge_allowed{};
  TenantLimits tenant;
  AttestationRules attestation;
  Switch passt{};                           ///< off: no guest may have a network through passt
  std::uint32_t forward_address_count = 0;  ///< of the host, that ports may be forwarded from
  std::array<IpAddress, max_forward_addresses> forward_addresses{};

  friend bool operator==(const HostPolicyRecord&, const HostPolicyRecord&) = default;
};

HostPolicyRecord default_host_policy();
Result<void> check(const HostPolicyRecord& record);

}  // namespace immure::policy
