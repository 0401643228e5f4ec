#include "policy/host_policy_record.hpp"

#include <algorithm>
#include <span>

namespace immure::policy {
namespace {

static_assert(std::has_unique_object_representations_v<HostPolicyRecord>, "a record has no implicit padding");

/// True where `path` lies below `directory`: both are in normal form, so a prefix at a '/' decides.
bool lies_below(std::string_view path, std::string_view directory) {
  return path.size() > directory.size() && path.starts_with(directory) && path[directory.size()] == '/';
}

Result<void> admit_path(const HostPath& path, const HostPolicyRecord& host, std::string_view key) {
  if (host.image_directory_count == 0 || path.empty()) return {};
  const auto allowed = std::span(host.image_directories).first(host.image_directory_count);
  if (std::ranges::any_of(allowed, [&](const HostPath& dir) { return lies_below(path.view(), dir.view()); }))
    return {};
  std::string list;
  for (const auto& dir : allowed) list += (list.empty() ? "" : ", ") + std::string(dir.view());
  return invalid(std::string(key) + " \"" + std::string(path.view()) +
                 "\" is outside the image directories of the host policy (" + list + ")");
}

Result<void> check_interfaces(std::span<const InterfaceName> names, std::uint32_t count, const char* key) {
  if (count > names.size()) return invalid(std::string(key) + ": too many");
  for (const auto& name : names.first(count)) {
    if (!name.is_well_formed() || !is_interface_name(name.view()))
      return invalid(std::string(key) + " has a name that no interface can have");
  }
  return {};
}

/// Default deny: whatever connects a guest to the world is named by the host's owner.
Result<void> admit_net(const NetRecord& net, const HostPolicyRecord& host, const std::string& key) {
  const bool is_tap = net.kind == NetKind::tap;
  const auto allowed =
      is_tap ? std::span(host.taps).first(host.tap_count) : std::span(host.bridges).first(host.bridge_count);
  if (std::ranges::find(allowed, net.host) != allowed.end()) return {};
  std::string list;
  for (const auto& name : allowed) list += (list.empty() ? "" : ", ") + std::string(name.view());
  return invalid(key + (is_tap ? ".tap \"" : ".bridge \"") + std::string(net.host.view()) +
                 "\" is not in networks." + (is_tap ? "taps" : "bridges") + " of the host policy (" +
                 (list.empty() ? "which allows none" : list) + ")");
}

Result<void> check_attestation(const HostPolicyRecord& record) {
  if (record.measure < MeasureMode::off || record.measure > MeasureMode::required) {
    return invalid("attestation.measure must be \"off\", \"optional\" or \"required\"");
  }
  for (const auto* path : {&record.signers, &record.revoked, &record.tpm}) {
    if (!path->empty() && (!path->is_well_formed() || !is_normal_path(path->view()))) {
      return invalid(
          "attestation.signers, attestation.revoked and attestation.tpm must be absolute paths in normal "
          "form");
    }
  }
  if (record.signature_required != Switch::off && record.signature_required != Switch::on) {
    return invalid("attestation.require_signature must be true or false");
  }
  if (record.pcr >= first_resettable_pcr || record.reserved != 0)
    return invalid("attestation.pcr must be 0 to 15");
  if (!record.tpm.empty() && record.measure == MeasureMode::off) {
    return invalid("attestation.tpm needs attestation.measure: what is not measured cannot be recorded");
  }
  if (!record.signers.empty()) return {};
  if (record.signature_required == Switch::on) {
    return invalid("attestation.require_signature needs attestation.signers: whose signature?");
  }
  if (!record.revoked.empty()) return invalid("attestation.revoked needs attestation.signers");
  return {};
}

/// A manifest counts where the host's owner says whose; one that nobody would look at is a mistake.
Result<void> admit_manifest(const GuestRecord& guest, const HostPolicyRecord& host) {
  if (guest.manifest.empty() && host.signature_required == Switch::on) {
    return invalid(
        "boot.manifest is missing, and the host policy (attestation.require_signature) starts no guest "
        "that is not signed: see `immure sign`");
  }
  if (!guest.manifest.empty() && host.signers.empty()) {
    return invalid(
        "boot.manifest is given, but the host policy names nobody whose signature counts "
        "(attestation.signers)");
  }
  return {};
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
  record.measure = MeasureMode::off;
  record.signature_required = Switch::off;
  record.pcr = 13;
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
  if (record.image_directory_count > max_image_directories) return invalid("images.directories: too many");
  for (std::uint32_t i = 0; i < record.image_directory_count; ++i) {
    const auto& path = record.image_directories[i];
    if (!path.is_well_formed() || !is_normal_path(path.view())) {
      return invalid("images.directories[" + std::to_string(i) + "] must be an absolute path in normal form");
    }
  }
  IMMURE_TRY(check_interfaces(record.taps, record.tap_count, "networks.taps"));
  IMMURE_TRY(check_interfaces(record.bridges, record.bridge_count, "networks.bridges"));
  return check_attestation(record);
}

Result<void> admit(const GuestRecord& guest, const HostPolicyRecord& host) {
  if (guest.vcpus > host.max_vcpus) {
    return invalid("cpu.count is " + std::to_string(guest.vcpus) + ", the host policy allows " +
                   std::to_string(host.max_vcpus));
  }
  if (guest.memory_bytes > host.max_memory_bytes) {
    return invalid("memory.size is " + std::to_string(guest.memory_bytes) +
                   " bytes, the host policy allows " + std::to_string(host.max_memory_bytes));
  }
  IMMURE_TRY(admit_path(guest.kernel, host, "boot.kernel"));
  IMMURE_TRY(admit_path(guest.initrd, host, "boot.initrd"));
  IMMURE_TRY(admit_manifest(guest, host));
  for (std::uint32_t i = 0; i < guest.disk_count; ++i) {
    IMMURE_TRY(admit_path(guest.disks[i].path, host, "disks[" + std::to_string(i) + "].path"));
  }
  for (std::uint32_t i = 0; i < guest.net_count; ++i) {
    IMMURE_TRY(admit_net(guest.nets[i], host, "nets[" + std::to_string(i) + "]"));
  }
  return {};
}

}  // namespace immure::policy
