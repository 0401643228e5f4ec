#include "policy/toml/guest_spec.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace immure::policy;

namespace {

const std::string minimal = "name = \"web\"\n[boot]\nkernel = \"/k\"\n";

GuestRecord parsed(const std::string& text) {
  const auto record = parse_guest_spec(text, "guest.toml", "/srv/web");
  if (!record) FAIL(record.error().message);
  return *record;
}

}  // namespace

TEST_CASE("a name and a kernel are enough: the rest has defaults", "[policy]") {
  const auto record = parsed(minimal);
  CHECK(record.name.view() == "web");
  CHECK(record.uuid == Uuid{});
  CHECK(record.kernel.view() == "/k");
  CHECK(record.initrd.empty());
  CHECK(record.command_line.empty());
  CHECK(record.vcpus == 1);
  CHECK(record.memory_bytes == 512ULL << 20);
  CHECK(record.disk_count == 0);
  CHECK(record.serial == Switch::on);
  CHECK(record.console == Switch::off);
  CHECK(record.entropy == Switch::on);
  CHECK(record.balloon == Switch::off);
  CHECK(record.topology == CpuTopology{});
  CHECK(record.nested == Switch::off);
  CHECK(record.features_off == 0);
  CHECK(record.pages == MemoryPages::transparent);
  CHECK(record.watchdog == WatchdogExpiry::no_watchdog);
  CHECK(record.vsock_cid == 0);
  CHECK(record.resources == ResourceRecord{});
  CHECK(check(record));
}

TEST_CASE("the virtio console is there where the command line names it, unless the table says otherwise",
          "[policy]") {
  const auto console_of = [](const std::string& command_line, const std::string& table) {
    return parsed("name = \"web\"\n[boot]\nkernel = \"/k\"\ncommand_line = \"" + command_line + "\"\n" +
                  table)
        .console;
  };
  CHECK(console_of("console=ttyS0", "") == Switch::off);
  CHECK(console_of("quiet console=hvc0", "") == Switch::on);
  CHECK(console_of("console=ttyS0", "[console]\nvirtio = true\n") == Switch::on);
  CHECK(console_of("console=hvc0", "[console]\nvirtio = false\n") == Switch::off);
}

