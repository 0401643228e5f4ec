#pragma once

#include <array>
#include <cstdint>
#include <limits>

#include "policy/guest_record.hpp"

namespace immure::policy {

// What the devices of a machine did since its VMM was started. Everything only grows, but the balloon and
// what the guest says of its memory.

/// Requests that were carried out, and the bytes of the disk that they moved.
struct DiskCounters {
  std::uint64_t reads = 0;
  std::uint64_t read_bytes = 0;
  std::uint64_t writes = 0;
  std::uint64_t written_bytes = 0;
  std::uint64_t flushes = 0;
  std::uint64_t discards = 0;  ///< and zeros written by giving space back
  std::uint64_t errors = 0;    ///< requests of any kind that were answered with an error

  friend bool operator==(const DiskCounters&, const DiskCounters&) = default;
};

/// Frames without the header in front that guest and VMM have for each other. Sent: by the guest.
struct NetCounters {
  std::uint64_t sent_frames = 0;
  std::uint64_t sent_bytes = 0;
  std::uint64_t sent_drops = 0;
  std::uint64_t received_frames = 0;
  std::uint64_t received_bytes = 0;
  std::uint64_t received_drops = 0;

  friend bool operator==(const NetCounters&, const NetCounters&) = default;
};

/// How often a vCPU left the guest for the VMM; what KVM handles by itself is not seen.
struct VcpuCounters {
  std::uint64_t port_exits = 0;
  std::uint64_t memory_exits = 0;
  std::uint64_t interrupt_exits = 0;  ///< the end of a level-triggered interrupt
  std::uint64_t other_exits = 0;      ///< a signal, the end

  friend bool operator==(const VcpuCounters&, const VcpuCounters&) = default;
};

/// Serial port and virtio console together; bytes for the entropy device are those it gave.
struct MachineCounters {
  std::uint64_t console_output_bytes = 0;
  std::uint64_t console_input_bytes = 0;
  std::uint64_t console_dropped_bytes = 0;  ///< output of the serial port that nobody took
  std::uint64_t entropy_bytes = 0;
  std::uint64_t balloon_target_bytes = 0;  ///< what the guest was asked to give up
  std::uint64_t balloon_bytes = 0;         ///< what it says that it has given up
  std::uint64_t uptime_usec = 0;           ///< since the VMM was started

  friend bool operator==(const MachineCounters&, const MachineCounters&) = default;
};

/// What the guest's balloon driver said last of its memory (VIRTIO 1.2, 5.5.6.3): the guest's word.
struct GuestMemoryCounters {
  std::uint64_t total_bytes = 0;
  std::uint64_t free_bytes = 0;
  std::uint64_t available_bytes = 0;  ///< to be had without swapping
  std::uint64_t cache_bytes = 0;
  std::uint64_t swapped_in_bytes = 0;
  std::uint64_t swapped_out_bytes = 0;
  std::uint64_t major_faults = 0;
  std::uint64_t minor_faults = 0;
  std::uint64_t said_usec = 0;  ///< when, on MachineCounters::uptime_usec's clock; 0: never

  friend bool operator==(const GuestMemoryCounters&, const GuestMemoryCounters&) = default;
};

/// When the VMM had built the machine, when the guest began to run, and when its drivers took the devices
/// over (DRIVER_OK): microseconds of the host's CLOCK_MONOTONIC, 0 where that was not yet.
struct BootTimes {
  std::uint64_t machine = 0;
  std::uint64_t guest = 0;
  std::uint64_t console = 0;
  std::uint64_t balloon = 0;
  std::uint64_t vsock = 0;
  std::uint64_t entropy = 0;
  std::array<std::uint64_t, max_disks> disks{};
  std::array<std::uint64_t, max_nets> nets{};

  friend bool operator==(const BootTimes&, const BootTimes&) = default;
};

/// The VMM's answer to ControlKind::statistics. Numbers alone: what they belong to is in the VmmRecord.
struct StatisticsMessage {
  static constexpr std::uint32_t record_magic = 0x4b'4d'4d'49;  // "IMMK"
  static constexpr std::uint32_t record_version = 1;
  RecordHeader header;
  std::uint64_t token = 0;  ///< of the request
  MachineCounters machine{};
  GuestMemoryCounters memory{};
  std::uint32_t disk_count = 0;
  std::uint32_t net_count = 0;
  std::uint32_t vcpu_count = 0;
  std::uint32_t reserved = 0;
  std::array<DiskCounters, max_disks> disks{};
  std::array<NetCounters, max_nets> nets{};
  std::array<VcpuCounters, max_vcpus> vcpus{};
  BootTimes boot{};
};

/// As many devices as a guest may have, and no count beyond max_count.
Result<void> check(const StatisticsMessage& message);

/// The largest count that can be told: the interface's numbers are signed (varlink.org).
constexpr auto max_count = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

/// A counter by the name that it has in io.immure.Guest.
template <typename Counters>
struct CounterField {
  const char* name;
  std::uint64_t Counters::* value;
};

inline constexpr std::array<CounterField<DiskCounters>, 7> disk_fields{{
    {"reads", &DiskCounters::reads},
    {"read_bytes", &DiskCounters::read_bytes},
    {"writes", &DiskCounters::writes},
    {"written_bytes", &DiskCounters::written_bytes},
    {"flushes", &DiskCounters::flushes},
    {"discards", &DiskCounters::discards},
    {"errors", &DiskCounters::errors},
}};
inline constexpr std::array<CounterField<NetCounters>, 6> net_fields{{
    {"sent_frames", &NetCounters::sent_frames},
    {"sent_bytes", &NetCounters::sent_bytes},
    {"sent_drops", &NetCounters::sent_drops},
    {"received_frames", &NetCounters::received_frames},
    {"received_bytes", &NetCounters::received_bytes},
    {"received_drops", &NetCounters::received_drops},
}};
inline constexpr std::array<CounterField<VcpuCounters>, 4> vcpu_fields{{
    {"port_exits", &VcpuCounters::port_exits},
    {"memory_exits", &VcpuCounters::memory_exits},
    {"interrupt_exits", &VcpuCounters::interrupt_exits},
    {"other_exits", &VcpuCounters::other_exits},
}};
inline constexpr std::array<CounterField<MachineCounters>, 7> machine_fields{{
    {"console_output_bytes", &MachineCounters::console_output_bytes},
    {"console_input_bytes", &MachineCounters::console_input_bytes},
    {"console_dropped_bytes", &MachineCounters::console_dropped_bytes},
    {"entropy_bytes", &MachineCounters::entropy_bytes},
    {"balloon_target_bytes", &MachineCounters::balloon_target_bytes},
    {"balloon_bytes", &MachineCounters::balloon_bytes},
    {"uptime_usec", &MachineCounters::uptime_usec},
}};
inline constexpr std::array<CounterField<GuestMemoryCounters>, 9> guest_memory_fields{{
    {"total_bytes", &GuestMemoryCounters::total_bytes},
    {"free_bytes", &GuestMemoryCounters::free_bytes},
    {"available_bytes", &GuestMemoryCounters::available_bytes},
    {"cache_bytes", &GuestMemoryCounters::cache_bytes},
    {"swapped_in_bytes", &GuestMemoryCounters::swapped_in_bytes},
    {"swapped_out_bytes", &GuestMemoryCounters::swapped_out_bytes},
    {"major_faults", &GuestMemoryCounters::major_faults},
    {"minor_faults", &GuestMemoryCounters::minor_faults},
    {"said_usec", &GuestMemoryCounters::said_usec},
}};

}  // namespace immure::policy
