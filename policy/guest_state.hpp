#pragma once

#include "policy/measurement.hpp"
#include "policy/tenant_record.hpp"

namespace immure::policy {

enum class GuestPhase : std::uint32_t { starting = 1, running = 2, ending = 3 };
enum class FileRole : std::uint32_t { kernel = 1, initrd = 2, disk = 3, vmm = 4 };

/// One file of the guest: where the keeper and the VMM hold it open.
struct GuestFile {
  HostPath path;
  FileRole role{};
  DiskAccess access{};
  std::int32_t keeper_fd = -1;
  std::int32_t vmm_fd = -1;
  MeasuredItem measured;  ///< at the launch; all zero where that was not measured
};

/// One network of the guest: VMM fd vmm_fd::first_net + index.
struct GuestNet {
  BoundedString<32> id;
  MacAddress mac{};
  NetKind kind{};
  std::uint32_t forward_count = 0;
  std::array<PortForward, max_forwards> forwards{};
};

constexpr std::uint32_t max_guest_files = max_disks + 3;

/// /run/immure/guests/NAME/state, written by the keeper (a new file, then rename), read by `immure ps` and
/// `immure inspect`. It says where to look; what is shown is asked of the kernel then.
struct GuestState {
  static constexpr std::uint32_t record_magic = 0x53'4d'4d'49;  // "IMMS"
  static constexpr std::uint32_t record_version = 1;

  RecordHeader header;
  GuestName name;
  Uuid uuid{};
  GuestPhase phase{};
  std::int32_t keeper_pid = 0;
  std::int32_t vmm_pid = 0;
  std::int32_t monitor_pid = 0;
  std::uint64_t vmm_start_ticks = 0;  ///< field 22 of /proc/PID/stat: tells the pid from a later one
  std::uint64_t keeper_start_ticks = 0;
  std::uint64_t started_at = 0;    ///< seconds since 1970
  std::uint32_t uid = 0;           ///< the VMM's; the monitor has uid + 1
  std::uint32_t landlock_abi = 0;  ///< 0: the kernel has no Landlock
  BoundedString<256> label;        ///< as planned
  BoundedString<256> image_label;
  BoundedString<256> cgroup;  ///< below the cgroup v2 root
  std::uint32_t vcpus = 0;
  std::uint32_t file_count = 0;
  std::uint64_t memory_bytes = 0;
  std::array<GuestFile, max_guest_files> files{};
  std::uint32_t net_count = 0;
  std::int32_t passt_pid = 0;  ///< 0: no network goes through passt
  TenantName tenant;           ///< empty: the host's owner
  std::array<GuestNet, max_nets> nets{};
};

/// What the specification says of a guest, under which number the VMM has each of its files, and what was
/// measured of them; the keeper adds the rest.
GuestState make_guest_state(const GuestRecord& guest, const Measurement& measurement);

constexpr const char* runtime_directory = "/run/immure";
constexpr const char* guests_directory = "/run/immure/guests";        ///< NAME/state, NAME/monitor.sock
constexpr const char* leases_directory = "/run/immure/leases";        ///< mcs/cX,cY  uid/N  name/NAME
constexpr const char* journal_directory = "/var/lib/immure/journal";  ///< UUID, one per launch
constexpr const char* host_policy_path = "/etc/immure/host.toml";

}  // namespace immure::policy
