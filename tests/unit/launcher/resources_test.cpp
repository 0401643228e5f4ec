#include <catch2/catch_test_macros.hpp>
#include <sys/sysmacros.h>

#include "launcher/plan.hpp"
#include "tests/unit/launcher/test_host.hpp"

using namespace immure;
using namespace immure::launcher;
using namespace immure::launcher::test;

namespace {

constexpr const char* fifo_7 =
    "1 (v) c)) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 -8 0 1 0 47 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 17 1 7 1 0";
constexpr const char* normal =
    "1 (vcpu0) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 47 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0";

/// Reads a VMM back whose vCPU is to run on CPU 2 with priority 7, and of which the kernel says this.
Result<void> read_back_vcpu(const std::string& cpus, const std::string& stat) {
  Host host;
  host.guest.resources.pinned_cpus[0] = 3;
  host.guest.resources.realtime_priority = 7;
  auto launch = host.launch();
  host.show(launch);
  host.kernel.proc = [&, shown = host.kernel.proc](const std::string& path) {
    if (path.ends_with("/comm")) return std::string("vcpu0\n");
    if (path.ends_with("/task/1/status")) return shown(path) + "Cpus_allowed_list:\t" + cpus + "\n";
    return path.ends_with("/task/1/stat") ? stat : shown(path);
  };
  auto executed = execute(make_plan(host.guest), launch);
  static_cast<void>(launch.ledger.undo(host.kernel));
  return executed;
}

}  // namespace

TEST_CASE("a guest does not start where a vCPU is not in its place", "[launcher]") {
  CHECK(read_back_vcpu("2", fifo_7));
  for (const auto* cpus : {"0-3", "1", ""}) CHECK_FALSE(read_back_vcpu(cpus, fifo_7));
  CHECK_FALSE(read_back_vcpu("2", normal));
  CHECK_FALSE(read_back_vcpu("2", ""));
}

TEST_CASE("a disk's device is limited as a whole, also where the disk is on a partition of it",
          "[launcher]") {
  for (const bool on_partition : {true, false}) {
    Host host;
    host.guest.disks[0].device_limit.read_bytes_per_second = 4096;
    host.guest.disks[1].device_limit.read_bytes_per_second = 8192;
    host.kernel.file_status.st_dev = makedev(8, 1);
    // A whole device may have a parent with a number, too: that of nvme0n1 is a character device.
    host.kernel.written["/sys/dev/block/8:1/../dev"] = "8:0";
    if (on_partition) host.kernel.written["/sys/dev/block/8:1/partition"] = "1";
    auto launch = host.launch();
    host.show(launch);
    const auto executed = execute(make_plan(host.guest), launch);
    INFO((executed ? "" : executed.error().message));
    REQUIRE(executed);
    CHECK(host.kernel.written[host.paths.cgroups + "/immure/web1/vmm/io.max"] ==
          (on_partition ? "8:0" : "8:1") + std::string(" rbps=12288 wbps=max riops=max wiops=max"));
    REQUIRE(launch.ledger.undo(host.kernel));
  }
}

TEST_CASE("a limit that the kernel does not show as it was written ends the launch", "[launcher]") {
  const auto started = [](const std::string& file, const std::string& text) {
    Host host;
    host.guest.disks[0].device_limit.read_bytes_per_second = 4096;
    host.guest.disks[1].device_limit.read_bytes_per_second = 4096;
    host.kernel.file_status.st_dev = makedev(8, 16);
    host.kernel.said[host.paths.cgroups + "/immure/web1/vmm/" + file] = text;
    auto launch = host.launch();
    host.show(launch);
    const auto executed = execute(make_plan(host.guest), launch);
    REQUIRE(launch.ledger.undo(host.kernel));
    return executed.has_value();
  };
  CHECK(started("memory.swap.max", "0\n"));
  for (const auto* text : {"max\n", "00\n", "10\n", "0 max\n", "0", ""})
    CHECK_FALSE(started("memory.swap.max", text));
  const std::string line = "8:16 rbps=8192 wbps=max riops=max wiops=max\n";
  CHECK(started("io.max", line));
  CHECK(started("io.max", "8:0 rbps=1 wbps=max riops=max wiops=max\n" + line));
  CHECK_FALSE(started("io.max", "10" + line));
  CHECK_FALSE(started("io.max", "8:16 rbps=8191 wbps=max riops=max wiops=max\n"));
}

TEST_CASE("a guest shares no core where the host can keep it from that", "[launcher]") {
  using policy::CoreScheduling;
  const auto started = [](CoreScheduling mode, int error) {
    Host host;
    host.kernel.core_scheduling_error = error;
    auto launch = host.launch();
    launch.host.core_scheduling = mode;
    host.show(launch);
    const auto executed = execute(make_plan(host.guest), launch).has_value();
    REQUIRE(launch.ledger.undo(host.kernel));
    return executed;
  };
  CHECK(started(CoreScheduling::required, 0));
  CHECK_FALSE(started(CoreScheduling::required, EINVAL));
  CHECK(started(CoreScheduling::where_possible, EINVAL));
  CHECK_FALSE(started(CoreScheduling::where_possible, EPERM));
  CHECK(started(CoreScheduling::off, EPERM));
}

TEST_CASE("a guest's whole cgroup is forbidden to open devices, before anything runs in it", "[launcher]") {
  Host host;
  auto launch = host.launch();
  host.show(launch);
  REQUIRE(execute(make_plan(host.guest), launch));
  CHECK(host.kernel.first("attach_filter " + host.paths.cgroups + "/immure/web1") <
        host.kernel.first("clone"));
  REQUIRE(launch.ledger.undo(host.kernel));
}
