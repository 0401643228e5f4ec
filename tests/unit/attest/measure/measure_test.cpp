#include "attest/measure/measure.hpp"

#include <algorithm>
#include <set>

#include <catch2/catch_test_macros.hpp>

#include "attest/measure/configuration.hpp"
#include "tests/unit/attest/measure/guest_files.hpp"

using namespace immure;
using namespace immure::attest;
using namespace immure::attest::measure;
using namespace immure::attest::test;
using policy::test::good_guest;
using policy::test::networked_guest;

namespace {

const Event& named(const std::vector<Event>& events, std::string_view name) {
  const auto found = std::ranges::find(events, name, &Event::name);
  REQUIRE(found != events.end());
  return *found;
}

std::vector<Event> code_of(std::vector<Event> events) {
  std::erase_if(events, [](const Event& event) { return event.kind != EventKind::code; });
  return events;
}

std::string sha256_text(std::string_view text) { return to_hex(*sha256(bytes_of_text(text))); }

}  // namespace

TEST_CASE("a launch is measured as kernel, initrd, command line, configuration, VMM, filters and disks",
          "[attest]") {
  const auto events = good_events();
  std::vector<std::string> names;
  for (const auto& event : code_of(events)) names.push_back(event.name);
  CHECK(names == std::vector<std::string>{"kernel", "initrd", "command-line", "configuration", "vmm",
                                          "seccomp:launch", "seccomp:vmm_control", "seccomp:vmm_vcpu",
                                          "seccomp:vmm_io", "seccomp:monitor", "disk:root", "disk:data"});
  CHECK(named(events, "kernel").field("sha256") == sha256_text("kernel"));
  CHECK(named(events, "kernel").field("size") == "6");
  CHECK(named(events, "initrd").field("sha256") == sha256_text("initrd"));
  CHECK(named(events, "command-line").field("sha256") == sha256_text("console=hvc0"));
  CHECK(named(events, "vmm").field("sha256") == sha256_text("vmm"));
  CHECK(named(events, "disk:data").field("sha256") == sha256_text("data"));
  CHECK(named(events, "name").field("value") == "web-1");
}

TEST_CASE("each seccomp profile has a digest of its own", "[attest]") {
  std::set<std::string> digests;
  for (const auto& event : good_events()) {
    if (event.name.starts_with("seccomp:")) digests.emplace(*event.field("sha384"));
  }
  CHECK(digests.size() == 5);
}

TEST_CASE("a writable disk is recorded as unmeasured, never left out", "[attest]") {
  const auto events = good_events();
  CHECK(named(events, "disk:root").fields == std::vector<Field>{{"unmeasured", "writable"}});
  CHECK(digests_of(named(events, "disk:root")).empty());
}

TEST_CASE("a disk under fs-verity is taken by the kernel's digest and not read", "[attest]") {
  const GoodFiles good;
  auto files = good.files();
  files.disks[1] =
      OpenFile{.fd = -1, .size = 99, .verity = {{.algorithm = "sha256", .digest = ByteVector(32, 7)}}};
  const auto events = measured(good_guest(), files);
  REQUIRE(events);
  CHECK(named(*events, "disk:data").field("fs-verity-sha256") == to_hex(ByteVector(32, 7)));
  CHECK_FALSE(named(*events, "disk:data").field("sha256"));
  CHECK(bytes_to_read(good_guest(), files, {}) == 6 + 6 + 3);
}

TEST_CASE("a read-only disk that was not opened ends the measurement", "[attest]") {
  const GoodFiles good;
  auto files = good.files();
  files.disks[1].reset();
  CHECK_FALSE(measured(good_guest(), files));
  files.disks.pop_back();
  CHECK_FALSE(measured(good_guest(), files));
}

TEST_CASE("code events do not depend on who the guest is and where its files lie", "[attest]") {
  const GoodFiles good;
  auto guest = networked_guest();
  const auto before = measured(guest, good.files());
  guest.name = policy::test::text<policy::GuestName>("other");
  guest.uuid[3] = 9;
  guest.kernel = policy::test::text<policy::HostPath>("/elsewhere/vmlinuz");
  guest.nets[0].mac[5] ^= 1;
  guest.nets[0].host = policy::test::text<policy::InterfaceName>("tap99");
  const auto after = measured(guest, good.files());
  REQUIRE(before);
  REQUIRE(after);
  CHECK(code_of(*before) == code_of(*after));
  CHECK(*before != *after);
}

