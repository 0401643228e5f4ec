#include <span>

#include "policy/toml/guest_spec.hpp"
#include "policy/toml/values.hpp"

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

std::string print_disk(const DiskRecord& disk) {
  return "\n[[disks]]\nid = " + text(disk.id.view()) + "\npath = " + text(disk.path.view()) +
         "\nformat = \"raw\"\nread_only = " + (disk.access == DiskAccess::read_only ? "true" : "false") +
         "\n";
}

std::string print_net(const NetRecord& net) {
  return "\n[[nets]]\nid = " + text(net.id.view()) + (net.kind == NetKind::tap ? "\ntap = " : "\nbridge = ") +
         text(net.host.view()) + "\nmac = " + text(mac_text(net.mac)) + "\n";
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

std::string print_cpu(const GuestRecord& record) {
  auto out = "\n[cpu]\ncount = " + std::to_string(record.vcpus) + "\n";
  std::string pinning;
  for (const auto cpu : record.resources.pinned_cpus) {
    if (cpu != 0) pinning += (pinning.empty() ? "" : ", ") + std::to_string(cpu - 1);
  }
  if (!pinning.empty()) out += "pinning = [" + pinning + "]\n";
  return out + unless_zero("realtime_priority", record.resources.realtime_priority);
}

}  // namespace

std::string print_guest_spec(const GuestRecord& record) {
  std::string out = "name = " + text(record.name.view()) + "\n";
  if (record.uuid != Uuid{}) out += "uuid = " + text(uuid_text(record.uuid)) + "\n";
  out += "\n[boot]\nkernel = " + text(record.kernel.view()) + "\n";
  if (!record.initrd.empty()) out += "initrd = " + text(record.initrd.view()) + "\n";
  if (!record.manifest.empty()) out += "manifest = " + text(record.manifest.view()) + "\n";
  out += "command_line = " + text(record.command_line.view()) + "\n";
  out += print_cpu(record);
  out += "\n[memory]\nsize = " + size(record.memory_bytes) + "\nballoon = " + boolean(record.balloon) + "\n";
  for (const auto& disk : std::span(record.disks).first(record.disk_count)) out += print_disk(disk);
  for (const auto& net : std::span(record.nets).first(record.net_count)) out += print_net(net);
  out += "\n[console]\nserial = " + boolean(record.serial) + "\nvirtio = " + boolean(record.console) + "\n";
  out += "\n[entropy]\nenabled = " + boolean(record.entropy) + "\n";
  return out + print_resources(record.resources);
}

}  // namespace immure::policy
