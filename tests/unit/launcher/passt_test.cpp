#include <algorithm>

#include <catch2/catch_test_macros.hpp>
#include <linux/bpf.h>

#include "launcher/plan.hpp"
#include "policy/fd_layout.hpp"
#include "tests/unit/launcher/test_host.hpp"

using namespace immure;
using namespace immure::launcher;
using namespace immure::launcher::test;

namespace {

/// A host with a guest of three networks, the third through passt.
struct PasstHost : Host {
  PasstHost() { add_passt(); }
};

std::string message_of(const Result<void>& result) { return result ? "" : result.error().message; }

}  // namespace

TEST_CASE("passt is started and read back before the VMM that it serves", "[launcher]") {
  PasstHost host;
  auto launch = host.launch();
  host.show(launch);
  const auto executed = execute(make_plan(host.guest), launch);
  INFO(message_of(executed));
  REQUIRE(executed);
  const auto& kernel = host.kernel;
  const auto passt_read = kernel.first("read_file /proc/5000/task/1/status");
  CHECK(kernel.first("clone") < passt_read);
  CHECK(passt_read < kernel.first("read_file /proc/5001/task/1/status"));
  CHECK(launch.passt.pid == 5000);
  CHECK(launch.vmm.pid == 5001);
  CHECK(launch.monitor.pid == 5002);
  REQUIRE(launch.nets.size() == 3);
  const auto target = policy::vmm_fd::first_net + 2;
  CHECK(std::ranges::find(launch.vmm_spec.fds, target, &FdMapping::target) != launch.vmm_spec.fds.end());
  // The VMM alone has its end once it runs, so that passt ends with it.
  CHECK_FALSE(launch.nets[2]);
  REQUIRE(launch.ledger.undo(host.kernel));
  CHECK(host.left() == std::vector<std::string>{});
}

TEST_CASE("passt has a uid of its own, the guest's categories, and a cgroup with filters of its network",
          "[launcher]") {
  PasstHost host;
  auto launch = host.launch();
  host.show(launch);
  REQUIRE(execute(make_plan(host.guest), launch));
  CHECK(launch.passt_uid != launch.uid);
  CHECK(launch.passt_uid != launch.uid + 1);
  CHECK(launch.passt_uid >= launch.host.uid_base);
  if (!launch.labels.vmm.empty()) {
    const auto level = launch.labels.vmm.substr(launch.labels.vmm.find(":s0:"));
    CHECK(launch.labels.passt == "system_u:system_r:immure_passt_t" + level);
  }
  const auto group = host.paths.cgroups + "/immure/web1/passt";
  for (const auto type : {BPF_CGROUP_INET4_CONNECT, BPF_CGROUP_INET6_CONNECT, BPF_CGROUP_UDP4_SENDMSG,
                          BPF_CGROUP_UDP6_SENDMSG, BPF_CGROUP_INET4_BIND, BPF_CGROUP_INET6_BIND}) {
    CHECK(host.kernel.first("attach_filter " + group + " " + std::to_string(type)) <
          host.kernel.first("clone"));
  }
  CHECK(host.kernel.written[group + "/memory.swap.max"] == "0");
  REQUIRE(launch.ledger.undo(host.kernel));
}

TEST_CASE("whatever call of a launch with passt fails, the guest does not run and nothing is left",
          "[launcher]") {
  std::size_t number_of_calls = 0;
  {
    PasstHost host;
    auto launch = host.launch();
    host.show(launch);
    REQUIRE(execute(make_plan(host.guest), launch));
    number_of_calls = host.kernel.calls.size();
    REQUIRE(launch.ledger.undo(host.kernel));
  }
  for (std::size_t i = 1; i <= number_of_calls; ++i) {
    PasstHost host;
    auto launch = host.launch();
    host.show(launch);
    host.kernel.fail_at = i;
    const auto executed = execute(make_plan(host.guest), launch);
    const auto failed = host.kernel.calls[i - 1];
    INFO(failed);
    // Where the CPU has AVX2, passt has a build for it, and another one where it has not.
    if (failed == "open " + host.paths.passt + ".avx2" || failed == "status") {
      host.kernel.fail_at = 0;
      REQUIRE(launch.ledger.undo(host.kernel));
      continue;
    }
    REQUIRE_FALSE(executed);
    CHECK((failed == "send" || host.kernel.first("send") == host.kernel.calls.size()));
    host.kernel.fail_at = 0;
    REQUIRE(launch.ledger.undo(host.kernel));
    CHECK(host.left() == std::vector<std::string>{});
  }
}

