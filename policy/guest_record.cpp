#include "policy/guest_record.hpp"

#include <algorithm>
#include <span>
#include <type_traits>

#include "policy/verity_rules.hpp"

namespace immure::policy {
namespace {

static_assert(std::is_trivially_copyable_v<GuestRecord>);
static_assert(std::has_unique_object_representations_v<GuestRecord>, "a record has no implicit padding");

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

Result<void> check_path(const HostPath& path, const std::string& key) {
  if (!path.is_well_formed()) return invalid(key + " is not well-formed text");
  if (!is_normal_path(path.view())) {
    return invalid(key + " must be an absolute path without '//', '.' or '..', not \"" +
                   std::string(path.view()) + "\"");
  }
  return {};
}

Result<void> check_disk(const DiskRecord& disk, const std::string& key) {
  if (!disk.id.is_well_formed() || !is_device_id(disk.id.view())) {
    return invalid(key + ".id must be 1 to 20 of a-z, 0-9 and '-', and start with a letter or digit");
  }
  IMMURE_TRY(check_path(disk.path, key + ".path"));
  if (disk.format != DiskFormat::raw) return invalid(key + ".format must be \"raw\"");
  if (disk.access != DiskAccess::read_only && disk.access != DiskAccess::read_write) {
    return invalid(key + ".read_only must be true or false");
  }
  if (!is_switch(disk.direct)) return invalid(key + ".direct must be true or false");
  if (disk.queues > max_disk_queues) {
    return invalid(key + ".queues must be 1 to " + std::to_string(max_disk_queues));
  }
  if (disk.engine > DiskEngine::io_uring) {
    return invalid(key + ".engine must be \"plain\" or \"io_uring\"");
  }
  if (disk.reserved != 0) return invalid(key + ": a reserved field is not 0");
  IMMURE_TRY(check(disk.limit, key + ".limit"));
  return check(disk.device_limit, key + ".device_limit");
}

Result<void> check_disks(const GuestRecord& record) {
  if (record.disk_count > max_disks)
    return invalid("disks: at most " + std::to_string(max_disks) + " are allowed");
  const std::span disks(record.disks);
  for (std::size_t i = 0; i < disks.size(); ++i) {
    const auto& disk = disks[i];
    if (i >= record.disk_count) {
      if (disk != DiskRecord{}) return invalid("disks: an unused slot is not empty");
      continue;
    }
    const auto key = "disks[" + std::to_string(i) + "]";
    IMMURE_TRY(check_disk(disk, key));
    for (std::size_t other = 0; other < i; ++other) {
      if (disks[other].id == disk.id)
        return invalid(key + ".id \"" + std::string(disk.id.view()) + "\" is used twice");
      if (disks[other].path == disk.path) {
        return invalid(key + ".path \"" + std::string(disk.path.view()) + "\" is used twice");
      }
    }
  }
  return {};
}

Result<void> check_net_addresses(const NetRecord& net, const std::string& key) {
  const auto own = addresses_of(net);
  for (std::size_t i = 0; i < net.addresses.size(); ++i) {
    const auto& address = net.addresses[i];
    if (i >= own.size()) {
      if (address != IpAddress{}) return invalid(key + ": an unused slot is not empty");
      continue;
    }
    if (!is_own_address(address)) {
      return invalid(key + " must be addresses of one interface, not \"" + ip_text(address) + "\"");
    }
    if (std::ranges::find(own.first(i), address) != own.begin() + static_cast<std::ptrdiff_t>(i)) {
      return invalid(key + " names " + ip_text(address) + " twice");
    }
  }
  return {};
}

Result<void> check_forwards(const NetRecord& net, const std::string& key) {
  if (net.forward_count > (net.kind == NetKind::passt ? max_forwards : 0))
    return invalid(key + ".forward: only passt forwards ports, and at most " + std::to_string(max_forwards));
  for (std::uint32_t i = 0; i < max_forwards; ++i) {
    const auto& forward = net.forwards[i];
    if (i >= net.forward_count) {
      if (forward != PortForward{}) return invalid(key + ".forward: an unused slot is not empty");
      continue;
    }
    const auto name = key + ".forward[" + std::to_string(i) + "]";
    IMMURE_TRY(check(forward, name));
    for (const auto& other : std::span(net.forwards).first(i)) {
      if (collide(forward, other)) return invalid(name + " takes a port of the host that another one takes");
    }
  }
  return {};
}

Result<void> check_nets(const GuestRecord& record) {
  if (record.net_count > max_nets) {
    return invalid("nets: at most " + std::to_string(max_nets) + " are allowed");
  }
  const std::span nets(record.nets);
  for (std::size_t i = 0; i < nets.size(); ++i) {
    const auto& net = nets[i];
    if (i >= record.net_count) {
      if (net != NetRecord{}) return invalid("nets: an unused slot is not empty");
      continue;
    }
    const auto key = "nets[" + std::to_string(i) + "]";
    IMMURE_TRY(check(net, key));
    for (const auto& other : nets.first(i)) {
      if (other.id == net.id)
        return invalid(key + ".id \"" + std::string(net.id.view()) + "\" is used twice");
      if (other.mac == net.mac) return invalid(key + ".mac " + mac_text(net.mac) + " is used twice");
      if (net.kind == NetKind::tap && other.kind == net.kind && other.host == net.host) {
        return invalid(key + ".tap \"" + std::string(net.host.view()) + "\" is used twice");
      }
      if (net.kind == NetKind::passt && other.kind == net.kind)
        return invalid(key + ".passt: a guest has at most one network through passt");
    }
  }
  return {};
}

/// All vCPUs have a CPU of the host for themselves, or none.
Result<void> check_pinning(const GuestRecord& record) {
  const auto& pinned = record.resources.pinned_cpus;
  const auto expected = pinned[0] == 0 ? 0 : record.vcpus;
  for (std::uint32_t vcpu = 0; vcpu < max_vcpus; ++vcpu) {
    if ((pinned[vcpu] != 0) != (vcpu < expected))
      return invalid("cpu.pinning must name a CPU of the host for each vCPU, or none");
    if (pinned[vcpu] == 0) continue;
    const auto cpu = pinned[vcpu] - 1U;
    const auto& cpus = record.resources.cpus;
    if (cpu >= max_host_cpus || (!cpus.empty() && !cpus.contains(cpu))) {
      return invalid("cpu.pinning: CPU " + std::to_string(cpu) + " is not one of resources.cpus");
    }
    if (std::find(pinned.begin(), pinned.begin() + vcpu, pinned[vcpu]) != pinned.begin() + vcpu) {
      return invalid("cpu.pinning names CPU " + std::to_string(cpu) + " twice");
    }
  }
  return {};
}

Result<void> check_cpu(const GuestRecord& record) {
  if (!is_topology_of(record.topology, record.vcpus)) {
    return invalid("cpu.sockets, cpu.cores and cpu.threads must give cpu.count when multiplied");
  }
  if (!is_switch(record.nested)) return invalid("cpu.nested must be true or false");
  if (record.model > CpuModel::x86_64_v4) return invalid("cpu.model is none that there is");
  if (record.reserved != 0) return invalid("cpu: a reserved field is not 0");
  if ((record.features_off & ~all_cpu_features) != 0)
    return invalid("cpu.features_off has an unknown feature");
  return {};
}

Result<void> check_memory(const GuestRecord& record) {
  const auto size = record.memory_bytes;
  if (size < min_memory_bytes || size > max_memory_bytes || size % (2ULL << 20) != 0) {
    return invalid("memory.size must be 32 MiB to 1 TiB in steps of 2 MiB, not " + std::to_string(size) +
                   " bytes");
  }
  if (record.pages > MemoryPages::huge_1g) return invalid("memory.pages is of no known kind");
  if (record.pages == MemoryPages::huge_1g && size % huge_1g_bytes != 0) {
    return invalid("memory.size must be a multiple of 1 GiB, the size of memory.pages");
  }
  if (!is_switch(record.prefault) || !is_switch(record.lock)) {
    return invalid("memory.prefault and memory.lock must be true or false");
  }
  if (record.balloon == Switch::on && !is_movable(record.pages, record.lock)) {
    return invalid(
        "memory.balloon needs memory that can be given back: not with huge memory.pages or memory.lock");
  }
  for (const auto node : record.numa.host_nodes) {
    const auto& nodes = record.resources.memory_nodes;
    if (node != 0 && !nodes.empty() && !nodes.contains(node - 1U))
      return invalid("numa.host_nodes: node " + std::to_string(node - 1) +
                     " is not one of resources.memory_nodes");
  }
  return check(record.numa, size, page_bytes_of(record.pages), record.topology);
}

Result<void> check_resources(const GuestRecord& record) {
  const auto& resources = record.resources;
  if (resources.cpu_weight > 10000) return invalid("resources.cpu_weight must be 1 to 10000");
  if (resources.cpu_quota_percent > record.vcpus * 100) {
    return invalid("resources.cpu_quota must be at most " + std::to_string(record.vcpus * 100) +
                   " per cent, 100 for each vCPU");
  }
  if (resources.memory_overhead != 0 &&
      (resources.memory_overhead < min_memory_overhead || resources.memory_overhead > max_memory_bytes)) {
    return invalid("resources.memory_overhead must be 4 MiB to 1 TiB");
  }
  const auto least = least_pids(record);
  if (resources.pids_max != 0 && (resources.pids_max < least || resources.pids_max > max_pids)) {
    return invalid("resources.pids_max must be " + std::to_string(least) + " to " + std::to_string(max_pids));
  }
  if (resources.io_weight > 10000) return invalid("resources.io_weight must be 1 to 10000");
  if (resources.memory_low > record.memory_bytes || resources.memory_low % limit_step != 0) {
    return invalid("resources.memory_low must be at most memory.size, in steps of 4 KiB");
  }
  if (resources.swap > max_memory_bytes || resources.swap % limit_step != 0) {
    return invalid("resources.swap must be at most 1 TiB, in steps of 4 KiB");
  }
  if (resources.realtime_priority > 99) return invalid("cpu.realtime_priority must be 1 to 99");
  if (!is_switch(resources.memory_merge)) return invalid("memory.merge must be true or false");
  if (resources.memory_merge == Switch::on && !is_movable(record.pages, record.lock)) {
    return invalid("memory.merge needs pages that can be merged: not with huge memory.pages or memory.lock");
  }
  return check_pinning(record);
}

}  // namespace

bool is_topology_of(const CpuTopology& topology, std::uint32_t vcpus) {
  if (topology == CpuTopology{}) return true;
  const auto is_count = [](std::uint32_t n) { return n >= 1 && n <= max_vcpus; };
  return is_count(topology.sockets) && is_count(topology.cores) && is_count(topology.threads) &&
         topology.sockets * topology.cores * topology.threads == vcpus;
}

std::uint64_t page_bytes_of(MemoryPages pages) {
  return pages == MemoryPages::huge_1g ? huge_1g_bytes : 2ULL << 20;
}

bool is_movable(MemoryPages pages, Switch lock) {
  return lock == Switch::off && (pages == MemoryPages::transparent || pages == MemoryPages::small);
}

std::string uuid_text(const Uuid& uuid) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (std::size_t byte = 0; byte < uuid.size(); ++byte) {
    if (byte == 4 || byte == 6 || byte == 8 || byte == 10) text += '-';
    text += digits[uuid[byte] >> 4];
    text += digits[uuid[byte] & 15];
  }
  return text;
}

