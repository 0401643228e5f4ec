#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/bounded_string.hpp"
#include "policy/cpu_features.hpp"
#include "policy/cpu_model.hpp"
#include "policy/device_limit.hpp"
#include "policy/host_set.hpp"
#include "policy/ip_address.hpp"
#include "policy/numa.hpp"
#include "policy/port_forward.hpp"
#include "policy/rate_limit.hpp"
#include "policy/record_header.hpp"
#include "policy/verity_record.hpp"

namespace immure::policy {

constexpr std::uint32_t max_vcpus = 64;
constexpr std::uint32_t max_disks = 24;
constexpr std::uint32_t max_nets = 8;
constexpr std::uint32_t max_net_addresses = 8;
constexpr std::uint32_t max_disk_queues = 16;
constexpr std::uint32_t default_disk_queues = 4;
constexpr std::uint64_t min_memory_bytes = 32ULL << 20;
constexpr std::uint64_t max_memory_bytes = 1ULL << 40;
constexpr std::uint64_t min_memory_overhead = 4ULL << 20;
constexpr std::uint32_t min_spare_pids = 8;  ///< what pids.max must leave beside those that are counted
constexpr std::uint32_t max_pids = 32'768;
constexpr std::uint64_t limit_step = 4096;  ///< bytes: what the kernel rounds limits of memory to

using GuestName = BoundedString<64>;   ///< [a-z0-9][a-z0-9._-]{0,62}: also a file name and a cgroup name
using HostPath = BoundedString<1024>;  ///< absolute, normal form (no "//", "." or "..")
using Uuid = std::array<std::uint8_t, 16>;

enum class DiskFormat : std::uint32_t { raw = 1 };
enum class DiskAccess : std::uint32_t { read_only = 1, read_write = 2 };
enum class Switch : std::uint32_t { off = 0, on = 1 };
/// Of a record that came from elsewhere.
constexpr bool is_switch(Switch value) { return value == Switch::off || value == Switch::on; }
/// How the VMM reads and writes a disk: one system call after the other, or many requests at once in an
/// io_uring that can do nothing else.
enum class DiskEngine : std::uint32_t { plain = 0, io_uring = 1 };

/// What happens once the guest's driver has started its watchdog and then does not kick it in time.
enum class WatchdogExpiry : std::uint32_t { no_watchdog = 0, reset = 1, end = 2 };

/// Pages of the host under guest memory. transparent: huge ones where the kernel finds some. huge: from the
/// host's reserve, or no launch.
enum class MemoryPages : std::uint32_t { transparent = 0, small = 1, huge_2m = 2, huge_1g = 3 };
constexpr std::uint64_t huge_1g_bytes = 1ULL << 30;

/// Guests' addresses for vsock: 0 to 2 have meanings of their own (vsock(7)), the last one too.
constexpr std::uint32_t min_vsock_cid = 3;
constexpr std::uint32_t max_vsock_cid = 0xffff'fffe;

/// How the vCPUs are told to be arranged; their product is their number. All 0: one socket of cores with one
/// thread each.
struct CpuTopology {
  std::uint32_t sockets = 0;
  std::uint32_t cores = 0;    ///< of a socket
  std::uint32_t threads = 0;  ///< of a core

  friend bool operator==(const CpuTopology&, const CpuTopology&) = default;
};

/// One disk as the guest specification asks for it. Whether the path is a file or a block device is the
/// host's to say, after it was opened.
struct DiskRecord {
  BoundedString<32> id;  ///< [a-z0-9][a-z0-9-]{0,19}, unique in the guest; also its virtio serial number
  HostPath path;
  DiskFormat format{};
  DiskAccess access{};
  Switch direct{};           ///< past the host's page cache (O_DIRECT)
  std::uint32_t queues = 0;  ///< 1..max_disk_queues; 0: one for each vCPU, default_disk_queues at most
  DiskEngine engine{};
  std::uint32_t reserved = 0;
  RateLimit limit{};  ///< what the VMM lets the guest have; may change while it runs
  DeviceLimit device_limit{};
  VerityRecord verity{};  ///< only of a read-only disk

  friend bool operator==(const DiskRecord&, const DiskRecord&) = default;
};

using InterfaceName = BoundedString<16>;         ///< of the host: 1 to 15 visible characters but '/' and ':'
using MacAddress = std::array<std::uint8_t, 6>;  ///< as on the wire; a unicast address, not all zero

/// tap: an interface that the host's owner made. bridge: one that the launch makes and joins to a bridge; it
/// goes with the guest. passt: no interface, but a program that makes the guest's connections its own.
enum class NetKind : std::uint16_t { tap = 1, bridge = 2, passt = 3 };

/// One network interface as the guest specification asks for it.
struct NetRecord {
  BoundedString<32> id;  ///< as a disk's, unique among the networks
  InterfaceName host;    ///< the tap or the bridge; empty with passt
  MacAddress mac{};
  NetKind kind{};
  RateLimit limit{};                ///< of each direction
  std::uint32_t forward_count = 0;  ///< only with passt
  Switch vhost{};  ///< the kernel carries its frames (vhost-net); not with passt, nor with a limit
  std::array<PortForward, max_forwards> forwards{};
  /// Its own, which it alone may use; those in use come first. None: it may use any.
  std::array<IpAddress, max_net_addresses> addresses{};

