#pragma once

#include "policy/attestation_rules.hpp"
#include "policy/toml/table_reader.hpp"

namespace immure::policy::toml_text {

/// [attestation] of the host policy.
void read_attestation(TableReader table, AttestationRules& rules);

/// The path of a file of the host's, in normal form; empty where the key is missing.
HostPath read_host_file(TableReader& table, std::string_view name);

}  // namespace immure::policy::toml_text
