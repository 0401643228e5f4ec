#include <array>
#include <functional>
#include <vector>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "base/io.hpp"
#include "tests/unit/policy/test_records.hpp"

using namespace immure;
using namespace immure::policy;
using Catch::Matchers::ContainsSubstring;
using test::networked_guest;
using test::text;

namespace {

/// What check() says of the good record after `change`; "accepted" where it has nothing to say.
std::string verdict(const std::function<void(GuestRecord&)>& change) {
  auto guest = networked_guest();
  change(guest);
  const auto checked = check(guest);
  return checked ? "accepted" : checked.error().message;
}

/// A copy of a text whose bytes are then overwritten: what a hostile sender of a record can do.
template <typename Text>
Text raw_bytes(std::string_view bytes) {
  Text forged;
  std::memcpy(static_cast<void*>(&forged), bytes.data(), std::min(bytes.size(), sizeof(forged)));
  return forged;
}

}  // namespace

TEST_CASE("a good guest record is accepted", "[policy]") {
  CHECK(verdict([](GuestRecord&) {}) == "accepted");
  CHECK(verdict([](GuestRecord& g) { g.initrd = {}; }) == "accepted");
  CHECK(verdict([](GuestRecord& g) {
          g.disk_count = 0;
          g.disks = {};
        }) == "accepted");
}

TEST_CASE("a record of another kind, version or size is refused", "[policy]") {
  CHECK_THAT(verdict([](GuestRecord& g) { g.header.magic ^= 1; }),
             ContainsSubstring("magic, version or size"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.header.version += 1; }),
             ContainsSubstring("magic, version or size"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.header.size -= 1; }),
             ContainsSubstring("magic, version or size"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.header.reserved = 1; }),
             ContainsSubstring("magic, version or size"));
}

TEST_CASE("a name that is none, or not terminated, is refused", "[policy]") {
  CHECK_THAT(verdict([](GuestRecord& g) { g.name = {}; }), ContainsSubstring("name must be"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.name = text<GuestName>("../web"); }),
             ContainsSubstring("name must be"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.name = raw_bytes<GuestName>(std::string(64, 'a')); }),
             ContainsSubstring("name must be"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.name = raw_bytes<GuestName>(std::string_view("a\0b", 3)); }),
             ContainsSubstring("name must be"));
}

TEST_CASE("paths that are relative, not in normal form or not terminated are refused", "[policy]") {
  CHECK_THAT(verdict([](GuestRecord& g) { g.kernel = {}; }), ContainsSubstring("boot.kernel must be"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.kernel = text<HostPath>("vmlinuz"); }),
             ContainsSubstring("boot.kernel"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.initrd = text<HostPath>("/a/../b"); }),
             ContainsSubstring("boot.initrd"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.kernel = raw_bytes<HostPath>(std::string(1024, '/')); }),
             ContainsSubstring("boot.kernel is not well-formed"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.disks[1].path = text<HostPath>("/a//b"); }),
             ContainsSubstring("disks[1].path must be"));
}

TEST_CASE("a command line with a control character is refused", "[policy]") {
  CHECK_THAT(verdict([](GuestRecord& g) { g.command_line = text<BoundedString<2048>>("a\nb"); }),
             ContainsSubstring("boot.command_line contains a control character"));
}

TEST_CASE("numbers of vCPUs and sizes of memory out of range are refused", "[policy]") {
  CHECK_THAT(verdict([](GuestRecord& g) { g.vcpus = 0; }),
             ContainsSubstring("cpu.count must be 1 to 64, not 0"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.vcpus = 65; }), ContainsSubstring("not 65"));
  CHECK(verdict([](GuestRecord& g) { g.vcpus = 64; }) == "accepted");
  CHECK_THAT(verdict([](GuestRecord& g) { g.memory_bytes = 30ULL << 20; }),
             ContainsSubstring("memory.size must be"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.memory_bytes = (1ULL << 40) + (2ULL << 20); }),
             ContainsSubstring("memory.size must be"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.memory_bytes = (64ULL << 20) + 4096; }),
             ContainsSubstring("2 MiB"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.memory_bytes = ~0ULL; }),
             ContainsSubstring("memory.size must be"));
}

