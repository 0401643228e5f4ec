#include "policy/toml/tenants.hpp"

#include "policy/toml/attestation.hpp"
#include "policy/toml/host_policy_lists.hpp"

namespace immure::policy::toml_text {
namespace {

std::uint32_t natural(TableReader& table, std::string_view name, Range range, std::uint64_t fallback) {
  const Key key{name,
                "a whole number from " + std::to_string(range.least) + " to " + std::to_string(range.most)};
  return static_cast<std::uint32_t>(table.whole_number(key, range).value_or(fallback));
}

std::uint64_t bytes(TableReader& table, std::string_view name, Range range, std::uint64_t fallback) {
  return table.size({name, "a size of at most \"1 TiB\""}, range).value_or(fallback);
}

GuestName read_name(TableReader& tenant, const Key& key) {
  const auto text = tenant.text(key);
  if (!text) return {};
  if (!is_guest_name(*text)) {
    tenant.reject(key, quoted(*text) + " cannot be one");
    return {};
  }
  return GuestName::fitting(*text);
}

void read_limits(TableReader& tenant, TenantRecord& record) {
  constexpr std::uint64_t any_memory = ~0ULL;
  constexpr std::uint64_t any_vcpus = max_host_guests * std::uint64_t{max_vcpus};
  auto& limits = record.limits;
  limits.max_guests = natural(tenant, "guests", {.least = 1, .most = max_host_guests}, max_host_guests);
  limits.max_total_vcpus = natural(tenant, "total_vcpus", {.least = 1, .most = any_vcpus}, any_vcpus);
  limits.max_total_memory =
      tenant.size({"total_memory", "a size"}, {.least = min_memory_bytes, .most = any_memory})
          .value_or(any_memory);
  record.max_vcpus = natural(tenant, "vcpus", {.least = 1, .most = max_vcpus}, 0);
  record.max_memory_bytes = bytes(tenant, "memory", {.least = min_memory_bytes, .most = max_memory_bytes}, 0);
  record.max_swap_bytes = bytes(tenant, "swap", {.least = 0, .most = max_memory_bytes}, 0);
  record.max_realtime_priority = natural(tenant, "realtime_priority", {.least = 0, .most = 99}, 0);
  limits.memory_merge_allowed = read_switch(tenant, "memory_merge");
}

TenantRecord read_tenant(TableReader& tenant) {
  TenantRecord record;
  const std::string name_allowed = "1 to 63 of a-z, 0-9, '.', '_' and '-', the first a letter or digit";
  record.limits.name = read_name(tenant, {"name", name_allowed + "; each once", Need::required});
  record.user_count = read_accounts(tenant, "users", record.users);
  record.group_count = read_accounts(tenant, "groups", record.groups);
  record.limits.guest_names =
      read_name(tenant, {"guest_names", "how names of his guests begin: " + name_allowed});
  record.limits.directory_count = read_directories(tenant, "directories", record.limits.directories);
  record.tap_count = read_interfaces(tenant, "taps", record.taps);
  record.bridge_count = read_interfaces(tenant, "bridges", record.bridges);
  record.addresses = read_prefixes(tenant, "addresses");
  record.signers = read_host_file(tenant, "signers");
  record.passt = read_switch(tenant, "passt");
  record.vhost = read_switch(tenant, "vhost");
  record.forward_address_count = read_addresses(tenant, "forward_addresses", record.forward_addresses);
  read_limits(tenant, record);
  tenant.finish();
  return record;
}

}  // namespace

void read_tenants(TableReader& root, HostPolicyFile& file) {
  file.owner_count = read_accounts(root, "owners", file.owners);
  for (auto& tenant : root.tables("tenants")) {
    if (file.tenant_count == max_tenants) {
      tenant.reject({"name", "at most " + std::to_string(max_tenants) + " tenants"},
                    "this is a tenant too many");
      return;
    }
    file.tenants[file.tenant_count++] = read_tenant(tenant);
  }
}

}  // namespace immure::policy::toml_text