  friend bool operator==(const NetRecord&, const NetRecord&) = default;
};

/// The host's CPU that each vCPU has for itself, and 1; 0: none.
using PinnedCpus = std::array<std::uint16_t, max_vcpus>;

/// What the guest may have of the host; 0, or an empty set, leaves the kernel's or the built-in default.
struct ResourceRecord {
  std::uint32_t cpu_weight = 0;         ///< cpu.weight: 1..10000
  std::uint32_t cpu_quota_percent = 0;  ///< cpu.max in per cent of one CPU: 1..(100 * vcpus)
  std::uint32_t io_weight = 0;          ///< io.weight: 1..10000
  /// pids.max, at least least_pids(); 0: that.
  std::uint32_t pids_max = 0;
  std::uint64_t memory_overhead = 0;  ///< bytes for the VMM itself beside guest memory
  std::uint64_t memory_low = 0;       ///< memory.low: bytes, a multiple of 4 KiB, at most memory_bytes
  std::uint64_t swap = 0;             ///< memory.swap.max: bytes, a multiple of 4 KiB
  HostSet cpus;                       ///< cpuset.cpus
  HostSet memory_nodes;               ///< cpuset.mems
  PinnedCpus pinned_cpus{};
  std::uint32_t realtime_priority = 0;  ///< SCHED_FIFO for the vCPU threads: 1..99
  Switch memory_merge{};                ///< the kernel may keep equal pages of guest memory once (KSM)

  friend bool operator==(const ResourceRecord&, const ResourceRecord&) = default;
};

/// The guest specification, compiled: what `immure` hands to `immure-launch`.
struct GuestRecord {
  static constexpr std::uint32_t record_magic = 0x47'4d'4d'49;  // "IMMG"
  static constexpr std::uint32_t record_version = 1;

  RecordHeader header;
  GuestName name;
  Uuid uuid{};  ///< all zero: the launcher draws one
  HostPath kernel;
  HostPath initrd;    ///< empty: none
  HostPath manifest;  ///< signed: which files may be started as this guest; empty: none
  BoundedString<2048> command_line;
  std::uint32_t vcpus = 0;
  Switch serial{};   ///< 16550 at COM1, wired to the guest's console (early output)
  Switch console{};  ///< virtio console, wired to the same stream
  Switch entropy{};  ///< virtio rng
  Switch balloon{};  ///< virtio memory balloon
  CpuTopology topology{};
  Switch nested{};  ///< the guest may run guests of its own
  MemoryPages pages{};
  Switch prefault{};  ///< all of the memory is there before the guest runs
  Switch lock{};      ///< and none of it is ever swapped
  WatchdogExpiry watchdog{};
  std::uint32_t vsock_cid = 0;  ///< 0: no vsock
  CpuModel model{};
  std::uint32_t reserved = 0;
  CpuFeatureSet features_off = 0;
  std::uint64_t memory_bytes = 0;  ///< a multiple of 2 MiB, and of the pages
  std::uint32_t disk_count = 0;
  std::uint32_t net_count = 0;
  std::array<DiskRecord, max_disks> disks{};
  std::array<NetRecord, max_nets> nets{};
  RateLimit console_limit{};  ///< of what the virtio console puts out
  RateLimit entropy_limit{};
  NumaRecord numa;
  ResourceRecord resources;

  friend bool operator==(const GuestRecord&, const GuestRecord&) = default;
};

/// Every rule above, and: unused slots are all zero, ids are unique, reserved fields are 0. The launcher
/// asks again although `immure` asked before it. Errors name the key as the specification writes it
/// ("disks[1].path").
Result<void> check(const GuestRecord& record);
/// The rules of one network; `key` is its name in errors: "nets[0]".
Result<void> check(const NetRecord& net, const std::string& key);

/// Whether the topology has as many vCPUs as the guest.
bool is_topology_of(const CpuTopology& topology, std::uint32_t vcpus);
/// Bytes of the pages that guest memory is made of, or 2 MiB where the kernel chooses.
std::uint64_t page_bytes_of(MemoryPages pages);
/// Whether such memory can be given back, or merged, page by page.
bool is_movable(MemoryPages pages, Switch lock);

/// "6ba7b810-9dad-11d1-80b4-00c04fd430c8": RFC 9562, 4.
std::string uuid_text(const Uuid& uuid);

/// True for a name that may become a guest's name (see GuestName).
bool is_guest_name(std::string_view text);
/// True for an id that a disk or a network may have (see DiskRecord).
bool is_device_id(std::string_view text);
/// True for a name that the kernel may give an interface (dev_valid_name() in net/core/dev.c), and that has
/// no character to hide behind.
bool is_interface_name(std::string_view text);
/// "tap", "bridge" or "passt"
std::string_view net_kind_name(NetKind kind);
/// How many of its networks go through vhost-net: each has a thread of the kernel's, which counts as one of
/// the VMM's from Linux 6.4 on.
std::uint32_t vhost_count(const GuestRecord& record);
/// What pids.max has to leave: a thread for each vCPU and each vhost-net, and min_spare_pids.
std::uint32_t least_pids(const GuestRecord& record);
/// The guest's network through passt, of which it has at most one; null where it has none.
const NetRecord* passt_net_of(const GuestRecord& record);
/// "52:54:00:12:34:56"
std::string mac_text(const MacAddress& mac);
/// Whether its frames pass an interface of the host's, where they can be looked at.
bool has_tap(const NetRecord& net);
/// The addresses that the network has, without the unused slots.
std::span<const IpAddress> addresses_of(const NetRecord& net);
/// True for an absolute path in normal form (see HostPath).
bool is_normal_path(std::string_view text);

}  // namespace immure::policy
