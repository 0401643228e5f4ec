#include "policy/vmm_record.hpp"

#include <functional>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "base/io.hpp"
#include "tests/unit/policy/test_records.hpp"

using namespace immure;
using namespace immure::policy;
using Catch::Matchers::ContainsSubstring;
using test::good_guest;

namespace {

std::string verdict(const std::function<void(VmmRecord&)>& change) {
  auto record = make_vmm_record(good_guest());
  change(record);
  const auto checked = check(record);
  return checked ? "accepted" : checked.error().message;
}

}  // namespace

TEST_CASE("what the VMM is told is valid and follows the guest's record", "[policy]") {
  const auto record = make_vmm_record(good_guest());
  CHECK(check(record));
  CHECK(record.vcpus == 2);
  CHECK(record.memory_bytes == 64ULL << 20);
  CHECK(record.has_initrd == Switch::on);
  CHECK(record.command_line.view() == "console=hvc0");
  REQUIRE(record.disk_count == 2);
  CHECK(record.disks[0].id.view() == "root");
  CHECK(record.disks[1].access == DiskAccess::read_only);
  CHECK(record.topology == CpuTopology{.sockets = 1, .cores = 2, .threads = 1});
  CHECK(record.disks[0].queues == 2);  // one for each vCPU
  auto without = good_guest();
  without.initrd = {};
  CHECK(make_vmm_record(without).has_initrd == Switch::off);
}

TEST_CASE("the VMM is told no path and no name of the host", "[policy]") {
  const auto record = make_vmm_record(good_guest());
  const auto bytes = bytes_of(record);
  const std::string_view all(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  CHECK(all.find("/srv") == std::string_view::npos);
  CHECK(all.find("web-1") == std::string_view::npos);
}

TEST_CASE("a malformed VMM record is refused", "[policy]") {
  CHECK_THAT(verdict([](auto& r) { r.header.version = 0; }), ContainsSubstring("version"));
  CHECK_THAT(verdict([](auto& r) { r.vcpus = 0; }), ContainsSubstring("vCPUs"));
  CHECK_THAT(verdict([](auto& r) { r.vcpus = 65; }), ContainsSubstring("vCPUs"));
  CHECK_THAT(verdict([](auto& r) { r.memory_bytes += 1; }), ContainsSubstring("memory size"));
  CHECK_THAT(verdict([](auto& r) { r.memory_bytes = ~0ULL; }), ContainsSubstring("memory size"));
  CHECK_THAT(verdict([](auto& r) { r.has_initrd = Switch{2}; }), ContainsSubstring("switch"));
  CHECK_THAT(verdict([](auto& r) { r.serial = Switch{2}; }), ContainsSubstring("switch"));
  CHECK_THAT(verdict([](auto& r) { r.console = Switch{2}; }), ContainsSubstring("switch"));
  CHECK_THAT(verdict([](auto& r) { r.entropy = Switch{2}; }), ContainsSubstring("switch"));
  CHECK_THAT(verdict([](auto& r) { r.topology.cores = 3; }), ContainsSubstring("topology"));
  CHECK_THAT(verdict([](auto& r) { r.topology = {}; }), ContainsSubstring("topology"));
  CHECK_THAT(verdict([](auto& r) { r.nested = Switch{2}; }), ContainsSubstring("no known kind"));
  CHECK_THAT(verdict([](auto& r) { r.pages = MemoryPages{9}; }), ContainsSubstring("no known kind"));
  CHECK_THAT(verdict([](auto& r) { r.watchdog = WatchdogExpiry{9}; }), ContainsSubstring("no known kind"));
  CHECK_THAT(verdict([](auto& r) { r.features_off = ~0ULL; }), ContainsSubstring("no known kind"));
  CHECK_THAT(verdict([](auto& r) { r.vsock_cid = 2; }), ContainsSubstring("vsock"));
  CHECK_THAT(verdict([](auto& r) { r.disk_count = 25; }), ContainsSubstring("too many disks"));
  CHECK_THAT(verdict([](auto& r) { r.disks[1].format = DiskFormat{7}; }), ContainsSubstring("disk 1"));
  CHECK_THAT(verdict([](auto& r) { r.disks[0].access = DiskAccess{0}; }), ContainsSubstring("disk 0"));
  CHECK_THAT(verdict([](auto& r) { r.disks[0].direct = Switch{3}; }), ContainsSubstring("disk 0"));
  CHECK_THAT(verdict([](auto& r) { r.disks[0].engine = DiskEngine{2}; }), ContainsSubstring("disk 0"));
  CHECK_THAT(verdict([](auto& r) { r.disks[0].queues = 0; }), ContainsSubstring("disk 0"));
  CHECK_THAT(verdict([](auto& r) { r.disks[0].limit.bytes_per_second = 1; }),
             ContainsSubstring("disk 0.bytes"));
  CHECK_THAT(verdict([](auto& r) { r.console_limit.bytes_burst = 1; }), ContainsSubstring("console.bytes"));
  CHECK_THAT(verdict([](auto& r) { r.entropy_limit.bytes_burst = 1; }), ContainsSubstring("entropy.bytes"));
  CHECK_THAT(verdict([](auto& r) { r.disks[0].queues = max_disk_queues + 1; }), ContainsSubstring("disk 0"));
}

TEST_CASE("the VMM is told what carries a network, and nothing of the host's side of it", "[policy]") {
  auto guest = test::networked_guest();
  guest.nets[1].kind = NetKind::passt;
  guest.nets[1].host = {};
  auto record = make_vmm_record(guest);
  CHECK(check(record));
  CHECK(record.nets[0].carrier == NetCarrier::tap);
  CHECK(record.nets[1].carrier == NetCarrier::stream);
  guest.nets[0].vhost = Switch::on;
  record = make_vmm_record(guest);
  CHECK(check(record));
  CHECK(record.nets[0].carrier == NetCarrier::vhost);
  record.nets[0].limit.bytes_per_second = 1 << 20;
  CHECK_FALSE(check(record));
  record.nets[0].limit = {};
  for (const auto carrier : std::initializer_list<std::uint16_t>{0, 4}) {
    record.nets[1].carrier = NetCarrier{carrier};
    CHECK_FALSE(check(record));
  }
}