TEST_CASE("after a reboot of the guest its VMM has a passt that has seen nothing of the old one",
          "[launcher]") {
  PasstHost host;
  auto launch = host.launch();
  host.show(launch);
  REQUIRE(execute(make_plan(host.guest), launch));
  host.kernel.calls.clear();
  host.kernel.proc = [&, shown = host.kernel.proc](std::string path) {
    // The new ones look as the old ones did.
    const auto is_of = [&](pid_t pid) { return path.starts_with("/proc/" + std::to_string(pid) + "/"); };
    if (is_of(launch.passt.pid)) return shown("/proc/5000/" + path.substr(11));
    if (is_of(launch.vmm.pid)) return shown("/proc/5001/" + path.substr(11));
    return shown(path);
  };
  const auto restarted = execute(make_restart_plan(host.guest), launch);
  INFO(message_of(restarted));
  REQUIRE(restarted);
  CHECK(host.kernel.first("kill") < host.kernel.first("wait"));
  CHECK(host.kernel.first("wait") < host.kernel.first("make_socket_pair"));
  CHECK(launch.passt.pid > 5002);
  REQUIRE(launch.ledger.undo(host.kernel));
}

TEST_CASE("a passt that does not confine itself, or is not as planned, ends the launch", "[launcher]") {
  PasstHost host;
  auto launch = host.launch();
  host.show(launch);
  const auto refused = [&](auto change) {
    host.kernel.proc = [&, change, shown = host.kernel.proc](const std::string& path) {
      return path.starts_with("/proc/5000/") ? change(path, shown(path)) : shown(path);
    };
    const auto executed = execute(make_plan(host.guest), launch);
    CHECK(host.kernel.first("send") == host.kernel.calls.size());
    REQUIRE(launch.ledger.undo(host.kernel));
    return executed ? "started" : executed.error().message;
  };
  using Text = std::string;
  SECTION("it ended, with its reason in the log") {
    const auto message = refused([](const Text& path, const Text& text) {
      return path == "/proc/5000/status" ? Text("Seccomp_filters:\t1\n") : text;
    });
    CHECK(message.starts_with("passt ended before the guest ran"));
    CHECK(launch.failure == policy::ExitCode::failure);
  }
  SECTION("it has another label") {
    if (launch.selinux == Selinux::absent && host.kernel.selinux == Selinux::absent)
      SKIP("needs root for labels");
    const auto message = refused([](const Text& path, const Text& text) {
      return path.ends_with("/attr/current") ? Text("system_u:system_r:immure_t:s0-s0:c0.c1023") : text;
    });
    CHECK(message.find("read back passt: label is") != Text::npos);
  }
  SECTION("it kept the host's root") {
    const auto message = refused([](const Text& path, const Text& text) {
      return path.ends_with("/mountinfo") ? Text("1 1 8:1 / / rw - ext4 /dev/vda rw\n") : text;
    });
    CHECK(message.find("its root is not a tmpfs") != Text::npos);
  }
}

TEST_CASE("a host without passt is told which package it is in", "[launcher]") {
  PasstHost host;
  auto launch = host.launch();
  struct NoPasst : RecordingKernel {
    Result<UniqueFd> open(const std::string& path, int flags, Links links) override {
      if (path.find("passt") != std::string::npos) return system_error("open " + path, ENOENT);
      return RecordingKernel::open(path, flags, links);
    }
  } kernel;
  Launch without{kernel, launch.paths, launch.guest, launch.host,
                 Ledger::open(host.paths, "99999999-2222-4333-8444-555555555555").value()};
  const auto opened = open_programs(without);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().message ==
        "a network goes through passt, and there is no /usr/bin/passt: install the package passt");
  without.guest.net_count = 2;
  CHECK(open_programs(without));
  REQUIRE(without.ledger.undo(host.kernel));
  REQUIRE(launch.ledger.undo(host.kernel));
}
