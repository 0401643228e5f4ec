#include "policy/host_policy_record.hpp"

#include <algorithm>
#include <span>

namespace immure::policy {
namespace {

static_assert(std::has_unique_object_representations_v<HostPolicyRecord>, "a record has no implicit padding");

Result<void> check_net_rules(const HostPolicyRecord& record) {
  if (!is_switch(record.anti_spoofing) || !is_switch(record.metadata_allowed) ||
      !is_switch(record.addresses_required) || !is_switch(record.vhost)) {
    return invalid("networks: a switch is neither on nor off");
  }
  const auto asked = record.addresses_required == Switch::on || !record.addresses.empty();
  if (record.anti_spoofing == Switch::off && asked) {
    return invalid("networks.require_addresses and networks.addresses need networks.anti_spoofing");
  }
  return check(record.addresses, "networks.addresses");
}

}  // namespace

HostPolicyRecord default_host_policy() {
  HostPolicyRecord record;
  record.header = header_of<HostPolicyRecord>();
  record.selinux = SelinuxMode::required;
  record.uid_base =
      2'000'000'000;  // Far from login accounts and from the ranges of /etc/subuid (systemd's UIDS-GIDS).
  record.uid_count = 131'072;
  record.max_vcpus = max_vcpus;
  record.max_memory_bytes = max_memory_bytes;
  record.max_guests = 65'536;
  record.core_scheduling = CoreScheduling::where_possible;
  record.requester_allowed = Switch::on;
  record.anti_spoofing = Switch::on;
  record.forward_addresses = {loopback_v4, loopback_v6};
  record.forward_address_count = 2;
  return record;
}

Result<void> check(const HostPolicyRecord& record) {
  IMMURE_TRY(check_header(record, "the host policy record"));
  if (record.selinux != SelinuxMode::required && record.selinux != SelinuxMode::optional) {
    return invalid("selinux must be \"required\" or \"optional\"");
  }
  // The base is compared first: a difference with a larger base would wrap, and so would the guests' uids, to
  // 0.
  if (record.uid_base < first_guest_uid || record.uid_base > last_guest_uid || record.uid_base % 2 != 0 ||
      record.uid_count < 2 || record.uid_count % 2 != 0 ||
      record.uid_count > last_guest_uid - record.uid_base) {
    return invalid(
        "uids.base must be even and at least 65536, uids.count even and at least 2, and both together below "
        "2^31");
  }
  if (record.max_vcpus < 1 || record.max_vcpus > max_vcpus) return invalid("limits.vcpus is out of range");
  if (record.max_memory_bytes < min_memory_bytes || record.max_memory_bytes > max_memory_bytes) {
    return invalid("limits.memory is out of range");
  }
  if (record.max_guests < 1 || record.max_guests > max_host_guests) {
    return invalid("limits.guests must be 1 to " + std::to_string(max_host_guests));
  }
  if (record.max_swap_bytes > max_memory_bytes) return invalid("limits.swap is out of range");
  if (record.max_realtime_priority > 99) return invalid("limits.realtime_priority must be 0 to 99");
  if (record.core_scheduling > CoreScheduling::required) return invalid("cpus.core_scheduling is no mode");
  if (record.image_directory_count > record.image_directories.size())
    return invalid("images.directories: too many");
  for (std::uint32_t i = 0; i < record.image_directory_count; ++i) {
    const auto& path = record.image_directories[i];
    if (!path.is_well_formed() || !is_normal_path(path.view())) {
      return invalid("images.directories[" + std::to_string(i) + "] must be an absolute path in normal form");
    }
  }
  IMMURE_TRY(check_interfaces(record.taps, record.tap_count, "networks.taps"));
  IMMURE_TRY(check_interfaces(record.bridges, record.bridge_count, "networks.bridges"));
  IMMURE_TRY(check_net_rules(record));
  if (!record.requester.is_well_formed()) return invalid("the requester's name is not well-formed");
  if (!is_switch(record.requester_allowed))
    return invalid("the host policy says neither yes nor no to the requester");
  if (!is_switch(record.memory_merge_allowed)) return invalid("limits.memory_merge must be true or false");
  if (!is_switch(record.passt)) return invalid("networks.passt must be true or false");
  if (record.forward_address_count > max_forward_addresses)
    return invalid("networks.forward_addresses: too many");
  IMMURE_TRY(check(record.attestation));
  return check(record.tenant);
}

}  // namespace immure::policy
