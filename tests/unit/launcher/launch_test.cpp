#include <filesystem>

#include <catch2/catch_test_macros.hpp>

#include "launcher/keeper.hpp"
#include "launcher/plan.hpp"
#include "launcher/recover.hpp"
#include "policy/fd_layout.hpp"
#include "tests/unit/launcher/test_host.hpp"

using namespace immure;
using namespace immure::launcher;
using namespace immure::launcher::test;

TEST_CASE("a launch does everything in the order of the design", "[launcher]") {
  Host host;
  auto launch = host.launch();
  host.show(launch);
  const auto executed = execute(make_plan(host.guest), launch);
  INFO((executed ? "" : executed.error().message));
  REQUIRE(executed);
  const auto& kernel = host.kernel;

  CHECK(kernel.calls.front() == "landlock_version");
  CHECK(kernel.first("check_selinux") < kernel.first("make_directory"));
  CHECK(kernel.first("open /boot/vmlinuz") < kernel.first("open " + host.root + "/disk0"));
  CHECK(kernel.first("lock exclusive") < kernel.first("lock shared"));
  CHECK(kernel.first("lock shared") < kernel.first("clone"));
  CHECK(kernel.first("join_bridge") < kernel.first("audit 2501"));
  CHECK(kernel.first("audit 2501") < kernel.first("read_file /proc/5000/task/1/status"));
  CHECK(kernel.first("read_file /proc/5000/task/1/status") <
        kernel.first("read_file /proc/5001/task/1/status"));
  CHECK(kernel.first("read_file /proc/5001/task/1/status") < kernel.first("send"));
  CHECK(kernel.first("audit 2500") < kernel.first("send"));
  CHECK(kernel.first("replace_file " + host.paths.guest("web1") + "/state") < kernel.first("send"));
  CHECK(kernel.calls.back() == "send");
  for (const auto* directory : {"", "/immure", "/immure/web1"}) {
    CHECK(host.kernel.written[host.paths.cgroups + directory + "/cgroup.subtree_control"] ==
          "+cpu +memory +pids +io +cpuset");
  }
  if (kernel.selinux == Selinux::enforcing) {
    CHECK(host.label_of_disk(0) == launch.labels.image);
    CHECK(host.label_of_disk(1) == "system_u:object_r:immure_content_t:s0");
  }
  REQUIRE(launch.ledger.undo(host.kernel));
  CHECK(host.left().empty());
}

TEST_CASE("whatever call of a launch fails, the guest does not run and nothing is left", "[launcher]") {
  std::size_t number_of_calls = 0;
  {
    Host host;
    auto launch = host.launch();
    host.show(launch);
    REQUIRE(execute(make_plan(host.guest), launch));
    number_of_calls = host.kernel.calls.size();
    REQUIRE(launch.ledger.undo(host.kernel));
  }
  for (std::size_t i = 1; i <= number_of_calls; ++i) {
    Host host;
    auto launch = host.launch();
    host.show(launch);
    host.kernel.fail_at = i;
    const auto executed = execute(make_plan(host.guest), launch);
    const auto failed = host.kernel.calls[i - 1];
    INFO(failed);
    REQUIRE_FALSE(executed);
    CHECK(launch.failure != policy::ExitCode::success);
    CHECK((failed == "send" || host.kernel.first("send") == host.kernel.calls.size()));
    host.kernel.fail_at = 0;
    REQUIRE(launch.ledger.undo(host.kernel));
    CHECK(host.left() == std::vector<std::string>{});
    CHECK(host.label_of_disk(0).empty());
    CHECK(host.label_of_disk(1).empty());
  }
}

TEST_CASE("a launch whose process died is found and undone by the next one", "[launcher]") {
  Host host;
  {
    auto launch = host.launch();
    host.show(launch);
    REQUIRE(execute(make_plan(host.guest), launch));
    // The keeper is killed here: no undo, but the kernel drops its lock.
  }
  CHECK_FALSE(host.left().empty());
  auto abandoned = Ledger::abandoned(host.paths);
  REQUIRE(abandoned);
  REQUIRE(abandoned->size() == 1);
  CHECK(abandoned->front().guest_name() == "web1");
  REQUIRE(abandoned->front().undo(host.kernel));
  CHECK(host.left() == std::vector<std::string>{});
  CHECK(host.label_of_disk(0).empty());
}

TEST_CASE("a launch that lives is not taken for an abandoned one", "[launcher]") {
  Host host;
  auto launch = host.launch();
  const auto abandoned = Ledger::abandoned(host.paths);
  REQUIRE(abandoned);
  CHECK(abandoned->empty());
  REQUIRE(launch.ledger.undo(host.kernel));
}

TEST_CASE("undoing goes on after an error and keeps the journal for the next time", "[launcher]") {
  Host host;
  auto launch = host.launch();
  host.show(launch);
  REQUIRE(execute(make_plan(host.guest), launch));
  host.kernel.fail_on = "remove";
  CHECK_FALSE(launch.ledger.undo(host.kernel));
  CHECK(host.label_of_disk(0).empty());
  host.kernel.fail_on = "";
  REQUIRE(launch.ledger.undo(host.kernel));
  CHECK(host.left() == std::vector<std::string>{});
}

TEST_CASE("a name is given to one guest at a time", "[launcher]") {
  Host host;
  auto first = host.launch();
  REQUIRE(lease_identity(first));
  Launch second(host.kernel, host.paths, host.guest, policy::default_host_policy(),
                Ledger::open(host.paths, "99999999-2222-4333-8444-555555555555").value());
  REQUIRE_FALSE(lease_identity(second));
  CHECK(second.failure == policy::ExitCode::name_in_use);
  REQUIRE(second.ledger.undo(host.kernel));
  REQUIRE(first.ledger.undo(host.kernel));
}