TEST_CASE("switches that are neither on nor off are refused", "[policy]") {
  CHECK_THAT(verdict([](GuestRecord& g) { g.serial = Switch{2}; }), ContainsSubstring("neither on nor off"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.console = Switch{2}; }), ContainsSubstring("neither on nor off"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.balloon = Switch{2}; }), ContainsSubstring("neither on nor off"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.entropy = Switch{~0U}; }),
             ContainsSubstring("neither on nor off"));
}

TEST_CASE("disks that are malformed are refused by their key", "[policy]") {
  CHECK_THAT(verdict([](GuestRecord& g) { g.disks[1].id = {}; }), ContainsSubstring("disks[1].id must be"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.disks[0].id = text<BoundedString<32>>("-a"); }),
             ContainsSubstring("disks[0].id must be"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.disks[0].id = text<BoundedString<32>>(std::string(21, 'a')); }),
             ContainsSubstring("1 to 20"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.disks[0].format = DiskFormat{0}; }),
             ContainsSubstring("disks[0].format"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.disks[0].format = DiskFormat{2}; }),
             ContainsSubstring("disks[0].format"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.disks[0].direct = Switch{2}; }),
             ContainsSubstring("disks[0].direct"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.disks[0].queues = max_disk_queues + 1; }),
             ContainsSubstring("disks[0].queues must be 1 to 16"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.disks[0].engine = DiskEngine{2}; }),
             ContainsSubstring("disks[0].engine must be"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.disks[0].reserved = 1; }), ContainsSubstring("reserved"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.disks[0].access = DiskAccess{0}; }),
             ContainsSubstring("disks[0].read_only"));
}

TEST_CASE("two disks with one id or one path are refused", "[policy]") {
  CHECK_THAT(verdict([](GuestRecord& g) { g.disks[1].id = g.disks[0].id; }),
             ContainsSubstring("disks[1].id \"root\" is used twice"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.disks[1].path = g.disks[0].path; }),
             ContainsSubstring("disks[1].path \"/srv/images/root.raw\" is used twice"));
}

TEST_CASE("more disks than slots, and a slot in use beyond the count, are refused", "[policy]") {
  CHECK_THAT(verdict([](GuestRecord& g) { g.disk_count = max_disks + 1; }), ContainsSubstring("at most 24"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.disk_count = ~0U; }), ContainsSubstring("at most 24"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.disk_count = 1; }), ContainsSubstring("unused slot"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.disks[5].access = DiskAccess::read_write; }),
             ContainsSubstring("unused slot"));
}

TEST_CASE("networks that are malformed are refused by their key", "[policy]") {
  CHECK_THAT(verdict([](GuestRecord& g) { g.nets[1].id = {}; }), ContainsSubstring("nets[1].id must be"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.nets[0].kind = NetKind{4}; }),
             ContainsSubstring("nets[0] must have either a tap, a bridge or passt"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.nets[0].host = {}; }), ContainsSubstring("nets[0] names an"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.nets[0].host = text<InterfaceName>("../x"); }),
             ContainsSubstring("nets[0] names an interface that cannot exist"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.nets[0].host = raw_bytes<InterfaceName>(std::string(16, 'a')); }),
             ContainsSubstring("nets[0] names an"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.nets[0].mac[0] = 3; }),
             ContainsSubstring("nets[0].mac must be the address of one interface, not 03:00:00:00:00:01"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.nets[0].mac = {}; }), ContainsSubstring("nets[0].mac must be"));
}

TEST_CASE("addresses that no interface can have as its own are refused", "[policy]") {
  const auto with = [](std::vector<IpAddress> addresses) {
    return verdict([&](GuestRecord& g) { std::ranges::copy(addresses, g.nets[1].addresses.begin()); });
  };
  const auto good = *parse_ip("192.0.2.2");
  CHECK_THAT(
      with({good, metadata_v4}),
      ContainsSubstring("nets[1].addresses must be addresses of one interface, not \"169.254.169.254\""));
  CHECK_THAT(with({good, good}), ContainsSubstring("nets[1].addresses names 192.0.2.2 twice"));
  CHECK_THAT(with({IpAddress{}, good}), ContainsSubstring("nets[1].addresses: an unused slot is not empty"));
  CHECK_THAT(with({IpAddress{.family = IpFamily{9}, .bytes = {1}}}),
             ContainsSubstring("nets[1].addresses must"));
}

