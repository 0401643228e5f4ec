#pragma once

#include "policy/exit_codes.hpp"
#include "policy/guest_record.hpp"

namespace immure::policy {

/// A disk as the VMM sees it: no path, an open fd at vmm_fd::first_disk + index.
struct VmmDisk {
  BoundedString<32> id;
  DiskFormat format{};
  DiskAccess access{};
  Switch direct{};
  std::uint32_t queues = 1;
  DiskEngine engine{};
  std::uint32_t reserved = 0;
  RateLimit limit{};
};

/// tap: an attached tap. stream: a stream socket to passt, each frame behind its length. vhost: an attached
/// tap that the kernel serves, see vmm_fd::first_vhost; without a limit.
enum class NetCarrier : std::uint16_t { tap = 1, stream = 2, vhost = 3 };

/// A network interface as the VMM sees it: what carries its frames is at vmm_fd::first_net + index.
struct VmmNet {
  BoundedString<32> id;
  MacAddress mac{};
  NetCarrier carrier{};
  RateLimit limit{};
};

/// Everything the VMM is told, in a sealed memfd at vmm_fd::record.
struct VmmRecord {
  static constexpr std::uint32_t record_magic = 0x56'4d'4d'49;  // "IMMV"
  static constexpr std::uint32_t record_version = 1;

  RecordHeader header;
  BoundedString<2048> command_line;
  std::uint64_t memory_bytes = 0;
  std::uint32_t vcpus = 0;
  Switch has_initrd{};
  Switch serial{};
  Switch console{};
  Switch entropy{};
  std::uint32_t disk_count = 0;
  std::array<VmmDisk, max_disks> disks{};
  std::uint32_t net_count = 0;
  Switch balloon{};
  std::array<VmmNet, max_nets> nets{};
  CpuTopology topology{};  ///< never all 0
  Switch nested{};
  MemoryPages pages{};
  Switch prefault{};
  Switch lock{};
  WatchdogExpiry watchdog{};
  std::uint32_t vsock_cid = 0;
  std::uint32_t realtime_priority = 0;  ///< SCHED_FIFO for the vCPU threads; 0: none
  Switch memory_merge{};
  CpuModel model{};
  CpuFeatureSet features_off = 0;
  RateLimit console_limit{};
  RateLimit entropy_limit{};
  PinnedCpus pinned_cpus{};
  NumaRecord numa;
};

Result<void> check(const VmmRecord& record);

/// What the VMM is told of a guest: its specification without a single host path.
VmmRecord make_vmm_record(const GuestRecord& guest);

/// Gate messages between VMM and keeper. The VMM sends VmmReady once everything is set up and every thread
/// runs behind its filter, then waits; no vCPU enters the guest before VmmGo came.
struct VmmReady {
  static constexpr std::uint32_t record_magic = 0x59'4d'4d'49;  // "IMMY"
  static constexpr std::uint32_t record_version = 1;
  RecordHeader header;
  std::uint32_t threads = 0;  ///< control + vCPU + io threads, for the read-back
  std::uint32_t reserved = 0;
};
struct VmmGo {
  static constexpr std::uint32_t record_magic = 0x4f'4d'4d'49;  // "IMMO"
  static constexpr std::uint32_t record_version = 1;
  RecordHeader header;
};

/// How a VMM ends, as its exit status.
enum class VmmExit : int {
  powered_off = 0,     ///< the guest switched itself off
  setup_failed = 64,   ///< before the guest ran; the reason is on the log pipe
  guest_reset = 65,    ///< the guest asked for a reboot: the keeper starts a fresh VMM
  guest_crashed = 66,  ///< triple fault, KVM_EXIT_SHUTDOWN, internal error
  image_refused = 67,  ///< kernel or initrd is malformed or does not fit; the reason is on the log pipe
};

/// The same as the exit code of `immure run`.
ExitCode exit_code_of(VmmExit end);

}  // namespace immure::policy