bool is_guest_name(std::string_view text) {
  return !text.empty() && text.size() < 64 && is_lower_or_digit(text.front()) &&
         std::ranges::all_of(
             text, [](char c) { return is_lower_or_digit(c) || c == '.' || c == '_' || c == '-'; });
}

bool is_device_id(std::string_view text) {
  return !text.empty() && text.size() <= 20 && is_lower_or_digit(text.front()) &&
         std::ranges::all_of(text, [](char c) { return is_lower_or_digit(c) || c == '-'; });
}

bool is_interface_name(std::string_view text) {
  return !text.empty() && text.size() < 16 && text != "." && text != ".." &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f && c != '/' && c != ':'; });
}

std::string_view net_kind_name(NetKind kind) {
  if (kind == NetKind::passt) return "passt";
  return kind == NetKind::tap ? "tap" : "bridge";
}

std::uint32_t vhost_count(const GuestRecord& record) {
  const auto nets = std::span(record.nets).first(std::min(record.net_count, max_nets));
  return static_cast<std::uint32_t>(std::ranges::count(nets, Switch::on, &NetRecord::vhost));
}

std::uint32_t least_pids(const GuestRecord& record) {
  return record.vcpus + vhost_count(record) + min_spare_pids;
}

const NetRecord* passt_net_of(const GuestRecord& record) {
  for (const auto& net : std::span(record.nets).first(std::min(record.net_count, max_nets))) {
    if (net.kind == NetKind::passt) return &net;
  }
  return nullptr;
}