TEST_CASE("two networks with one id, one address or one tap are refused", "[policy]") {
  CHECK_THAT(verdict([](GuestRecord& g) { g.nets[1].id = g.nets[0].id; }),
             ContainsSubstring("nets[1].id \"lan\" is used twice"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.nets[1].mac = g.nets[0].mac; }),
             ContainsSubstring("nets[1].mac 02:00:00:00:00:01 is used twice"));
  CHECK_THAT(verdict([](GuestRecord& g) {
               g.nets[0].kind = NetKind::tap;
               g.nets[0].host = g.nets[1].host;
             }),
             ContainsSubstring("nets[1].tap \"tap7\" is used twice"));
}

TEST_CASE("more networks than slots, and a slot in use beyond the count, are refused", "[policy]") {
  CHECK_THAT(verdict([](GuestRecord& g) { g.net_count = ~0U; }), ContainsSubstring("at most 8"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.net_count = 1; }), ContainsSubstring("nets: an unused slot"));
}

TEST_CASE("resources out of range are refused by their key", "[policy]") {
  CHECK_THAT(verdict([](GuestRecord& g) { g.resources.cpu_weight = 10001; }),
             ContainsSubstring("cpu_weight"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.resources.cpu_quota_percent = 201; }),
             ContainsSubstring("cpu_quota must be at most 200"));
  CHECK(verdict([](GuestRecord& g) { g.resources.cpu_quota_percent = 200; }) == "accepted");
  CHECK_THAT(verdict([](GuestRecord& g) { g.resources.memory_overhead = 1; }),
             ContainsSubstring("memory_overhead"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.resources.memory_overhead = ~0ULL; }),
             ContainsSubstring("memory_overhead"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.resources.pids_max = 9; }),
             ContainsSubstring("pids_max must be 10"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.resources.pids_max = 32'769; }), ContainsSubstring("pids_max"));
  CHECK(verdict([](GuestRecord& g) { g.resources.pids_max = 10; }) == "accepted");
}

TEST_CASE("limits of memory and io are refused by their key", "[policy]") {
  CHECK_THAT(verdict([](GuestRecord& g) { g.resources.io_weight = 10001; }), ContainsSubstring("io_weight"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.resources.memory_low = 4097; }), ContainsSubstring("memory_low"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.resources.memory_low = g.memory_bytes + 4096; }),
             ContainsSubstring("memory_low"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.resources.swap = 1; }), ContainsSubstring("swap"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.resources.swap = ~4095ULL; }), ContainsSubstring("swap"));
  CHECK(verdict([](GuestRecord& g) { g.resources.memory_low = g.memory_bytes; }) == "accepted");
}

TEST_CASE("every vCPU has a CPU of its own, or none has", "[policy]") {
  const auto pinned = [](std::uint16_t first, std::uint16_t second, std::uint16_t third = 0) {
    return verdict([&](GuestRecord& g) {
      g.resources.pinned_cpus[0] = first;
      g.resources.pinned_cpus[1] = second;
      g.resources.pinned_cpus[2] = third;
      g.resources.cpus = parse_list("0-7").value();
    });
  };
  CHECK(pinned(0, 0) == "accepted");
  CHECK(pinned(1, 8) == "accepted");
  CHECK_THAT(pinned(1, 0), ContainsSubstring("for each vCPU, or none"));
  CHECK_THAT(pinned(0, 1), ContainsSubstring("for each vCPU, or none"));
  CHECK_THAT(pinned(1, 2, 3), ContainsSubstring("for each vCPU, or none"));
  CHECK_THAT(pinned(3, 3), ContainsSubstring("names CPU 2 twice"));
  CHECK_THAT(pinned(1, 9), ContainsSubstring("CPU 8 is not one of resources.cpus"));
  CHECK_THAT(pinned(1, 0xffff), ContainsSubstring("is not one of"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.resources.realtime_priority = 100; }),
             ContainsSubstring("realtime_priority"));
}

