#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/host_policy_record.hpp"

namespace immure::policy {

constexpr std::uint32_t max_owners = 16;

/// All of /etc/immure/host.toml, as the parser hands it over.
struct HostPolicyFile {
  static constexpr std::uint32_t record_magic = 0x46'4d'4d'49;  // "IMMF"
  static constexpr std::uint32_t record_version = 1;

  RecordHeader header;
  HostPolicyRecord host;  ///< what the host's owner may
  std::uint32_t owner_count = 0;
  std::uint32_t tenant_count = 0;
  std::array<AccountName, max_owners> owners{};  ///< users who act as the host's owner
  std::array<TenantRecord, max_tenants> tenants{};
};

/// That of a host without the file.
HostPolicyFile default_host_policy_file();

/// Every rule of its parts, and: names of tenants are unique.
Result<void> check(const HostPolicyFile& file);

/// Who asks, as the host knows him.
struct Requester {
  std::string user;
  std::vector<std::string> groups;
};

/// What the host policy allows him; nothing stands for the host itself: root, or a service. He is a tenant's
/// where the first tenant that names him, or a group of his, says so. Without tenants everybody who can ask
/// is an owner.
HostPolicyRecord policy_for(const HostPolicyFile& file, const std::optional<Requester>& requester);

}  // namespace immure::policy
