#include "attest/measure/configuration.hpp"

#include <algorithm>
#include <cstddef>

namespace immure::attest::measure {
namespace {

class Lines {
 public:
  void add(const std::string& key, std::string_view value) { text_ += key + "=" + std::string(value) + "\n"; }
  void add(const std::string& key, std::uint64_t value) { add(key, std::string_view(std::to_string(value))); }
  void add(const std::string& key, policy::Switch value) {
    add(key, value == policy::Switch::on ? "on" : "off");
  }
  void add(const std::string& key, const policy::RateLimit& limit) {
    add_limit(key, limit, policy::rate_limit_fields);
  }
  void add(const std::string& key, const policy::DeviceLimit& limit) {
    add_limit(key, limit, policy::device_limit_fields);
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  /// Only what is limited has lines: all of its numbers, in the order of the fields.
  template <typename Limit, typename Fields>
  void add_limit(const std::string& key, const Limit& limit, const Fields& fields) {
    if (limit == Limit{}) return;
    for (const auto& field : fields) {
      std::string name(field.name);
      std::ranges::replace(name, '_', '-');
      add(key + "." + name, limit.*field.value);
    }
  }

  std::string text_ = "immure-configuration=1\n";
};

std::string names_of(policy::CpuFeatureSet set) {
  std::string names;
  for (const auto& feature : policy::cpu_features) {
    if ((set & *policy::cpu_feature_bit(feature.name)) != 0)
      names += (names.empty() ? "" : ",") + std::string(feature.name);
  }
  return names;
}

std::string_view name_of(policy::DiskAccess access) {
  return access == policy::DiskAccess::read_only ? "read-only" : "read-write";
}

/// Only a disk with a tree has lines. The root hash is the disk's digest, and stands in the command line.
void add_verity(Lines& lines, const std::string& key, const policy::VerityRecord& verity) {
  if (verity.mount == policy::VerityMount::none) return;
  lines.add(key, verity.mount == policy::VerityMount::root ? "root" : "usr");
  lines.add(key + ".hash-offset", verity.hash_offset);
  lines.add(key + ".hash-disk", verity.hash_disk.view());
}

}  // namespace

std::string canonical_configuration(const policy::GuestRecord& record) {
  Lines lines;
  lines.add("initrd", record.initrd.empty() ? policy::Switch::off : policy::Switch::on);
  lines.add("vcpus", record.vcpus);
  lines.add("serial", record.serial);
  lines.add("console", record.console);
  lines.add("entropy", record.entropy);
  lines.add("balloon", record.balloon);
  lines.add("sockets", record.topology.sockets);
  lines.add("cores", record.topology.cores);
  lines.add("threads", record.topology.threads);
  lines.add("nested", record.nested);
  lines.add("cpu-model", policy::name_of(record.model));
  lines.add("features-off", names_of(record.features_off));
  lines.add("memory", record.memory_bytes);
  lines.add("pages", static_cast<std::uint64_t>(record.pages));
  lines.add("prefault", record.prefault);
  lines.add("lock", record.lock);
  lines.add("numa-nodes", record.numa.nodes);
  lines.add("merge", record.resources.memory_merge);
  lines.add("watchdog", static_cast<std::uint64_t>(record.watchdog));
  lines.add("vsock", record.vsock_cid == 0 ? policy::Switch::off : policy::Switch::on);
  for (std::size_t i = 0; i < record.disk_count; ++i) {
    const auto& disk = record.disks.at(i);
    const auto key = "disk." + std::to_string(i);
    lines.add(key + ".id", disk.id.view());
    lines.add(key + ".format", "raw");
    lines.add(key + ".access", name_of(disk.access));
    lines.add(key + ".direct", disk.direct);
    lines.add(key + ".queues", disk.queues);
    lines.add(key + ".engine", disk.engine == policy::DiskEngine::io_uring ? "io_uring" : "plain");
    lines.add(key + ".limit", disk.limit);
    lines.add(key + ".device-limit", disk.device_limit);
    add_verity(lines, key + ".verity", disk.verity);
  }
  for (std::size_t i = 0; i < record.net_count; ++i) {
    const auto& net = record.nets.at(i);
    const auto key = "net." + std::to_string(i);
    lines.add(key + ".id", net.id.view());
    lines.add(key + ".kind", policy::net_kind_name(net.kind));
    if (net.vhost == policy::Switch::on) lines.add(key + ".vhost", net.vhost);
    lines.add(key + ".limit", net.limit);
  }
  lines.add("console.limit", record.console_limit);
  lines.add("entropy.limit", record.entropy_limit);
  const auto& resources = record.resources;
  lines.add("cpu-weight", resources.cpu_weight);
  lines.add("cpu-quota", resources.cpu_quota_percent);
  lines.add("memory-overhead", resources.memory_overhead);
  lines.add("memory-low", resources.memory_low);
  lines.add("swap", resources.swap);
  lines.add("io-weight", resources.io_weight);
  lines.add("pids", resources.pids_max);
  return lines.text();
}

}  // namespace immure::attest::measure