TEST_CASE("a path with something behind its end is not taken for none", "[policy]") {
  CHECK_THAT(verdict([](GuestRecord& g) { writable_bytes_of(g.initrd)[100] = std::byte{1}; }),
             ContainsSubstring("boot.initrd is not well-formed"));
  CHECK_THAT(verdict([](GuestRecord& g) { writable_bytes_of(g.manifest)[100] = std::byte{1}; }),
             ContainsSubstring("boot.manifest is not well-formed"));
}

TEST_CASE("a processor that there is not is refused", "[policy]") {
  CHECK_THAT(verdict([](GuestRecord& g) { g.model = CpuModel{4}; }), ContainsSubstring("cpu.model"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.reserved = 1; }), ContainsSubstring("reserved"));
}

TEST_CASE("memory that cannot be merged is not said to be", "[policy]") {
  CHECK_THAT(verdict([](GuestRecord& g) { g.resources.memory_merge = Switch{2}; }),
             ContainsSubstring("memory.merge must be"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.resources.memory_merge = g.lock = Switch::on; }),
             ContainsSubstring("memory.merge needs pages"));
  CHECK(verdict([](GuestRecord& g) { g.resources.memory_merge = Switch::on; }) == "accepted");
}

TEST_CASE("limits out of range, and bursts of nothing, are refused", "[policy]") {
  CHECK_THAT(verdict([](GuestRecord& g) { g.disks[0].limit.bytes_per_second = 1023; }),
             ContainsSubstring("disks[0].limit.bytes_per_second must be 1024 to"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.disks[0].limit.bytes_per_second = max_rate_bytes + 1; }),
             ContainsSubstring("disks[0].limit.bytes_per_second"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.nets[1].limit.operations_per_second = max_rate_operations + 1; }),
             ContainsSubstring("nets[1].limit.operations_per_second must be 1 to"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.console_limit.bytes_burst = 4096; }),
             ContainsSubstring("console.limit.bytes_burst needs console.limit.bytes_per_second"));
  CHECK_THAT(verdict([](GuestRecord& g) {
               g.entropy_limit = {.operations_per_second = 1, .operations_burst = ~0ULL};
             }),
             ContainsSubstring("entropy.limit.operations_burst must be"));
  CHECK(verdict([](GuestRecord& g) {
          g.disks[0].limit = {.bytes_per_second = 1024, .operations_per_second = 1};
        }) == "accepted");
}

TEST_CASE("a topology has as many vCPUs as the guest", "[policy]") {
  const auto with = [](std::uint32_t sockets, std::uint32_t cores, std::uint32_t threads) {
    return verdict([=](GuestRecord& g) {
      g.vcpus = 12;
      g.topology = {.sockets = sockets, .cores = cores, .threads = threads};
    });
  };
  CHECK(with(1, 6, 2) == "accepted");
  CHECK(with(2, 3, 2) == "accepted");
  CHECK(with(0, 0, 0) == "accepted");
  for (const auto& [s, c, t] : std::vector<std::array<std::uint32_t, 3>>{
           {1, 6, 1}, {0, 12, 1}, {1, 12, 0}, {0xffff'ffff, 1, 12}, {0x8000'0006, 2, 1}}) {
    CHECK_THAT(with(s, c, t), ContainsSubstring("cpu.sockets, cpu.cores and cpu.threads"));
  }
}