std::string mac_text(const MacAddress& mac) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const auto byte : mac) {
    if (!text.empty()) text += ':';
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

bool has_tap(const NetRecord& net) { return net.kind == NetKind::tap || net.kind == NetKind::bridge; }

std::span<const IpAddress> addresses_of(const NetRecord& net) {
  const std::span all(net.addresses);
  return all.first(static_cast<std::size_t>(std::ranges::find(all, IpAddress{}) - all.begin()));
}

bool is_normal_path(std::string_view text) {
  if (text.size() < 2 || text.front() != '/' || text.back() == '/') return false;
  while (!text.empty()) {
    text.remove_prefix(1);
    const auto component = text.substr(0, text.find('/'));
    if (component.empty() || component == "." || component == "..") return false;
    text.remove_prefix(component.size());
  }
  return true;
}

Result<void> check(const NetRecord& net, const std::string& key) {
  if (!net.id.is_well_formed() || !is_device_id(net.id.view())) {
    return invalid(key + ".id must be 1 to 20 of a-z, 0-9 and '-', and start with a letter or digit");
  }
  if (net.kind != NetKind::tap && net.kind != NetKind::bridge && net.kind != NetKind::passt) {
    return invalid(key + " must have either a tap, a bridge or passt");
  }
  IMMURE_TRY(check_forwards(net, key));
  if (net.kind == NetKind::passt) {
    if (net.host != InterfaceName{}) return invalid(key + " names an interface although it has passt");
    if (net.addresses != decltype(net.addresses){})
      return invalid(key + ".addresses: passt gives the guest its address");
  } else if (!net.host.is_well_formed() || !is_interface_name(net.host.view())) {
    return invalid(key + " names an interface that cannot exist: \"" + std::string(net.host.view()) + "\"");
  }
  const auto is_multicast = (net.mac[0] & 1) != 0;  // IEEE 802, 8.2.2
  if (is_multicast || net.mac == MacAddress{}) {
    return invalid(key + ".mac must be the address of one interface, not " + mac_text(net.mac));
  }
  IMMURE_TRY(check_net_addresses(net, key + ".addresses"));
  if (!is_switch(net.vhost)) return invalid(key + ".vhost must be true or false");
  if (net.vhost == Switch::on && net.kind == NetKind::passt)
    return invalid(key + ".vhost needs a tap or a bridge: passt has no interface");
  if (net.vhost == Switch::on && net.limit != RateLimit{})
    return invalid(key + ".vhost and " + key + ".limit: the kernel's vhost-net has no limits; take one away");
  return check(net.limit, key + ".limit");
}

Result<void> check(const GuestRecord& record) {
  IMMURE_TRY(check_header(record, "the guest record"));
  if (!record.name.is_well_formed() || !is_guest_name(record.name.view())) {
    return invalid("name must be 1 to 63 of a-z, 0-9, '.', '_' and '-', and start with a letter or digit");
  }
  IMMURE_TRY(check_path(record.kernel, "boot.kernel"));
  if (!record.initrd.empty()) IMMURE_TRY(check_path(record.initrd, "boot.initrd"));
  if (!record.manifest.empty()) IMMURE_TRY(check_path(record.manifest, "boot.manifest"));
  if (!record.command_line.is_well_formed()) return invalid("boot.command_line contains a control character");
  if (record.vcpus < 1 || record.vcpus > max_vcpus) {
    return invalid("cpu.count must be 1 to " + std::to_string(max_vcpus) + ", not " +
                   std::to_string(record.vcpus));
  }
  if (!is_switch(record.serial) || !is_switch(record.console) || !is_switch(record.entropy) ||
      !is_switch(record.balloon)) {
    return invalid("a switch is neither on nor off");
  }
  IMMURE_TRY(check_cpu(record));
  IMMURE_TRY(check_memory(record));
  if (record.watchdog > WatchdogExpiry::end) return invalid("watchdog.expiry must be \"reset\" or \"end\"");
  if (record.vsock_cid != 0 && (record.vsock_cid < min_vsock_cid || record.vsock_cid > max_vsock_cid)) {
    return invalid("vsock.cid must be " + std::to_string(min_vsock_cid) + " to " +
                   std::to_string(max_vsock_cid));
  }
  IMMURE_TRY(check_disks(record));
  IMMURE_TRY(check_verity(record));
  IMMURE_TRY(check_nets(record));
  IMMURE_TRY(check(record.console_limit, "console.limit"));
  IMMURE_TRY(check(record.entropy_limit, "entropy.limit"));
  return check_resources(record);
}

}  // namespace immure::policy