TEST_CASE("every part of the machine changes the canonical configuration", "[attest]") {
  std::set<std::string> texts{canonical_configuration(networked_guest())};
  std::size_t changes = 1;
  const auto change = [&](auto edit) {
    auto guest = networked_guest();
    edit(guest);
    texts.insert(canonical_configuration(guest));
    ++changes;
  };
  change([](auto& guest) { guest.vcpus = 3; });
  change([](auto& guest) { guest.memory_bytes *= 2; });
  change([](auto& guest) { guest.initrd = {}; });
  for (const auto field :
       {&policy::GuestRecord::serial, &policy::GuestRecord::console, &policy::GuestRecord::entropy}) {
    change([field](auto& guest) { guest.*field = policy::Switch::off; });
  }
  change([](auto& guest) { guest.balloon = policy::Switch::on; });
  change([](auto& guest) { guest.disks[0].access = policy::DiskAccess::read_only; });
  change([](auto& guest) { guest.disks[1].direct = policy::Switch::on; });
  change([](auto& guest) { guest.disks[1].verity.mount = policy::VerityMount::root; });
  change(
      [](auto& guest) { guest.disks[1].verity = {.mount = policy::VerityMount::usr, .hash_offset = 512}; });
  change([](auto& guest) { guest.disks[0].queues = 2; });
  change([](auto& guest) { guest.disks[0].engine = policy::DiskEngine::io_uring; });
  change([](auto& guest) { guest.topology = {.sockets = 2, .cores = 1, .threads = 1}; });
  change([](auto& guest) { guest.nested = policy::Switch::on; });
  change([](auto& guest) { guest.features_off = 1; });
  change([](auto& guest) { guest.pages = policy::MemoryPages::huge_2m; });
  change([](auto& guest) { guest.prefault = policy::Switch::on; });
  change([](auto& guest) { guest.numa.nodes = 2; });
  change([](auto& guest) { guest.model = policy::CpuModel::x86_64_v3; });
  change([](auto& guest) { guest.resources.memory_merge = policy::Switch::on; });
  change([](auto& guest) { guest.lock = policy::Switch::on; });
  change([](auto& guest) { guest.watchdog = policy::WatchdogExpiry::end; });
  change([](auto& guest) { guest.vsock_cid = 3; });
  change([](auto& guest) { guest.disks[1].limit.bytes_burst = 4096; });
  change([](auto& guest) { guest.disks[1].device_limit.write_bytes_per_second = 4096; });
  change([](auto& guest) { guest.nets[1].limit.operations_per_second = 1; });
  change([](auto& guest) { guest.nets[1].vhost = policy::Switch::on; });
  change([](auto& guest) { guest.console_limit.bytes_per_second = 4096; });
  change([](auto& guest) { guest.entropy_limit.operations_burst = 1; });
  change([](auto& guest) { std::swap(guest.disks[0], guest.disks[1]); });
  change([](auto& guest) { guest.disk_count = 1; });
  change([](auto& guest) { guest.net_count = 1; });
  change([](auto& guest) {
    guest.nets[0].kind =
        guest.nets[0].kind == policy::NetKind::tap ? policy::NetKind::bridge : policy::NetKind::tap;
  });
  change([](auto& guest) { guest.resources.cpu_weight = 77; });
  change([](auto& guest) { guest.resources.cpu_quota_percent = 77; });
  change([](auto& guest) { guest.resources.memory_overhead = 77; });
  change([](auto& guest) { guest.resources.pids_max = 77; });
  CHECK(texts.size() == changes);
}

TEST_CASE("the canonical configuration is written in one way only", "[attest]") {
  CHECK(canonical_configuration(good_guest()) ==
        "immure-configuration=1\ninitrd=on\nvcpus=2\nserial=on\nconsole=on\nentropy=on\nballoon=off\n"
        "sockets=0\ncores=0\nthreads=0\nnested=off\ncpu-model=host\nfeatures-off=\n"
        "memory=67108864\npages=0\nprefault=off\nlock=off\nnuma-nodes=0\nmerge=off\nwatchdog=0\nvsock=off\n"
        "disk.0.id=root\ndisk.0.format=raw\ndisk.0.access=read-write\ndisk.0.direct=off\n"
        "disk.0.queues=0\ndisk.0.engine=plain\n"
        "disk.1.id=data\ndisk.1.format=raw\ndisk.1.access=read-only\ndisk.1.direct=off\n"
        "disk.1.queues=0\ndisk.1.engine=plain\ncpu-weight=0\ncpu-quota=0\n"
        "memory-overhead=0\nmemory-low=0\nswap=0\nio-weight=0\npids=0\n");
  auto limited = good_guest();
  limited.disks[0].limit = {.bytes_per_second = 4096, .operations_burst = 2};
  limited.disks[0].device_limit.write_operations_per_second = 9;
  CHECK(canonical_configuration(limited).contains(
      "disk.0.engine=plain\ndisk.0.limit.bytes-per-second=4096\ndisk.0.limit.bytes-burst=0\n"
      "disk.0.limit.operations-per-second=0\ndisk.0.limit.operations-burst=2\n"
      "disk.0.device-limit.read-bytes-per-second=0\ndisk.0.device-limit.write-bytes-per-second=0\n"
      "disk.0.device-limit.read-operations-per-second=0\ndisk.0.device-limit.write-operations-per-second=9\n"
      "disk.1.id=data\n"));
}

TEST_CASE("every changed byte of a file changes its event", "[attest]") {
  const auto original = named(good_events(), "kernel");
  for (std::size_t i = 0; i < 6; ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string bytes = "kernel";
      bytes[i] = static_cast<char>(bytes[i] ^ (1 << bit));
      const MemoryFile changed(bytes);
      const GoodFiles good;
      auto files = good.files();
      files.kernel = changed.open();
      const auto events = measured(good_guest(), files);
      REQUIRE(events);
      const auto& event = named(*events, "kernel");
      CHECK(event.field("sha256") != original.field("sha256"));
      CHECK(event.field("sha384") != original.field("sha384"));
    }
  }
}