TEST_CASE("every key arrives in its field", "[policy]") {
  const auto record = parsed(R"(
name = "web"
uuid = "00112233-4455-6677-8899-aabbccddeeff"
[boot]
kernel = "vmlinuz"
initrd = "../initrd"
manifest = "web.manifest"
command_line = "quiet \"x\""
[cpu]
count = 4
pinning = [3, 2, 1, 0]
realtime_priority = 2
threads = 2
nested = true
model = "x86-64-v3"
features_off = ["avx512f", "rtm"]
[memory]
size = "1 GiB"
balloon = true
pages = "small"
prefault = true
merge = true
[watchdog]
expiry = "end"
[vsock]
cid = 42
[[disks]]
id = "root"
path = "root.raw"
format = "raw"
[[disks]]
id = "data"
path = "/dev/vg0/data"
format = "raw"
read_only = true
direct = true
queues = 8
engine = "io_uring"
limit = { bytes_per_second = "10 MiB", bytes_burst = 4096, operations_per_second = 100, operations_burst = 5 }
device_limit = { read_bytes_per_second = "20 MiB", write_bytes_per_second = 4096, read_operations_per_second = 200, write_operations_per_second = 6 }
[[nets]]
id = "lan"
bridge = "br0"
mac = "52:54:00:Ab:cd:01"
vhost = true
addresses = ["192.0.2.2", "2001:DB8::2"]
[[nets]]
id = "wan"
tap = "tap0"
[nets.limit]
bytes_per_second = "1 MiB"
[[nets]]
id = "inet"
passt = true
forward = ["tcp:127.0.0.1:8080:80", "udp:[::1]:5353:53"]
[console]
serial = false
virtio = false
limit.bytes_per_second = "1 KiB"
[entropy]
enabled = false
limit.operations_per_second = 3
[resources]
cpu_weight = 10
cpu_quota = 400
memory_overhead = "32 MiB"
cpus = "0-3"
memory_nodes = "0"
memory_low = "512 MiB"
swap = "1 GiB"
io_weight = 70
pids_max = 20
)");
  CHECK(record.uuid[1] == 0x11);
  CHECK(record.kernel.view() == "/srv/web/vmlinuz");
  CHECK(record.initrd.view() == "/srv/initrd");
  CHECK(record.manifest.view() == "/srv/web/web.manifest");
  CHECK(record.command_line.view() == "quiet \"x\"");
  CHECK(record.vcpus == 4);
  CHECK(record.memory_bytes == 1ULL << 30);
  CHECK(record.balloon == Switch::on);
  CHECK(record.topology == CpuTopology{.sockets = 1, .cores = 2, .threads = 2});
  CHECK(record.nested == Switch::on);
  CHECK(record.model == CpuModel::x86_64_v3);
  CHECK(record.features_off == (*cpu_feature_bit("avx512f") | *cpu_feature_bit("rtm")));
  CHECK(record.pages == MemoryPages::small);
  CHECK(record.prefault == Switch::on);
  CHECK(record.lock == Switch::off);
  CHECK(record.resources.memory_merge == Switch::on);
  CHECK(record.watchdog == WatchdogExpiry::end);
  CHECK(record.vsock_cid == 42);
  REQUIRE(record.disk_count == 2);
  CHECK(record.disks[0].id.view() == "root");
  CHECK(record.disks[0].path.view() == "/srv/web/root.raw");
  CHECK(record.disks[0].format == DiskFormat::raw);
  CHECK(record.disks[0].access == DiskAccess::read_write);
  CHECK(record.disks[0].direct == Switch::off);
  CHECK(record.disks[0].queues == 0);
  CHECK(record.disks[1].access == DiskAccess::read_only);
  CHECK(record.disks[1].direct == Switch::on);
  CHECK(record.disks[1].queues == 8);
  CHECK(record.disks[0].engine == DiskEngine::plain);
  CHECK(record.disks[1].engine == DiskEngine::io_uring);
  CHECK(record.disks[0].limit == RateLimit{});
  CHECK(record.disks[1].limit == RateLimit{.bytes_per_second = 10 << 20,
                                           .bytes_burst = 4096,
                                           .operations_per_second = 100,
                                           .operations_burst = 5});
  CHECK(record.disks[0].device_limit == DeviceLimit{});
  CHECK(record.disks[1].device_limit == DeviceLimit{.read_bytes_per_second = 20 << 20,
                                                    .write_bytes_per_second = 4096,
                                                    .read_operations_per_second = 200,
                                                    .write_operations_per_second = 6});
  CHECK(record.nets[1].limit == RateLimit{.bytes_per_second = 1 << 20});
  CHECK(record.console_limit == RateLimit{.bytes_per_second = 1024});
  CHECK(record.entropy_limit == RateLimit{.operations_per_second = 3});
  REQUIRE(record.net_count == 3);
  CHECK(record.nets[0].id.view() == "lan");
  CHECK(record.nets[0].kind == NetKind::bridge);
  CHECK(record.nets[0].host.view() == "br0");
  CHECK(mac_text(record.nets[0].mac) == "52:54:00:ab:cd:01");
  CHECK(record.nets[0].vhost == Switch::on);
  CHECK(record.nets[1].vhost == Switch::off);
  REQUIRE(addresses_of(record.nets[0]).size() == 2);
  CHECK(ip_text(record.nets[0].addresses[0]) == "192.0.2.2");
  CHECK(ip_text(record.nets[0].addresses[1]) == "2001:db8::2");
  CHECK(addresses_of(record.nets[1]).empty());
  CHECK(record.nets[1].kind == NetKind::tap);
  CHECK(record.nets[1].host.view() == "tap0");
  CHECK(record.nets[2].kind == NetKind::passt);
  CHECK(record.nets[2].host.empty());
  REQUIRE(record.nets[2].forward_count == 2);
  CHECK(forward_text(record.nets[2].forwards[0]) == "tcp:127.0.0.1:8080:80");
  CHECK(forward_text(record.nets[2].forwards[1]) == "udp:[::1]:5353:53");
  CHECK(record.serial == Switch::off);
  CHECK(record.console == Switch::off);
  CHECK(record.entropy == Switch::off);
  CHECK(record.resources.cpu_weight == 10);
  CHECK(record.resources.cpu_quota_percent == 400);
  CHECK(record.resources.memory_overhead == 32ULL << 20);
  CHECK(record.resources.pids_max == 20);
  CHECK(list_text(record.resources.cpus) == "0-3");
  CHECK(list_text(record.resources.memory_nodes) == "0");
  CHECK(record.resources.memory_low == 512ULL << 20);
  CHECK(record.resources.swap == 1ULL << 30);
  CHECK(record.resources.io_weight == 70);
  CHECK(record.resources.pinned_cpus == PinnedCpus{4, 3, 2, 1});
  CHECK(record.resources.realtime_priority == 2);
}

