#include <array>
#include <span>

#include "policy/toml/guest_spec.hpp"
#include "policy/toml/values.hpp"
#include "policy/verity_rules.hpp"

namespace immure::policy {
namespace {

/// A TOML basic string. The record's texts have no control character (check()), so two escapes are enough.
std::string text(std::string_view value) {
  std::string out = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string boolean(Switch value) { return value == Switch::on ? "true" : "false"; }
std::string size(std::uint64_t bytes) { return text(toml_text::format_size(bytes)); }

/// "KEY = VALUE", or nothing where the record leaves the default.
std::string unless_zero(std::string_view key, std::uint64_t value) {
  return value == 0 ? "" : std::string(key) + " = " + std::to_string(value) + "\n";
}

/// "KEY = {...}" with the numbers that are set, or nothing where none is.
template <typename Limit, typename Fields>
std::string print_limit(const std::string& key, const Limit& limit, const Fields& fields) {
  std::string out;
  for (const auto& field : fields) {
    if (limit.*field.value == 0) continue;
    out += (out.empty() ? key + " = { " : ", ") + std::string(field.name) + " = " +
           std::to_string(limit.*field.value);
  }
  return out.empty() ? "" : out + " }\n";
}
std::string print_limit(const RateLimit& limit) { return print_limit("limit", limit, rate_limit_fields); }
std::string print_limit(const DeviceLimit& limit) {
  return print_limit("device_limit", limit, device_limit_fields);
}

/// "verity = {...}", or nothing where there is none.
std::string print_verity(const VerityRecord& verity) {
  if (verity.mount == VerityMount::none) return "";
  return "verity = { mount = " + text(verity.mount == VerityMount::root ? "root" : "usr") +
         ", root_hash = " + text(root_hash_text(verity)) +
         ", hash_offset = " + std::to_string(verity.hash_offset) +
         (verity.hash_disk.empty() ? "" : ", hash_disk = " + text(verity.hash_disk.view())) + " }\n";
}

std::string print_disk(const DiskRecord& disk) {
  return "\n[[disks]]\nid = " + text(disk.id.view()) + "\npath = " + text(disk.path.view()) +
         "\nformat = \"raw\"\nread_only = " + (disk.access == DiskAccess::read_only ? "true" : "false") +
         "\ndirect = " + boolean(disk.direct) + "\n" + unless_zero("queues", disk.queues) +
         (disk.engine == DiskEngine::io_uring ? "engine = \"io_uring\"\n" : "engine = \"plain\"\n") +
         print_verity(disk.verity) + print_limit(disk.limit) + print_limit(disk.device_limit);
}

/// "addresses = [...]", or nothing where there are none.
std::string print_addresses(const NetRecord& net) {
  std::string out;
  for (const auto& address : addresses_of(net)) out += (out.empty() ? "" : ", ") + text(ip_text(address));
  return out.empty() ? "" : "addresses = [" + out + "]\n";
}

std::string print_forwards(const NetRecord& net) {
  std::string out;
  for (const auto& forward : std::span(net.forwards).first(net.forward_count))
    out += (out.empty() ? "" : ", ") + text(forward_text(forward));
  return out.empty() ? "" : "forward = [" + out + "]\n";
}

std::string print_net(const NetRecord& net) {
  const auto host = net.kind == NetKind::passt ? std::string("true") : text(net.host.view());
  const auto* const vhost = net.vhost == Switch::on ? "vhost = true\n" : "";
  return "\n[[nets]]\nid = " + text(net.id.view()) + "\n" + std::string(net_kind_name(net.kind)) + " = " +
         host + "\nmac = " + text(mac_text(net.mac)) + "\n" + vhost + print_addresses(net) +
         print_forwards(net) + print_limit(net.limit);
}

/// "key = [0, 1]" of numbers that are kept with 1 added, or nothing where there are none.
std::string print_numbers(std::string_view key, std::span<const std::uint16_t> kept) {
  std::string out;
  for (const auto number : kept)
    if (number != 0) out += (out.empty() ? "" : ", ") + std::to_string(number - 1);
  return out.empty() ? "" : std::string(key) + " = [" + out + "]\n";
}

std::string print_scheduling(const ResourceRecord& resources) {
  return print_numbers("pinning", resources.pinned_cpus) +
         unless_zero("realtime_priority", resources.realtime_priority);
}

std::string print_cpu(const GuestRecord& record) {
  std::string off;
  for (const auto& feature : cpu_features) {
    if ((record.features_off & *cpu_feature_bit(feature.name)) != 0)
      off += (off.empty() ? "" : ", ") + text(feature.name);
  }
  return "\n[cpu]\ncount = " + std::to_string(record.vcpus) + "\n" +
         unless_zero("sockets", record.topology.sockets) + unless_zero("cores", record.topology.cores) +
         unless_zero("threads", record.topology.threads) + "nested = " + boolean(record.nested) + "\n" +
         "model = " + text(name_of(record.model)) + "\n" +
         (off.empty() ? "" : "features_off = [" + off + "]\n") + print_scheduling(record.resources);
}

std::string print_memory(const GuestRecord& record) {
  constexpr std::array pages{"transparent", "small", "2 MiB", "1 GiB"};
  return "\n[memory]\nsize = " + size(record.memory_bytes) + "\nballoon = " + boolean(record.balloon) +
         "\npages = " + text(pages.at(static_cast<std::size_t>(record.pages))) +
         "\nprefault = " + boolean(record.prefault) + "\nlock = " + boolean(record.lock) +
         "\nmerge = " + boolean(record.resources.memory_merge) + "\n";
}

std::string print_numa(const NumaRecord& numa) {
  if (numa.nodes == 0) return "";
  return "\n[numa]\nnodes = " + std::to_string(numa.nodes) + "\n" +
         print_numbers("host_nodes", numa.host_nodes);
}

std::string size_unless_zero(std::string_view key, std::uint64_t bytes) {
  return bytes == 0 ? "" : std::string(key) + " = " + size(bytes) + "\n";
}

std::string print_set(std::string_view key, const HostSet& set) {
  return set.empty() ? "" : std::string(key) + " = " + text(list_text(set)) + "\n";
}

std::string print_resources(const ResourceRecord& resources) {
  const auto out = unless_zero("cpu_weight", resources.cpu_weight) +
                   unless_zero("cpu_quota", resources.cpu_quota_percent) + print_set("cpus", resources.cpus) +
                   print_set("memory_nodes", resources.memory_nodes) +
                   size_unless_zero("memory_overhead", resources.memory_overhead) +
                   size_unless_zero("memory_low", resources.memory_low) +
                   size_unless_zero("swap", resources.swap) + unless_zero("io_weight", resources.io_weight) +
                   unless_zero("pids_max", resources.pids_max);
  return out.empty() ? "" : "\n[resources]\n" + out;
}

}  // namespace

std::string print_guest_spec(const GuestRecord& record) {
  std::string out = "name = " + text(record.name.view()) + "\n";
  if (record.uuid != Uuid{}) out += "uuid = " + text(uuid_text(record.uuid)) + "\n";
  out += "\n[boot]\nkernel = " + text(record.kernel.view()) + "\n";
  if (!record.initrd.empty()) out += "initrd = " + text(record.initrd.view()) + "\n";
  if (!record.manifest.empty()) out += "manifest = " + text(record.manifest.view()) + "\n";
  out += "command_line = " + text(record.command_line.view()) + "\n";
  out += print_cpu(record) + print_memory(record) + print_numa(record.numa);
  for (const auto& disk : std::span(record.disks).first(record.disk_count)) out += print_disk(disk);
  for (const auto& net : std::span(record.nets).first(record.net_count)) out += print_net(net);
  out += "\n[console]\nserial = " + boolean(record.serial) + "\nvirtio = " + boolean(record.console) + "\n";
  out += print_limit(record.console_limit);
  out += "\n[entropy]\nenabled = " + boolean(record.entropy) + "\n" + print_limit(record.entropy_limit);
  if (record.watchdog != WatchdogExpiry::no_watchdog)
    out += std::string("\n[watchdog]\nexpiry = ") +
           (record.watchdog == WatchdogExpiry::reset ? "\"reset\"" : "\"end\"") + "\n";
  if (record.vsock_cid != 0) out += "\n[vsock]\n" + unless_zero("cid", record.vsock_cid);
  return out + print_resources(record.resources);
}

}  // namespace immure::policy