TEST_CASE("features, pages, switches, watchdog and CID of no known kind are refused", "[policy]") {
  CHECK_THAT(verdict([](GuestRecord& g) { g.features_off = ~0ULL; }), ContainsSubstring("cpu.features_off"));
  CHECK(verdict([](GuestRecord& g) { g.features_off = all_cpu_features; }) == "accepted");
  CHECK_THAT(verdict([](GuestRecord& g) { g.nested = Switch{2}; }), ContainsSubstring("cpu.nested"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.pages = MemoryPages{4}; }), ContainsSubstring("memory.pages"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.pages = MemoryPages::huge_1g; }),
             ContainsSubstring("multiple of 1 GiB"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.prefault = Switch{2}; }), ContainsSubstring("memory.prefault"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.lock = Switch{2}; }), ContainsSubstring("memory.lock"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.balloon = g.lock = Switch::on; }),
             ContainsSubstring("memory.balloon"));
  CHECK_THAT(verdict([](GuestRecord& g) {
               g.balloon = Switch::on;
               g.pages = MemoryPages::huge_2m;
             }),
             ContainsSubstring("memory.balloon"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.watchdog = WatchdogExpiry{3}; }),
             ContainsSubstring("watchdog.expiry"));
  for (const std::uint32_t cid : {1U, 2U, 0xffff'ffffU})
    CHECK_THAT(verdict([cid](GuestRecord& g) { g.vsock_cid = cid; }),
               ContainsSubstring("vsock.cid must be 3"));
  CHECK(verdict([](GuestRecord& g) { g.vsock_cid = 3; }) == "accepted");
}

TEST_CASE("a network that the kernel serves has no limit, and a thread that is counted", "[policy]") {
  const auto with = [](auto change) {
    return verdict([&](GuestRecord& g) {
      g = networked_guest();
      g.nets[1].vhost = Switch::on;
      change(g);
    });
  };
  CHECK(with([](auto&) {}) == "accepted");
  CHECK_THAT(with([](auto& g) { g.nets[1].vhost = Switch{2}; }), ContainsSubstring("nets[1].vhost must be"));
  CHECK_THAT(with([](auto& g) { g.nets[1].limit.bytes_per_second = 1 << 20; }),
             ContainsSubstring("nets[1].vhost and nets[1].limit"));
  const auto least = [](auto& g) { return g.vcpus + 1 + min_spare_pids; };
  CHECK(with([&](auto& g) { g.resources.pids_max = least(g); }) == "accepted");
  CHECK_THAT(with([&](auto& g) { g.resources.pids_max = least(g) - 1; }),
             ContainsSubstring("resources.pids_max must be"));
}

TEST_CASE("a network through passt has no interface, is the only one, and forwards what it may", "[policy]") {
  const auto with = [](auto change) {
    return verdict([&](GuestRecord& g) {
      g = networked_guest();
      auto& net = g.nets[1];
      net.kind = NetKind::passt;
      net.host = {};
      net.forward_count = 2;
      net.forwards[0] = parse_forward("tcp:127.0.0.1:8080:80").value();
      net.forwards[1] = parse_forward("udp:127.0.0.1:8080:80").value();
      change(g, net);
    });
  };
  CHECK(with([](auto&, auto&) {}) == "accepted");
  CHECK_THAT(with([](auto&, auto& n) { n.host = text<InterfaceName>("br0"); }),
             ContainsSubstring("nets[1] names an interface although it has passt"));
  CHECK_THAT(with([](auto& g, auto& n) {
               g.nets[0].kind = NetKind::passt;
               g.nets[0].host = {};
               n.forward_count = 2;
             }),
             ContainsSubstring("nets[1].passt: a guest has at most one"));
  CHECK_THAT(with([](auto&, auto& n) { n.forwards[1].protocol = ForwardProtocol::tcp; }),
             ContainsSubstring("nets[1].forward[1] takes a port of the host that another one takes"));
  CHECK_THAT(with([](auto&, auto& n) { n.forwards[1].host_port = 22; }),
             ContainsSubstring("nets[1].forward[1] takes port 22 of the host"));
  CHECK_THAT(with([](auto&, auto& n) { n.forward_count = 1; }), ContainsSubstring("an unused slot"));
  CHECK_THAT(with([](auto&, auto& n) { n.forward_count = max_forwards + 1; }),
             ContainsSubstring("at most 16"));
  CHECK_THAT(with([](auto&, auto& n) { n.vhost = Switch::on; }),
             ContainsSubstring("nets[1].vhost needs a tap or a bridge"));
  CHECK_THAT(with([](auto&, auto& n) {
               n.kind = NetKind::tap;
               n.host = text<InterfaceName>("tap7");
             }),
             ContainsSubstring("nets[1].forward: only passt forwards ports"));
}
