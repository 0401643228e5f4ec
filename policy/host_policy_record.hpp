#pragma once

#include <array>
#include <cstdint>

#include "policy/guest_record.hpp"

namespace immure::policy {

enum class SelinuxMode : std::uint32_t { required = 1, optional = 2 };
/// Whether launches are measured. optional: where the attestation module is installed.
enum class MeasureMode : std::uint32_t { off = 1, optional = 2, required = 3 };

constexpr std::uint32_t max_image_directories = 16;
constexpr std::uint32_t max_interface_names = 16;
constexpr std::uint32_t first_resettable_pcr = 16;     ///< from here on software can reset them
constexpr std::uint32_t first_guest_uid = 65'536;      ///< below are people, services and "nobody"
constexpr std::uint32_t last_guest_uid = 0x7fff'ffff;  ///< above, some programs take a uid for negative
constexpr std::uint32_t max_host_guests = 523'776;     ///< pairs of categories that there are

/// /etc/immure/host.toml, compiled: what the owner of the host allows. Where there is no file,
/// default_host_policy() holds, which is as strict as it can be without knowing the host.
struct HostPolicyRecord {
  static constexpr std::uint32_t record_magic = 0x48'4d'4d'49;  // "IMMH"
  static constexpr std::uint32_t record_version = 1;

  RecordHeader header;
  SelinuxMode selinux{};
  std::uint32_t uid_base = 0;   ///< first of the uids (and equal gids) that guests get; two for each guest
  std::uint32_t uid_count = 0;  ///< an even number
  std::uint32_t max_vcpus = 0;
  std::uint64_t max_memory_bytes = 0;
  std::uint32_t max_guests = 0;
  std::uint32_t image_directory_count =
      0;  ///< 0: images may lie anywhere that only root and its owner can write
  std::array<HostPath, max_image_directories> image_directories{};
  std::uint32_t tap_count = 0;  ///< 0: no guest may have a tap
  std::uint32_t bridge_count = 0;
  std::array<InterfaceName, max_interface_names> taps{};
  std::array<InterfaceName, max_interface_names> bridges{};
  MeasureMode measure{};
  Switch signature_required{};  ///< on: a guest without a good manifest is not started
  HostPath signers;             ///< PEM: whose signatures count; empty: nobody's
  HostPath tpm;                 ///< the device that launches are recorded in; empty: none
  std::uint32_t pcr = 0;        ///< in which of its PCRs
  std::uint32_t reserved = 0;
  HostPath revoked;  ///< their keys and manifests that no longer count; empty: none

  friend bool operator==(const HostPolicyRecord&, const HostPolicyRecord&) = default;
};

HostPolicyRecord default_host_policy();
Result<void> check(const HostPolicyRecord& record);

/// Whether the host's owner allows this guest. An Error names the rule, the asked and the allowed value.
Result<void> admit(const GuestRecord& guest, const HostPolicyRecord& host);

}  // namespace immure::policy
