#include "policy/toml/host_policy.hpp"

#include <array>
#include <span>

#include "policy/toml/attestation.hpp"
#include "policy/toml/choice.hpp"
#include "policy/toml/document.hpp"
#include "policy/toml/host_policy_lists.hpp"
#include "policy/toml/tenants.hpp"

namespace immure::policy {
namespace {

using toml_text::Choice;
using toml_text::choose;
using toml_text::Diagnostics;
using toml_text::Key;
using toml_text::quoted;
using toml_text::read_addresses;
using toml_text::read_directories;
using toml_text::read_interfaces;
using toml_text::read_switch;
using toml_text::TableReader;

void read_selinux(TableReader& root, HostPolicyRecord& record) {
  constexpr std::array modes{Choice<SelinuxMode>{"required", SelinuxMode::required},
                             Choice<SelinuxMode>{"optional", SelinuxMode::optional}};
  const Key key{"selinux", "\"required\" or \"optional\""};
  record.selinux =
      choose(root, key, std::span<const Choice<SelinuxMode>>(modes), "not a mode").value_or(record.selinux);
}

void read_uids(TableReader uids, HostPolicyRecord& record) {
  const Key base{"base", "an even number from 65536 to 2147483645"};
  record.uid_base = static_cast<std::uint32_t>(
      uids.whole_number(base, {.least = first_guest_uid, .most = last_guest_uid - 2, .step = 2})
          .value_or(record.uid_base));
  const auto most = last_guest_uid - record.uid_base;
  const Key count{"count", "an even number from 2 to " + std::to_string(most) + ", two for each guest"};
  record.uid_count = static_cast<std::uint32_t>(
      uids.whole_number(count, {.least = 2, .most = most, .step = 2}).value_or(record.uid_count));
  if (record.uid_count > most) uids.reject(count, "uids.base and the default uids.count pass 2147483647");
  uids.finish();
}

void read_limits(TableReader limits, HostPolicyRecord& record) {
  const Key vcpus{"vcpus", "a whole number from 1 to " + std::to_string(policy::max_vcpus)};
  record.max_vcpus = static_cast<std::uint32_t>(
      limits.whole_number(vcpus, {.least = 1, .most = max_vcpus}).value_or(record.max_vcpus));
  const Key memory{"memory", "\"32 MiB\" to \"1 TiB\""};
  record.max_memory_bytes = limits.size(memory, {.least = min_memory_bytes, .most = max_memory_bytes})
                                .value_or(record.max_memory_bytes);
  const Key guests{"guests", "a whole number from 1 to " + std::to_string(max_host_guests)};
  record.max_guests = static_cast<std::uint32_t>(
      limits.whole_number(guests, {.least = 1, .most = max_host_guests}).value_or(record.max_guests));
  const Key swap{"swap", "\"0 B\" to \"1 TiB\""};
  record.max_swap_bytes = limits.size(swap, {.least = 0, .most = max_memory_bytes}).value_or(0);
  const Key realtime{"realtime_priority", "a whole number from 0 (none) to 99"};
  record.max_realtime_priority =
      static_cast<std::uint32_t>(limits.whole_number(realtime, {.least = 0, .most = 99}).value_or(0));
  record.memory_merge_allowed = read_switch(limits, "memory_merge");
  limits.finish();
}

void read_cpus(TableReader cpus, HostPolicyRecord& record) {
  const Key allowed{"allowed", "CPUs of the host, as \"2-63\""};
  if (const auto text = cpus.text(allowed)) {
    const auto set = parse_list(*text);
    if (!set) cpus.reject(allowed, quoted(*text) + " is not a list of numbers below 1024");
    record.cpus = set.value_or(HostSet{});
  }
  constexpr std::array modes{Choice<CoreScheduling>{"off", CoreScheduling::off},
                             Choice<CoreScheduling>{"where-possible", CoreScheduling::where_possible},
                             Choice<CoreScheduling>{"required", CoreScheduling::required}};
  const Key mode{"core_scheduling", "\"off\", \"where-possible\" or \"required\""};
  record.core_scheduling = choose(cpus, mode, std::span<const Choice<CoreScheduling>>(modes), "not a mode")
                               .value_or(record.core_scheduling);
  cpus.finish();
}

void read_images(TableReader images, HostPolicyRecord& record) {
  const auto room = std::span(record.image_directories).first(max_image_directories);
  record.image_directory_count = read_directories(images, "directories", room);
  images.finish();
}

void read_networks(TableReader networks, HostPolicyRecord& record) {
  record.tap_count = read_interfaces(networks, "taps", record.taps);
  record.bridge_count = read_interfaces(networks, "bridges", record.bridges);
  record.anti_spoofing = read_switch(networks, "anti_spoofing", record.anti_spoofing);
  record.metadata_allowed = read_switch(networks, "metadata");
  record.addresses_required = read_switch(networks, "require_addresses");
  record.addresses = toml_text::read_prefixes(networks, "addresses");
  if (record.anti_spoofing == Switch::off && record.addresses_required == Switch::on)
    networks.reject({"require_addresses", "false where anti_spoofing is false"}, "nobody would look at them");
  if (record.anti_spoofing == Switch::off && !record.addresses.empty())
    networks.reject({"addresses", "none where anti_spoofing is false"}, "nobody would look at them");
  record.passt = read_switch(networks, "passt");
  record.vhost = read_switch(networks, "vhost");
  decltype(record.forward_addresses) addresses{};
  const auto count = read_addresses(networks, "forward_addresses", addresses);
  if (networks.has("forward_addresses")) {
    record.forward_addresses = addresses;
    record.forward_address_count = count;
  }
  networks.finish();
}

}  // namespace

Result<HostPolicyFile> parse_host_policy(std::string_view text, std::string_view file_name) {
  Diagnostics diagnostics(file_name);
  const auto document = toml_text::parse_document(text, file_name, diagnostics);
  if (!document) return diagnostics.error();
  auto file = default_host_policy_file();
  auto& record = file.host;
  TableReader root(&*document, "", {}, diagnostics);
  read_selinux(root, record);
  read_uids(root.table("uids"), record);
  read_limits(root.table("limits"), record);
  read_cpus(root.table("cpus"), record);
  read_images(root.table("images"), record);
  read_networks(root.table("networks"), record);
  toml_text::read_attestation(root.table("attestation"), record.attestation);
  toml_text::read_tenants(root, file);
  root.finish();
  if (!diagnostics.empty()) return diagnostics.error();
  // Every rule was asked above, where the place in the file is known; this asks the one that counts.
  if (const auto checked = check(file); !checked) return with_context(file_name, checked.error());
  return file;
}

}  // namespace immure::policy
