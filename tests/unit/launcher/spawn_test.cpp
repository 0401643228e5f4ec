#include "launcher/spawn.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/proc_text.hpp"
#include "launcher/gate.hpp"
#include "launcher/read_back.hpp"
#include "policy/fd_layout.hpp"
#include "policy/passt_arguments.hpp"
#include "policy/seccomp/compiled_filters.hpp"

using namespace immure;
using namespace immure::launcher;

namespace {

constexpr uid_t test_uid = 2'000'100'000;

/// A confined stand-in on this very kernel, without a cgroup of its own and without SELinux.
struct Confined {
  Kernel kernel;
  UniqueFd null = kernel.open("/dev/null", O_RDWR, Links::refused).value();
  UniqueFd program = kernel.open(STAND_IN, O_PATH, Links::followed).value();
  FdPair log = kernel.make_pipe().value();
  FdPair gate = kernel.make_socket_pair(SOCK_SEQPACKET).value();
  SpawnSpec spec{.name = "stand-in",
                 .program_fd = program.get(),
                 .mount_point = "/tmp",
                 .uid = test_uid,
                 .fds = {{null.get(), 0}, {null.get(), 1}, {log.second.get(), 2}, {gate.second.get(), 4}},
                 .landlock_version = kernel.landlock_version().value(),
                 .filter = policy::seccomp::compiled_filter(policy::seccomp::Profile::launch)};
  Expected expected{
      .name = "the stand-in",
      .uid = test_uid,
      .label = "",
      .cgroup = field_of(kernel.read_file("/proc/self/cgroup").value(), "0::").value_or("absent"),
      .threads = 1,
      .filters = 1,
      .fds = spec.fds};
};

#define REQUIRE_OK(expression)                          \
  do {                                                  \
    const auto& ok_result = (expression);               \
    INFO((ok_result ? "" : ok_result.error().message)); \
    REQUIRE(ok_result.has_value());                     \
  } while (false)

}  // namespace

TEST_CASE("a confined process is what was planned, as the kernel sees it", "[launcher]") {
  if (::geteuid() != 0) SKIP("needs root for namespaces and ids");
  Confined test;
  auto process = spawn(test.kernel, test.spec);
  REQUIRE_OK(process);
  auto failure = policy::ExitCode::failure;
  auto threads = await_vmm(test.kernel, test.gate.first.get(), *process, test.log.first.get(), failure);
  REQUIRE_OK(threads);

  SECTION("and runs on once the gate opens") {
    REQUIRE_OK(read_back(test.kernel, process->pid, test.expected));
    REQUIRE_OK(open_gate(test.kernel, test.gate.first.get()));
    const auto end = test.kernel.wait(*process);
    REQUIRE(end);
    CHECK(end->status == 0);
    CHECK(end->signal == 0);
  }
  SECTION("and anything else is told apart") {
    const auto differs = [&](const Expected& other) { return !read_back(test.kernel, process->pid, other); };
    auto other = test.expected;
    SECTION("another uid") { other.uid = 4711; }
    SECTION("another number of threads") { other.threads = 2; }
    SECTION("more filters") { other.filters = 2; }
    SECTION("a label that it has not") { other.label = "system_u:system_r:immure_vmm_t:s0:c1,c2"; }
    SECTION("another cgroup") { other.cgroup = "/immure/other"; }
    SECTION("an fd that was not planned") { other.fds.pop_back(); }
    SECTION("another file behind an fd") { other.fds[2].source = test.null.get(); }
    CHECK(differs(other));
    REQUIRE(test.kernel.kill(*process));
    REQUIRE(test.kernel.wait(*process));
  }
}

TEST_CASE("the host's passt confines itself within what it is given, and ends with its socket",
          "[launcher]") {
  if (::geteuid() != 0) SKIP("needs root for namespaces and ids");
  if (::access("/usr/bin/passt", X_OK) != 0) SKIP("this host has no passt");
  Confined test;
  const auto program = test.kernel.open("/usr/bin/passt", O_PATH, Links::refused).value();
  auto frames = test.kernel.make_socket_pair(SOCK_STREAM).value();
  test.spec.name = "passt";
  test.spec.program_fd = program.get();
  test.spec.open_files = 4096;
  test.spec.surroundings = Surroundings::host_network;
  test.spec.arguments = policy::passt_arguments({});
  test.spec.fds = {{test.null.get(), policy::passt_fd::null_in},
                   {test.null.get(), policy::passt_fd::null_out},
                   {test.log.second.get(), policy::passt_fd::log},
                   {frames.second.get(), policy::passt_fd::frames}};
  test.spec.landlock_version = 0;
  test.spec.filter = policy::seccomp::compiled_filter(policy::seccomp::Profile::passt);
  const auto process = spawn(test.kernel, test.spec);
  REQUIRE_OK(process);
  test.expected.name = "passt";
  test.expected.filters = 2;
  test.expected.surroundings = Surroundings::host_network;
  test.expected.fds = test.spec.fds;
  auto seen = read_back(test.kernel, process->pid, test.expected);
  for (int i = 0; i < 500 && !seen; ++i) {
    ::usleep(10'000);
    seen = read_back(test.kernel, process->pid, test.expected);
  }
  INFO(last_words(test.kernel, test.log.first.get()));
  REQUIRE_OK(seen);
  frames = {};
  const auto end = test.kernel.wait(*process);
  REQUIRE(end);
  CHECK(end->signal == 0);
}

TEST_CASE("a step that fails in the new process is the error of spawn", "[launcher]") {
  if (::geteuid() != 0) SKIP("needs root for namespaces and ids");
  Confined test;
  SECTION("root is refused as identity") {
    test.spec.uid = 0;
    const auto process = spawn(test.kernel, test.spec);
    REQUIRE_FALSE(process);
    CHECK(process.error().message.find("must not run as root") != std::string::npos);
  }
  SECTION("a mount point that is not there") {
    test.spec.mount_point = "/nonexistent-mount-point";
    const auto process = spawn(test.kernel, test.spec);
    REQUIRE_FALSE(process);
    CHECK(process.error().message.find("/nonexistent-mount-point") != std::string::npos);
  }
}
