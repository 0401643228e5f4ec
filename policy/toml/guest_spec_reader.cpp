#include "policy/toml/guest_spec_reader.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "policy/toml/choice.hpp"
#include "policy/toml/values.hpp"

namespace immure::policy::toml_text {
namespace {

constexpr std::uint64_t default_memory_bytes = 512ULL << 20;

Switch as_switch(std::optional<bool> value, Switch fallback) {
  if (!value) return fallback;
  return *value ? Switch::on : Switch::off;
}

/// Copies text that fits and has no control character; reports it otherwise.
template <std::size_t Size>
BoundedString<Size> bounded(TableReader& table, const Key& key, std::string_view text) {
  auto copy = BoundedString<Size>::from(text, "the text");
  if (!copy) {
    table.reject(key, copy.error().message);
    return {};
  }
  if (!copy->is_well_formed()) table.reject(key, "the text has a control character");
  return *copy;
}

const Key name_key{"name", "1 to 63 of a-z, 0-9, '.', '_' and '-', the first a letter or digit",
                   Need::required};
const Key uuid_key{"uuid", "8-4-4-4-12 hexadecimal digits, not all zero"};
const std::string path_allowed =
    "the path of a file, at most 1023 bytes, absolute or from the specification's directory";
const Key kernel_key{"kernel", path_allowed, Need::required};
const Key initrd_key{"initrd", path_allowed};
const Key manifest_key{"manifest", path_allowed};
const Key command_line_key{"command_line", "at most 2047 bytes without control characters"};
const Key cpu_count_key{"count", "a whole number from 1 to " + std::to_string(max_vcpus)};
const Key memory_size_key{"size", "\"32 MiB\" to \"1 TiB\" in steps of 2 MiB"};
const std::string switch_allowed = "true or false";

const Key id_key{"id", "1 to 20 of a-z, 0-9 and '-', the first a letter or digit, unique", Need::required};
const Key disk_path_key{"path", path_allowed + ", or of a block device; each once", Need::required};
const Key disk_format_key{"format", "\"raw\"; it is never guessed from the disk's content", Need::required};
const Key disk_read_only_key{"read_only", switch_allowed};
const Key disk_direct_key{"direct", switch_allowed};
const Key disk_queues_key{"queues", "a whole number from 1 to " + std::to_string(max_disk_queues)};

const std::string one_of_three = "A network has either a tap, a bridge or passt";
const Key tap_key{"tap", "the name of a tap of the host; each once. " + one_of_three};
const Key bridge_key{"bridge", "the name of a bridge of the host. " + one_of_three};
const Key mac_key{"mac",
                  "six pairs of hexadecimal digits with ':' between them: one interface's own address"};

const Key vhost_key{"vhost", "true or false; with a tap or a bridge, and without nets[].limit"};
const Key addresses_key{"addresses",
                        "an array of at most " + std::to_string(max_net_addresses) +
                            " IPv4 and IPv6 addresses of the guest's own, without a prefix; each once"};

/// The table [limit] below a device: without it, no limit.
RateLimit read_limit(TableReader& device) {
  auto table = device.table("limit");
  RateLimit limit;
  const std::string sizes = "\"1 KiB\" to \"1 TiB\"";
  const std::string counts = "a whole number from 1 to " + std::to_string(max_rate_operations);
  const auto size = [&](std::string_view name) {
    const Range range{.least = min_bytes_per_second, .most = max_rate_bytes};
    return table.size({name, sizes}, range).value_or(0);
  };
  const auto count = [&](std::string_view name) {
    return table.whole_number({name, counts}, {.least = 1, .most = max_rate_operations}).value_or(0);
  };
  limit.bytes_per_second = size("bytes_per_second");
  limit.bytes_burst = size("bytes_burst");
  limit.operations_per_second = count("operations_per_second");
  limit.operations_burst = count("operations_burst");
  if (limit.bytes_burst != 0 && !table.has("bytes_per_second"))
    table.reject({"bytes_burst", sizes}, "there is no bytes_per_second");
  if (limit.operations_burst != 0 && !table.has("operations_per_second"))
    table.reject({"operations_burst", counts}, "there is no operations_per_second");
  table.finish();
  return limit;
}

/// The table [device_limit] of a disk: without it, no limit.
DeviceLimit read_device_limit(TableReader& disk) {
  auto table = disk.table("device_limit");
  const std::string counts = "a whole number from 1 to " + std::to_string(max_rate_operations);
  DeviceLimit limit;
  for (const auto& [name, kernel_name, value, is_bytes] : device_limit_fields) {
    const auto read = is_bytes
                          ? table.size({name, "\"1 KiB\" to \"1 TiB\""},
                                       {.least = min_bytes_per_second, .most = max_rate_bytes})
                          : table.whole_number({name, counts}, {.least = 1, .most = max_rate_operations});
    limit.*value = read.value_or(0);
  }
  table.finish();
  return limit;
}

/// The id of a disk or a network, unlike those of the ones before it.
template <typename Record>
BoundedString<32> read_id(TableReader& table, std::span<const Record> earlier) {
  const auto text = table.text(id_key);
  if (!text) return {};
  if (!is_device_id(*text)) {
    table.reject(id_key, quoted(*text) + " cannot be an id");
    return {};
  }
  const auto id = bounded<32>(table, id_key, *text);
  if (std::ranges::find(earlier, id, &Record::id) != earlier.end()) {
    table.reject(id_key, quoted(*text) + " is the id of another one");
  }
  return id;
}

}  // namespace

GuestRecord GuestSpecReader::read(const toml::table& document) {
  record_ = {};
  record_.header = header_of<GuestRecord>();
  TableReader root(&document, "", {}, *diagnostics_);
  read_identity(root);
  read_boot(root.table("boot"));
  read_machine(root);
  read_disks(root);
  read_nets(root);
  read_resources(root.table("resources"));
  read_verity_boot(root);
  root.finish();
  return record_;
}

void GuestSpecReader::read_identity(TableReader& root) {
  if (const auto name = root.text(name_key)) {
    if (is_guest_name(*name)) {
      record_.name = bounded<64>(root, name_key, *name);
    } else {
      root.reject(name_key, quoted(*name) + " cannot be a name");
    }
  }
  if (const auto text = root.text(uuid_key)) {
    const auto uuid = parse_uuid(*text);
    if (!uuid || *uuid == Uuid{}) root.reject(uuid_key, quoted(*text) + " cannot be a UUID");
    record_.uuid = uuid.value_or(Uuid{});
  }
}

void GuestSpecReader::read_boot(TableReader boot) {
  record_.kernel = read_path(boot, kernel_key);
  record_.initrd = read_path(boot, initrd_key);
  record_.manifest = read_path(boot, manifest_key);
  if (const auto line = boot.text(command_line_key)) {
    record_.command_line = bounded<2048>(boot, command_line_key, *line);
  }
  boot.finish();
}

void GuestSpecReader::read_machine(TableReader& root) {
  // The nodes say how many sockets there are where nothing else does; memory and sockets, whether they come
  // out even.
  auto numa = root.table("numa");
  read_numa(numa);
  read_cpu(root.table("cpu"));
  read_memory(root.table("memory"));
  check_numa(numa);

  auto console = root.table("console");
  record_.serial = as_switch(console.boolean({"serial", switch_allowed}), Switch::on);
  // A guest that has both gets a login prompt on both, so the second one is there only where it is used.
  const auto by_default = record_.command_line.view().contains("console=hvc") ? Switch::on : Switch::off;
  record_.console = as_switch(console.boolean({"virtio", switch_allowed}), by_default);
  record_.console_limit = read_limit(console);
  console.finish();

  auto entropy = root.table("entropy");
  record_.entropy = as_switch(entropy.boolean({"enabled", switch_allowed}), Switch::on);
  record_.entropy_limit = read_limit(entropy);
  entropy.finish();

  auto watchdog = root.table("watchdog");
  constexpr std::array expiries{Choice<WatchdogExpiry>{"reset", WatchdogExpiry::reset},
                                Choice<WatchdogExpiry>{"end", WatchdogExpiry::end}};
  record_.watchdog = choose(watchdog, "expiry", std::span<const Choice<WatchdogExpiry>>(expiries))
                         .value_or(WatchdogExpiry::no_watchdog);
  watchdog.finish();

  auto vsock = root.table("vsock");
  const Key cid{
      "cid", "a whole number from " + std::to_string(min_vsock_cid) + " to " + std::to_string(max_vsock_cid)};
  record_.vsock_cid = static_cast<std::uint32_t>(
      vsock.whole_number(cid, {.least = min_vsock_cid, .most = max_vsock_cid}).value_or(0));
  vsock.finish();
}

void GuestSpecReader::read_cpu(TableReader cpu) {
  const auto count = cpu.whole_number(cpu_count_key, {.least = 1, .most = max_vcpus});
  // A count that is wrong is told once; what depends on it is then measured with the largest one.
  record_.vcpus = static_cast<std::uint32_t>(count.value_or(cpu.has(cpu_count_key.name) ? max_vcpus : 1));
  record_.nested = as_switch(cpu.boolean({"nested", switch_allowed}), Switch::off);
  constexpr std::array models{Choice<CpuModel>{cpu_model_names[0], CpuModel::host},
                              Choice<CpuModel>{cpu_model_names[1], CpuModel::x86_64_v2},
                              Choice<CpuModel>{cpu_model_names[2], CpuModel::x86_64_v3},
                              Choice<CpuModel>{cpu_model_names[3], CpuModel::x86_64_v4}};
  record_.model = choose(cpu, "model", std::span<const Choice<CpuModel>>(models)).value_or(CpuModel::host);
  const Key off{"features_off", "names of processor features, as in /proc/cpuinfo"};
  for (const auto name : cpu.texts(off)) {
    const auto bit = cpu_feature_bit(name);
    if (!bit) cpu.reject(off, quoted(name) + " is not the name of a feature that can be switched off");
    record_.features_off |= bit.value_or(0);
  }
  const auto factor = [&cpu](std::string_view name) {
    const Key key{name, "a whole number; cpu.sockets, cpu.cores and cpu.threads multiplied are cpu.count"};
    return static_cast<std::uint32_t>(cpu.whole_number(key, {.least = 1, .most = max_vcpus}).value_or(0));
  };
  CpuTopology topology{.sockets = factor("sockets"), .cores = factor("cores"), .threads = factor("threads")};
  if (topology != CpuTopology{} || record_.numa.nodes != 0) {
    if (topology.sockets == 0) topology.sockets = std::max(record_.numa.nodes, 1U);
    topology.threads = std::max(topology.threads, 1U);
    if (topology.cores == 0) topology.cores = record_.vcpus / (topology.sockets * topology.threads);
    if (!is_topology_of(topology, record_.vcpus) && count) {
      cpu.reject(cpu_count_key,
                 std::to_string(record_.vcpus) + " is not cpu.sockets x cpu.cores x cpu.threads");
    }
    record_.topology = topology;
  }
  read_scheduling(cpu);
  cpu.finish();
}

void GuestSpecReader::read_memory(TableReader memory) {
  const Range sizes{.least = min_memory_bytes, .most = max_memory_bytes, .step = 2ULL << 20};
  record_.memory_bytes = memory.size(memory_size_key, sizes).value_or(default_memory_bytes);
  record_.balloon = as_switch(memory.boolean({"balloon", switch_allowed}), Switch::off);
  constexpr std::array kinds{Choice<MemoryPages>{"transparent", MemoryPages::transparent},
                             Choice<MemoryPages>{"small", MemoryPages::small},
                             Choice<MemoryPages>{"2 MiB", MemoryPages::huge_2m},
                             Choice<MemoryPages>{"1 GiB", MemoryPages::huge_1g}};
  record_.pages =
      choose(memory, "pages", std::span<const Choice<MemoryPages>>(kinds)).value_or(MemoryPages::transparent);
  record_.prefault = as_switch(memory.boolean({"prefault", switch_allowed}), Switch::off);
  record_.lock = as_switch(memory.boolean({"lock", switch_allowed}), Switch::off);
  if (record_.pages == MemoryPages::huge_1g && record_.memory_bytes % huge_1g_bytes != 0)
    memory.reject(memory_size_key, "pages of 1 GiB need a multiple of their size");
  if (record_.balloon == Switch::on && !is_movable(record_.pages, record_.lock)) {
    memory.reject({"balloon", "false with huge pages or lock = true"},
                  "such memory cannot be given back page by page");
  }
  auto& merge = record_.resources.memory_merge;
  merge = as_switch(memory.boolean({"merge", switch_allowed}), Switch::off);
  if (merge == Switch::on && !is_movable(record_.pages, record_.lock)) {
    memory.reject({"merge", "false with huge pages or lock = true"}, "such memory cannot be merged");
  }
  memory.finish();
}

void GuestSpecReader::read_disks(TableReader& root) {
  auto disks = root.tables("disks");
  for (std::size_t i = 0; i < disks.size(); ++i) {
    if (i == max_disks) {
      disks[i].reject({"id", "at most " + std::to_string(max_disks) + " disks"}, "this is a disk too many");
      return;
    }
    record_.disks[i] = read_disk(disks[i], i);
    record_.disk_count = static_cast<std::uint32_t>(i + 1);
  }
}

DiskRecord GuestSpecReader::read_disk(TableReader& disk, std::size_t index) {
  DiskRecord record;
  const auto earlier = std::span<const DiskRecord>(record_.disks).first(index);
  record.id = read_id(disk, earlier);
  record.path = read_path(disk, disk_path_key);
  if (!record.path.empty() && std::ranges::find(earlier, record.path, &DiskRecord::path) != earlier.end()) {
    disk.reject(disk_path_key, quoted(record.path.view()) + " is the path of another disk");
  }
  record.format = DiskFormat::raw;
  if (const auto format = disk.text(disk_format_key); format && *format != "raw") {
    disk.reject(disk_format_key, quoted(*format) + " is not a format");
  }
  const auto read_only = disk.boolean(disk_read_only_key).value_or(false);
  record.access = read_only ? DiskAccess::read_only : DiskAccess::read_write;
  record.direct = as_switch(disk.boolean(disk_direct_key), Switch::off);
  const auto queues = disk.whole_number(disk_queues_key, {.least = 1, .most = max_disk_queues});
  record.queues = static_cast<std::uint32_t>(queues.value_or(0));
  constexpr std::array engines{Choice<DiskEngine>{"plain", DiskEngine::plain},
                               Choice<DiskEngine>{"io_uring", DiskEngine::io_uring}};
  record.engine =
      choose(disk, "engine", std::span<const Choice<DiskEngine>>(engines)).value_or(DiskEngine::plain);
  record.limit = read_limit(disk);
  record.device_limit = read_device_limit(disk);
  record.verity = read_verity(disk, record.access);
  disk.finish();
  return record;
}

void GuestSpecReader::read_nets(TableReader& root) {
  for (auto& net : root.tables("nets")) {
    if (record_.net_count == max_nets) {
      net.reject({"id", "at most " + std::to_string(max_nets) + " networks"}, "this is a network too many");
      return;
    }
    const auto earlier = std::span<const NetRecord>(record_.nets).first(record_.net_count);
    record_.nets[record_.net_count] = read_net(net, earlier);
    ++record_.net_count;
  }
}

NetRecord GuestSpecReader::read_net(TableReader& net, std::span<const NetRecord> earlier) {
  NetRecord record;
  record.id = read_id(net, earlier);
  read_interface(net, record, earlier);
  if (const auto text = net.text(mac_key)) {
    const auto mac = parse_mac(*text);
    if (!mac || ((*mac)[0] & 1) != 0 || *mac == MacAddress{}) {
      net.reject(mac_key, quoted(*text) + " cannot be an address of an interface");
    }
    record.mac = mac.value_or(MacAddress{});
  } else {
    record.mac = derive_mac(record_, record.id.view());
  }
  if (std::ranges::find(earlier, record.mac, &NetRecord::mac) != earlier.end()) {
    net.reject(mac_key, mac_text(record.mac) + " is the address of another one");
  }
  record.limit = read_limit(net);
  read_vhost(net, record);
  read_addresses(net, record);
  net.finish();
  return record;
}

void GuestSpecReader::read_interface(TableReader& net, NetRecord& record,
                                     std::span<const NetRecord> earlier) {
  const auto tap = net.text(tap_key);
  const auto bridge = net.text(bridge_key);
  if (read_passt(net, record, earlier)) {
    if (tap || bridge) net.reject(tap ? tap_key : bridge_key, "there is passt as well");
    return;
  }
  if (tap.has_value() == bridge.has_value()) {
    return net.reject(bridge_key,
                      tap ? "there is a tap as well" : "there is neither a tap nor a bridge nor passt");
  }
  record.kind = tap ? NetKind::tap : NetKind::bridge;
  const auto& key = tap ? tap_key : bridge_key;
  const auto name = tap ? *tap : *bridge;
  if (!is_interface_name(name)) return net.reject(key, quoted(name) + " cannot be the name of an interface");
  record.host = bounded<16>(net, key, name);
  const auto is_taken = [&](const NetRecord& other) {
    return other.kind == NetKind::tap && other.host == record.host;
  };
  if (tap && std::ranges::any_of(earlier, is_taken))
    net.reject(key, quoted(name) + " is the tap of another one");
}

void GuestSpecReader::read_addresses(TableReader& net, NetRecord& record) {
  const auto texts = net.texts(addresses_key);
  if (texts.size() > record.addresses.size()) {
    return net.reject(addresses_key, std::to_string(texts.size()) + " are too many");
  }
  std::size_t count = 0;
  for (const auto text : texts) {
    const auto address = parse_ip(text);
    if (!address || !is_own_address(*address)) {
      net.reject(addresses_key, quoted(text) + " cannot be an address of an interface");
    } else if (std::ranges::find(record.addresses, *address) != record.addresses.end()) {
      net.reject(addresses_key, quoted(text) + " is there twice");
    } else {
      record.addresses.at(count++) = *address;
    }
  }
}

void GuestSpecReader::read_vhost(TableReader& net, NetRecord& record) {
  record.vhost = as_switch(net.boolean(vhost_key), Switch::off);
  if (record.vhost == Switch::off) return;
  if (record.kind == NetKind::passt) net.reject(vhost_key, "passt has no interface for the kernel to serve");
  if (net.has("limit"))
    net.reject(vhost_key,
               "there is a limit as well, and the kernel's vhost-net keeps to none: take one away");
}

HostPath GuestSpecReader::read_path(TableReader& table, const Key& key) {
  const auto text = table.text(key);
  if (!text) return {};
  const auto path = resolve_path(base_directory_, *text);
  if (!path) {
    table.reject(key, quoted(*text) + " is not the path of a file");
    return {};
  }
  return bounded<1024>(table, key, *path);
}

}  // namespace immure::policy::toml_text