TEST_CASE("an image is refused for what it is", "[launcher]") {
  Host host;
  auto launch = host.launch();
  auto& status = host.kernel.file_status;
  SECTION("a FIFO") { status.st_mode = S_IFIFO | 0600; }
  SECTION("a directory") { status.st_mode = S_IFDIR | 0700; }
  SECTION("a character device") { status.st_mode = S_IFCHR | 0600; }
  SECTION("a file with a second hard link") { status.st_nlink = 2; }
  SECTION("a set-uid file") { status.st_mode = S_IFREG | S_ISUID | 0755; }
  SECTION("a file that everybody can write") { status.st_mode = S_IFREG | 0666; }
  SECTION("a file of another guest's uid") { status.st_uid = launch.host.uid_base + 4; }
  CHECK_FALSE(open_disks(launch));
  CHECK(host.kernel.first("lock") == host.kernel.calls.size());
  REQUIRE(launch.ledger.undo(host.kernel));
}

TEST_CASE("the longest disk that the guest may write is the longest file that its VMM may make",
          "[launcher]") {
  Host host;
  auto launch = host.launch();
  host.kernel.file_status.st_size = 1 << 20;
  auto& disk = launch.guest.disks[0];
  SECTION("a disk to write counts") {
    disk.access = policy::DiskAccess::read_write;
    REQUIRE(open_disks(launch));
    CHECK(launch.longest_disk == 1 << 20);
  }
  SECTION("one to read does not") {
    disk.access = policy::DiskAccess::read_only;
    REQUIRE(open_disks(launch));
    CHECK(launch.longest_disk == 0);
  }
  REQUIRE(launch.ledger.undo(host.kernel));
}

TEST_CASE("a disk that somebody else has locked is in use", "[launcher]") {
  Host host;
  auto launch = host.launch();
  host.kernel.locked_elsewhere = true;
  const auto opened = open_disks(launch);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().message.ends_with("is already in use"));
  REQUIRE(launch.ledger.undo(host.kernel));
}

TEST_CASE("a program that somebody else can write is not started", "[launcher]") {
  Host host;
  auto launch = host.launch();
  auto& status = host.kernel.file_status;
  SECTION("by its mode") { status.st_mode = S_IFREG | 0775; }
  SECTION("by its owner") { status.st_uid = 1000; }
  CHECK_FALSE(open_programs(launch));
  REQUIRE(launch.ledger.undo(host.kernel));
}

TEST_CASE("networks are attached before the VMM starts, and nothing can be changed on them after",
          "[launcher]") {
  Host host;
  auto launch = host.launch();
  host.show(launch);
  REQUIRE(execute(make_plan(host.guest), launch));
  const auto& kernel = host.kernel;
  CHECK(kernel.first("attach_tap tap0") < kernel.first("make_tap"));
  CHECK(kernel.first("make_sealed net-filter") < kernel.first("join_bridge immure7 br0"));
  CHECK(kernel.first("join_bridge immure7 br0") < kernel.first("bound_capabilities"));
  CHECK(kernel.first("bound_capabilities") < kernel.first("read_file /proc/5000"));
  REQUIRE(launch.nets.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    const auto given = std::ranges::find(launch.vmm_spec.fds, launch.nets[i].get(), &FdMapping::source);
    REQUIRE(given != launch.vmm_spec.fds.end());
    CHECK(given->target == policy::vmm_fd::first_net + static_cast<int>(i));
  }
  REQUIRE(launch.ledger.undo(host.kernel));
}

TEST_CASE("a guest is paused once the kernel says that it stands still", "[launcher]") {
  Host host;
  auto launch = host.launch();
  host.show(launch);
  REQUIRE(execute(make_plan(host.guest), launch));
  const auto file = host.paths.cgroups + "/immure/web1/vmm/cgroup.freeze";
  REQUIRE(move_guest(host.kernel, host.paths, "web1", Motion::stopped));
  CHECK(host.kernel.written[file] == "1");
  REQUIRE(move_guest(host.kernel, host.paths, "web1", Motion::running));
  CHECK(host.kernel.written[file] == "0");
  host.kernel.fail_on = "write_file";
  CHECK_FALSE(move_guest(host.kernel, host.paths, "web1", Motion::stopped));
  host.kernel.fail_on.clear();
  REQUIRE(launch.ledger.undo(host.kernel));
}

TEST_CASE("a VMM's end becomes an exit code", "[launcher]") {
  using policy::ExitCode;
  CHECK(exit_code_of({.status = 0, .signal = 0}) == ExitCode::success);
  CHECK(exit_code_of({.status = 66, .signal = 0}) == ExitCode::guest_crashed);
  CHECK(exit_code_of({.status = 67, .signal = 0}) == ExitCode::image_refused);
  CHECK(exit_code_of({.status = 64, .signal = 0}) == ExitCode::failure);
  CHECK(exit_code_of({.status = 0, .signal = 31}) == ExitCode::vmm_died);
  CHECK(exit_code_of({.status = 0, .signal = 9}) == ExitCode::vmm_died);
}

TEST_CASE("a plan tells every step, those of the confined process too", "[launcher]") {
  Host host;
  const auto lines = describe(make_plan(host.guest), 6);
  CHECK(lines.size() == make_plan(host.guest).size() + 7);
  CHECK(std::ranges::any_of(
      lines, [](const auto& line) { return line.find("/boot/vmlinuz") != std::string::npos; }));
  CHECK(lines.back() == "let the guest run");
}
