#include "policy/host_policy_file.hpp"

#include <algorithm>
#include <span>

namespace immure::policy {
namespace {

static_assert(std::has_unique_object_representations_v<HostPolicyFile>, "a record has no implicit padding");

bool has(std::span<const AccountName> names, std::string_view name) {
  return std::ranges::any_of(names, [&](const AccountName& each) { return each.view() == name; });
}

bool is_member(const TenantRecord& tenant, const Requester& requester) {
  const auto groups = std::span(tenant.groups).first(tenant.group_count);
  return has(std::span(tenant.users).first(tenant.user_count), requester.user) ||
         std::ranges::any_of(requester.groups, [&](const auto& group) { return has(groups, group); });
}

/// A tenant has what he was given, and shares only what may be read.
HostPolicyRecord of_tenant(HostPolicyRecord record, const TenantRecord& tenant) {
  record.tenant = tenant.limits;
  if (tenant.max_vcpus != 0) record.max_vcpus = std::min(record.max_vcpus, tenant.max_vcpus);
  if (tenant.max_memory_bytes != 0)
    record.max_memory_bytes = std::min(record.max_memory_bytes, tenant.max_memory_bytes);
  record.max_swap_bytes = tenant.max_swap_bytes;
  record.max_realtime_priority = tenant.max_realtime_priority;
  record.memory_merge_allowed = tenant.limits.memory_merge_allowed;
  for (const auto& directory : std::span(tenant.limits.directories).first(tenant.limits.directory_count)) {
    record.image_directories.at(record.image_directory_count++) = directory;
  }
  record.taps = {};
  record.bridges = {};
  record.tap_count = tenant.tap_count;
  record.bridge_count = tenant.bridge_count;
  std::ranges::copy(tenant.taps, record.taps.begin());
  std::ranges::copy(tenant.bridges, record.bridges.begin());
  if (!tenant.addresses.empty()) record.addresses = tenant.addresses;
  record.passt = tenant.passt;
  record.vhost = tenant.vhost;
  record.forward_addresses = {};
  record.forward_address_count = tenant.forward_address_count;
  std::ranges::copy(tenant.forward_addresses, record.forward_addresses.begin());
  if (!tenant.signers.empty()) {
    record.attestation.signers = tenant.signers;
    record.attestation.signature_required = Switch::on;
  }
  return record;
}

}  // namespace

HostPolicyFile default_host_policy_file() {
  HostPolicyFile file;
  file.header = header_of<HostPolicyFile>();
  file.host = default_host_policy();
  return file;
}

Result<void> check(const HostPolicyFile& file) {
  IMMURE_TRY(check_header(file, "the host policy"));
  IMMURE_TRY(check(file.host));
  if (!file.host.tenant.name.empty() || file.host.image_directory_count > max_image_directories)
    return invalid("the host policy is one of a tenant");
  if (file.owner_count > max_owners) return invalid("owners: too many");
  for (const auto& owner : std::span(file.owners).first(file.owner_count)) {
    if (owner.empty() || !owner.is_well_formed()) return invalid("owners has a name that is not one");
  }
  if (file.tenant_count > max_tenants) return invalid("tenants: too many");
  const auto tenants = std::span(file.tenants).first(file.tenant_count);
  for (const auto& tenant : tenants) {
    IMMURE_TRY(check(tenant));
    if (!tenant.addresses.empty() && file.host.anti_spoofing == Switch::off)
      return invalid("tenants.addresses need networks.anti_spoofing: nobody else looks at them");
    const auto same = [&](const TenantRecord& other) { return other.limits.name == tenant.limits.name; };
    if (std::ranges::count_if(tenants, same) != 1) {
      return invalid("tenants.name \"" + std::string(tenant.limits.name.view()) + "\" is used twice");
    }
  }
  return {};
}

HostPolicyRecord policy_for(const HostPolicyFile& file, const std::optional<Requester>& requester) {
  auto record = file.host;
  if (!requester) return record;
  record.requester = AccountName::fitting(requester->user);
  const auto is_owner = has(std::span(file.owners).first(file.owner_count), requester->user);
  if (is_owner || file.tenant_count == 0) return record;
  for (const auto& tenant : std::span(file.tenants).first(file.tenant_count)) {
    if (is_member(tenant, *requester)) return of_tenant(record, tenant);
  }
  record.requester_allowed = Switch::off;
  return record;
}

}  // namespace immure::policy