TEST_CASE("a network without an address gets one of its own that stays", "[policy]") {
  const auto mac_of = [](const std::string& before, const std::string& id) {
    return parsed(before + minimal + "[[nets]]\nid = \"" + id + "\"\ntap = \"t\"\n").nets[0].mac;
  };
  const auto mac = mac_of("", "lan");
  CHECK((mac[0] & 3) == 2);
  CHECK(mac_of("", "lan") == mac);
  CHECK(mac_of("", "wan") != mac);
  CHECK(mac_of("uuid = \"00112233-4455-6677-8899-aabbccddeeff\"\n", "lan") != mac);
}

TEST_CASE("memory may be given in bytes", "[policy]") {
  CHECK(parsed(minimal + "[memory]\nsize = 67108864\n").memory_bytes == 64ULL << 20);
}

TEST_CASE("the ends of each range are allowed", "[policy]") {
  CHECK(parsed(minimal + "[cpu]\ncount = 64\n").vcpus == max_vcpus);
  CHECK(parsed(minimal + "[memory]\nsize = \"32 MiB\"\n").memory_bytes == min_memory_bytes);
  CHECK(parsed(minimal + "[memory]\nsize = \"1 TiB\"\n").memory_bytes == max_memory_bytes);
  CHECK(parsed(minimal + "[resources]\ncpu_weight = 10000\ncpu_quota = 100\npids_max = 9\n")
            .resources.pids_max == 9);
}

TEST_CASE("the printed specification has every key and gives the same record", "[policy]") {
  auto record = parsed(minimal +
                       "[[disks]]\nid = \"d\"\npath = \"/d\"\nformat = \"raw\"\n"
                       "[[nets]]\nid = \"a\"\ntap = \"t\"\n[[nets]]\nid = \"b\"\nbridge = \"b\"\n"
                       "[[nets]]\nid = \"c\"\npasst = true\nforward = [\"tcp:127.0.0.1:8080:80\", "
                       "\"udp:[::]:5353:53\"]\n");
  record.command_line = *decltype(record.command_line)::from("a=\"b\\c\" d='e'", "line");
  record.uuid[3] = 7;
  record.resources.cpu_weight = 3;
  record.resources.cpus = parse_list("0-9").value();
  record.resources.memory_nodes = parse_list("0-2").value();
  record.resources.pinned_cpus = {6, 7, 1, 2, 3, 4, 5, 8};
  record.resources.realtime_priority = 7;
  record.resources.memory_low = 32ULL << 20;
  record.resources.swap = 64ULL << 20;
  record.resources.io_weight = 50;
  record.vcpus = 8;
  record.topology = {.sockets = 2, .cores = 2, .threads = 2};
  record.features_off = all_cpu_features;
  record.model = CpuModel::x86_64_v4;
  record.numa = {.nodes = 2, .reserved = 0, .host_nodes = {1, 3}};
  record.nested = record.prefault = record.lock = Switch::on;
  record.pages = MemoryPages::huge_2m;
  record.watchdog = WatchdogExpiry::reset;
  record.vsock_cid = 3;
  record.disks[0].device_limit = {.read_bytes_per_second = 4097, .write_operations_per_second = 5};
  record.nets[0].limit = {.bytes_per_second = 4096, .bytes_burst = 8192};
  record.nets[1].addresses = {*parse_ip("192.0.2.2"), *parse_ip("fe80::1")};
  record.nets[1].vhost = Switch::on;
  record.console_limit.operations_per_second = 2;
  record.entropy_limit.bytes_per_second = 1025;
  CHECK(parsed(print_guest_spec(record)) == record);
}
