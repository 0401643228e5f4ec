#include "policy/toml/host_policy.hpp"

#include <span>

#include "policy/toml/document.hpp"
#include "policy/toml/table_reader.hpp"

namespace immure::policy {
namespace {

using toml_text::Diagnostics;
using toml_text::Key;
using toml_text::quoted;
using toml_text::TableReader;

void read_selinux(TableReader& root, HostPolicyRecord& record) {
  const Key key{"selinux", "\"required\" or \"optional\""};
  const auto mode = root.text(key);
  if (!mode) return;
  if (*mode == "required") {
    record.selinux = SelinuxMode::required;
  } else if (*mode == "optional") {
    record.selinux = SelinuxMode::optional;
  } else {
    root.reject(key, quoted(*mode) + " is not a mode");
  }
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
  limits.finish();
}

void read_images(TableReader images, HostPolicyRecord& record) {
  const Key key{"directories",
                "an array of at most 16 absolute paths without \"//\", \".\", \"..\" or a '/' at the end"};
  const auto directories = images.texts(key);
  if (directories.size() > max_image_directories) {
    images.reject(key, std::to_string(directories.size()) + " directories are too many");
    return;
  }
  for (const auto directory : directories) {
    const auto path = HostPath::from(directory, "the path");
    if (!path || !path->is_well_formed() || !is_normal_path(directory)) {
      images.reject(key, quoted(directory) + " is not a path in normal form");
      continue;
    }
    record.image_directories[record.image_directory_count++] = *path;
  }
  images.finish();
}

std::uint32_t read_interfaces(TableReader& networks, std::string_view name, std::span<InterfaceName> into) {
  const Key key{name, "an array of at most 16 names of network interfaces"};
  const auto names = networks.texts(key);
  if (names.size() > into.size()) {
    networks.reject(key, std::to_string(names.size()) + " names are too many");
    return 0;
  }
  std::uint32_t count = 0;
  for (const auto each : names) {
    const auto interface = InterfaceName::from(each, "the name");
    if (!interface || !is_interface_name(each)) {
      networks.reject(key, quoted(each) + " cannot be the name of an interface");
      continue;
    }
    into[count++] = *interface;
  }
  return count;
}

void read_networks(TableReader networks, HostPolicyRecord& record) {
  record.tap_count = read_interfaces(networks, "taps", record.taps);
  record.bridge_count = read_interfaces(networks, "bridges", record.bridges);
  networks.finish();
}

}  // namespace

Result<HostPolicyRecord> parse_host_policy(std::string_view text, std::string_view file_name) {
  Diagnostics diagnostics(file_name);
  const auto document = toml_text::parse_document(text, file_name, diagnostics);
  if (!document) return diagnostics.error();
  auto record = default_host_policy();
  TableReader root(&*document, "", {}, diagnostics);
  read_selinux(root, record);
  read_uids(root.table("uids"), record);
  read_limits(root.table("limits"), record);
  read_images(root.table("images"), record);
  read_networks(root.table("networks"), record);
  root.finish();
  if (!diagnostics.empty()) return diagnostics.error();
  // Every rule was asked above, where the place in the file is known; this asks the one that counts.
  if (const auto checked = check(record); !checked) return with_context(file_name, checked.error());
  return record;
}

}  // namespace immure::policy
