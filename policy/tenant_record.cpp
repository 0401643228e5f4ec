#include "policy/tenant_record.hpp"

#include <span>

namespace immure::policy {
namespace {

Result<void> check_names(std::span<const AccountName> names, std::uint32_t count, const char* key) {
  if (count > names.size()) return invalid(std::string(key) + ": too many");
  for (const auto& name : names.first(count)) {
    if (name.empty() || !name.is_well_formed())
      return invalid(std::string(key) + " has a name that is not one");
  }
  return {};
}

}  // namespace

Result<void> check_interfaces(std::span<const InterfaceName> names, std::uint32_t count, const char* key) {
  if (count > names.size()) return invalid(std::string(key) + ": too many");
  for (const auto& name : names.first(count)) {
    if (!name.is_well_formed() || !is_interface_name(name.view()))
      return invalid(std::string(key) + " has a name that no interface can have");
  }
  return {};
}

Result<void> check(const TenantLimits& limits) {
  if (limits == TenantLimits{}) return {};
  if (!limits.name.is_well_formed() || !is_guest_name(limits.name.view())) {
    return invalid(
        "tenants.name must be 1 to 63 of a-z, 0-9, '.', '_' and '-', and start with a letter or digit");
  }
  if (!limits.guest_names.is_well_formed() ||
      (!limits.guest_names.empty() && !is_guest_name(limits.guest_names.view()))) {
    return invalid("tenants.guest_names must be how a guest's name can begin");
  }
  if (limits.directory_count > max_tenant_directories) return invalid("tenants.directories: too many");
  for (const auto& path : std::span(limits.directories).first(limits.directory_count)) {
    if (!path.is_well_formed() || !is_normal_path(path.view()))
      return invalid("tenants.directories must be absolute paths in normal form");
  }
  if (!is_switch(limits.memory_merge_allowed)) return invalid("tenants.memory_merge must be true or false");
  return {};
}

Result<void> check(const TenantRecord& tenant) {
  if (tenant.limits.name.empty()) return invalid("tenants.name is missing");
  IMMURE_TRY(check(tenant.limits));
  IMMURE_TRY(check_names(tenant.users, tenant.user_count, "tenants.users"));
  IMMURE_TRY(check_names(tenant.groups, tenant.group_count, "tenants.groups"));
  if (!tenant.signers.empty() && (!tenant.signers.is_well_formed() || !is_normal_path(tenant.signers.view())))
    return invalid("tenants.signers must be an absolute path in normal form");
  if (!is_switch(tenant.passt)) return invalid("tenants.passt must be true or false");
  if (!is_switch(tenant.vhost)) return invalid("tenants.vhost must be true or false");
  if (tenant.reserved != 0) return invalid("tenants: a reserved field is not 0");
  if (tenant.forward_address_count > max_tenant_addresses)
    return invalid("tenants.forward_addresses: too many");
  if (tenant.max_vcpus > max_vcpus) return invalid("tenants.vcpus is out of range");
  if (tenant.max_memory_bytes != 0 &&
      (tenant.max_memory_bytes < min_memory_bytes || tenant.max_memory_bytes > max_memory_bytes))
    return invalid("tenants.memory is out of range");
  if (tenant.max_swap_bytes > max_memory_bytes) return invalid("tenants.swap is out of range");
  if (tenant.max_realtime_priority > 99) return invalid("tenants.realtime_priority must be 0 to 99");
  IMMURE_TRY(check(tenant.addresses, "tenants.addresses"));
  IMMURE_TRY(check_interfaces(tenant.taps, tenant.tap_count, "tenants.taps"));
  return check_interfaces(tenant.bridges, tenant.bridge_count, "tenants.bridges");
}

}  // namespace immure::policy
