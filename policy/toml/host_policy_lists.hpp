#pragma once

#include <span>

#include "policy/tenant_record.hpp"
#include "policy/toml/table_reader.hpp"

namespace immure::policy::toml_text {

// Arrays of the host policy, each read into an array of a record; yields how many there are. What is wrong,
// or too much, is told.

std::uint32_t read_directories(TableReader& table, std::string_view key, std::span<HostPath> into);
std::uint32_t read_interfaces(TableReader& table, std::string_view key, std::span<InterfaceName> into);
/// Nothing where it is missing: any.
IpPrefixSet read_prefixes(TableReader& table, std::string_view key);
/// Of users or groups.
std::uint32_t read_accounts(TableReader& table, std::string_view key, std::span<AccountName> into);

/// Of the host, IPv4 or IPv6.
std::uint32_t read_addresses(TableReader& table, std::string_view key, std::span<IpAddress> into);

/// true or false.
Switch read_switch(TableReader& table, std::string_view key, Switch fallback = Switch::off);

}  // namespace immure::policy::toml_text
