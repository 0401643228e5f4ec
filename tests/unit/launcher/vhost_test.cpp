#include <algorithm>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "launcher/plan.hpp"
#include "launcher/read_back.hpp"
#include "policy/fd_layout.hpp"
#include "tests/unit/launcher/test_host.hpp"

using namespace immure;
using namespace immure::launcher;
using namespace immure::launcher::test;
using Catch::Matchers::ContainsSubstring;

namespace {

std::string stat_of(const std::string& name, unsigned flags) {
  return "7 (" + name + ") S 1 1 1 0 -1 " + std::to_string(flags) +
         " 0 0 0 0 0 0 0 0 20 0 1 0 47 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0\n";
}
constexpr unsigned program = 0x400040;      // PF_RANDOMIZE, PF_FORKNOEXEC
constexpr unsigned user_worker = 0x404040;  // and PF_USER_WORKER
constexpr unsigned io_worker = 0x404050;    // and PF_IO_WORKER

/// A host whose second network goes through vhost-net, and whose VMM has such a thread.
struct VhostHost : Host {
  VhostHost() {
    guest.nets[1].vhost = policy::Switch::on;
    kernel.modes[paths.vhost_net] = S_IFCHR | 0660;
  }

  /// `flags` of the VMM's threads but the first, which have this many filters.
  std::string start(unsigned flags, const std::string& filters = "1",
                    const std::vector<std::string>& threads = {"1", "2"}) {
    auto launch = this->launch();
    show(launch);
    kernel.proc = [&, shown = kernel.proc](const std::string& path) {
      const auto is_first = path.contains("/task/1/");
      if (path.contains("/task/") && path.ends_with("/stat"))
        return is_first ? stat_of("immure-vmm", program) : stat_of("vhost-5000", flags);
      auto text = shown(path);
      if (!is_first && path.ends_with("/status")) text.replace(text.rfind('3'), 1, filters);
      return text;
    };
    kernel.listed["/proc/5000/task"] = threads;
    auto executed = execute(make_plan(guest), launch);
    CHECK(launch.ledger.undo(kernel));
    return executed ? "started" : executed.error().message;
  }
};

}  // namespace

TEST_CASE("each network through vhost-net has one that is its VMM's alone", "[launcher]") {
  VhostHost host;
  auto launch = host.launch();
  host.show(launch);
  REQUIRE(execute(make_plan(host.guest), launch));
  CHECK(host.kernel.first("open " + host.paths.vhost_net) < host.kernel.first("read_file /proc/5000/"));
  const auto has = [&](int target) {
    return std::ranges::find(launch.vmm_spec.fds, target, &FdMapping::target) != launch.vmm_spec.fds.end();
  };
  CHECK_FALSE(has(policy::vmm_fd::first_vhost));
  CHECK(has(policy::vmm_fd::first_vhost + 1));
  CHECK(launch.vhosts.empty());
  // The kernel has bound that one to a process that is gone.
  host.kernel.calls.clear();
  REQUIRE(execute(make_restart_plan(host.guest), launch));
  CHECK(host.kernel.first("open " + host.paths.vhost_net) < host.kernel.first("clone"));
  REQUIRE(launch.ledger.undo(host.kernel));
}

TEST_CASE("a guest without such a network has no vhost-net", "[launcher]") {
  Host host;
  auto launch = host.launch();
  host.show(launch);
  REQUIRE(execute(make_plan(host.guest), launch));
  CHECK(host.kernel.first("open " + host.paths.vhost_net) == host.kernel.calls.size());
  REQUIRE(launch.ledger.undo(host.kernel));
}

TEST_CASE("without vhost-net a guest that asks for it does not start, and is told how to get it",
          "[launcher]") {
  VhostHost host;
  std::string expected;
  SECTION("there is none") {
    host.kernel.missing = host.paths.vhost_net;
    expected = "network n2 has vhost = true, and there is no /dev/vhost-net: modprobe vhost_net";
  }
  SECTION("there is something else") {
    host.kernel.modes[host.paths.vhost_net] = S_IFREG | 0660;
    expected = "/dev/vhost-net is not a character device";
  }
  auto launch = host.launch();
  host.show(launch);
  const auto executed = execute(make_plan(host.guest), launch);
  REQUIRE_FALSE(executed);
  CHECK(executed.error().message == expected);
  CHECK(launch.failure == policy::ExitCode::unsafe_host);
  REQUIRE(launch.ledger.undo(host.kernel));
  CHECK(host.left() == std::vector<std::string>{});
}

TEST_CASE("a thread of the kernel's is no program's, whatever it is called", "[launcher]") {
  CHECK(is_worker(stat_of("vhost-7", user_worker)).value());
  CHECK_FALSE(is_worker(stat_of("vhost-7", program)).value());
  CHECK_FALSE(is_worker(stat_of("iou-wrk-7", io_worker)).value());
  // A program names its threads: what stands behind the last ')' is the kernel's.
  CHECK_FALSE(is_worker(stat_of("a) S 1 1 1 0 -1 4210752", program)).value());
  CHECK_FALSE(is_worker("7 (a) S 1"));
  CHECK_FALSE(is_worker(""));
}

TEST_CASE("vhost-net's thread is no thread of the VMM's, and is behind a filter all the same", "[launcher]") {
  VhostHost host;
  SECTION("as it is") { CHECK(host.start(user_worker) == "started"); }
  SECTION("a thread of the program's that is called so") {
    CHECK_THAT(host.start(program, "3"), ContainsSubstring("number of threads is \"2\""));
  }
  SECTION("io_uring's") {
    CHECK_THAT(host.start(io_worker, "3"), ContainsSubstring("number of threads is \"2\""));
  }
  SECTION("one more than there are such networks") {
    CHECK_THAT(host.start(user_worker, "1", {"1", "2", "3"}),
               ContainsSubstring("2 threads are the kernel's, at most 1 were planned"));
  }
  SECTION("without a filter") {
    CHECK_THAT(host.start(user_worker, "0"), ContainsSubstring("Seccomp_filters is 0"));
  }
  SECTION("of a guest that has no network through vhost-net") {
    host.guest.nets[1].vhost = policy::Switch::off;
    CHECK_THAT(host.start(user_worker, "3"), ContainsSubstring("number of threads is \"2\""));
  }
}
