#include "policy/vmm_record.hpp"

#include <algorithm>

namespace immure::policy {

static_assert(std::has_unique_object_representations_v<VmmRecord>, "a record has no implicit padding");

Result<void> check(const VmmRecord& record) {
  IMMURE_TRY(check_header(record, "the VMM record"));
  if (!record.command_line.is_well_formed()) return invalid("VMM record: malformed command line");
  if (record.vcpus < 1 || record.vcpus > max_vcpus)
    return invalid("VMM record: number of vCPUs out of range");
  if (record.topology == CpuTopology{} || !is_topology_of(record.topology, record.vcpus))
    return invalid("VMM record: the topology has another number of vCPUs");
  if (!is_switch(record.nested) || !is_switch(record.prefault) || !is_switch(record.lock) ||
      !is_switch(record.memory_merge) || record.pages > MemoryPages::huge_1g ||
      record.watchdog > WatchdogExpiry::end || (record.features_off & ~all_cpu_features) != 0 ||
      record.model > CpuModel::x86_64_v4)
    return invalid("VMM record: CPU, memory or watchdog is of no known kind");
  if (record.vsock_cid != 0 && (record.vsock_cid < min_vsock_cid || record.vsock_cid > max_vsock_cid))
    return invalid("VMM record: vsock CID out of range");
  if (record.memory_bytes < min_memory_bytes || record.memory_bytes > max_memory_bytes ||
      record.memory_bytes % (2ULL << 20) != 0) {
    return invalid("VMM record: memory size out of range");
  }
  IMMURE_TRY(check(record.numa, record.memory_bytes, page_bytes_of(record.pages), record.topology));
  if (!is_switch(record.has_initrd) || !is_switch(record.serial) || !is_switch(record.console) ||
      !is_switch(record.entropy) || !is_switch(record.balloon)) {
    return invalid("VMM record: a switch is neither on nor off");
  }
  for (const auto pinned : record.pinned_cpus) {
    if (pinned > max_host_cpus) return invalid("VMM record: no host has such a CPU");
  }
  if (record.realtime_priority > 99) return invalid("VMM record: real-time priority out of range");
  if (record.disk_count > max_disks) return invalid("VMM record: too many disks");
  for (std::uint32_t i = 0; i < record.disk_count; ++i) {
    const auto& disk = record.disks[i];
    if (!disk.id.is_well_formed() || disk.format != DiskFormat::raw ||
        (disk.access != DiskAccess::read_only && disk.access != DiskAccess::read_write) ||
        !is_switch(disk.direct) || disk.queues < 1 || disk.queues > max_disk_queues ||
        disk.engine > DiskEngine::io_uring) {
      return invalid("VMM record: disk " + std::to_string(i) + " is malformed");
    }
    IMMURE_TRY(check(disk.limit, "VMM record: disk " + std::to_string(i)));
  }
  if (record.net_count > max_nets) return invalid("VMM record: too many networks");
  for (std::uint32_t i = 0; i < record.net_count; ++i) {
    const auto carrier = record.nets[i].carrier;
    if (!record.nets[i].id.is_well_formed() || carrier < NetCarrier::tap || carrier > NetCarrier::vhost ||
        (carrier == NetCarrier::vhost && record.nets[i].limit != RateLimit{}))
      return invalid("VMM record: network " + std::to_string(i) + " is malformed");
    IMMURE_TRY(check(record.nets[i].limit, "VMM record: network " + std::to_string(i)));
  }
  IMMURE_TRY(check(record.console_limit, "VMM record: console"));
  return check(record.entropy_limit, "VMM record: entropy");
}

VmmRecord make_vmm_record(const GuestRecord& guest) {
  VmmRecord record;
  record.header = header_of<VmmRecord>();
  record.command_line = guest.command_line;
  record.memory_bytes = guest.memory_bytes;
  record.vcpus = guest.vcpus;
  record.has_initrd = guest.initrd.empty() ? Switch::off : Switch::on;
  record.serial = guest.serial;
  record.console = guest.console;
  record.entropy = guest.entropy;
  record.balloon = guest.balloon;
  record.pinned_cpus = guest.resources.pinned_cpus;
  record.realtime_priority = guest.resources.realtime_priority;
  record.memory_merge = guest.resources.memory_merge;
  record.disk_count = guest.disk_count;
  for (std::uint32_t i = 0; i < guest.disk_count; ++i) {
    const auto& disk = guest.disks[i];
    record.disks[i] = {.id = disk.id,
                       .format = disk.format,
                       .access = disk.access,
                       .direct = disk.direct,
                       .queues = disk.queues != 0 ? disk.queues : std::min(guest.vcpus, default_disk_queues),
                       .engine = disk.engine,
                       .reserved = 0,
                       .limit = disk.limit};
  }
  record.net_count = guest.net_count;
  for (std::uint32_t i = 0; i < guest.net_count; ++i) {
    const auto& net = guest.nets[i];
    const auto carrier = net.kind == NetKind::passt ? NetCarrier::stream
                         : net.vhost == Switch::on  ? NetCarrier::vhost
                                                    : NetCarrier::tap;
    record.nets[i] = {.id = net.id, .mac = net.mac, .carrier = carrier, .limit = net.limit};
  }
  record.topology = guest.topology == CpuTopology{}
                        ? CpuTopology{.sockets = 1, .cores = guest.vcpus, .threads = 1}
                        : guest.topology;
  record.numa = guest.numa;
  record.nested = guest.nested;
  record.pages = guest.pages;
  record.prefault = guest.prefault;
  record.lock = guest.lock;
  record.watchdog = guest.watchdog;
  record.vsock_cid = guest.vsock_cid;
  record.features_off = guest.features_off;
  record.model = guest.model;
  record.console_limit = guest.console_limit;
  record.entropy_limit = guest.entropy_limit;
  return record;
}

ExitCode exit_code_of(VmmExit end) {
  switch (end) {
    case VmmExit::powered_off:
      return ExitCode::success;
    case VmmExit::guest_crashed:
      return ExitCode::guest_crashed;
    case VmmExit::image_refused:
      return ExitCode::image_refused;
    case VmmExit::guest_reset:
    case VmmExit::setup_failed:
      break;
  }
  return ExitCode::failure;
}

}  // namespace immure::policy
