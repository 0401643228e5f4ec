#include <cstdlib>
#include <filesystem>

#include <catch2/catch_test_macros.hpp>
#include <sys/xattr.h>

#include "launcher/keeper.hpp"
#include "launcher/plan.hpp"
#include "launcher/recover.hpp"
#include "policy/fd_layout.hpp"
#include "tests/unit/launcher/recording_kernel.hpp"

using namespace immure;
using namespace immure::launcher;
using namespace immure::launcher::test;

namespace {

constexpr const char* uuid = "11111111-2222-4333-8444-555555555555";

/// A host in a directory of its own: leases, journal and labels are real, everything else is recorded.
struct Host {
  std::string root;
  Paths paths;
  RecordingKernel kernel;
  policy::GuestRecord guest;

  Host() {
    std::string name = "/tmp/immure-launch-XXXXXX";
    root = ::mkdtemp(name.data());
    paths.runtime = root;
    paths.guests = root + "/guests";
    paths.leases = root + "/leases";
    paths.contents = root + "/contents";
    paths.journal = root + "/journal";
    paths.cgroups = root + "/cgroup";
    guest.header = policy::header_of<policy::GuestRecord>();
    guest.name = policy::GuestName::from("web1", "name").value();
    guest.kernel = policy::HostPath::from("/boot/vmlinuz", "kernel").value();
    guest.initrd = policy::HostPath::from("/boot/initrd", "initrd").value();
    guest.vcpus = 1;
    guest.memory_bytes = 64ULL << 20;
    add_disk(policy::DiskAccess::read_write);
    add_disk(policy::DiskAccess::read_only);
    add_net(policy::NetKind::tap, "tap0");
    add_net(policy::NetKind::bridge, "br0");
    if (::geteuid() == 0) kernel.selinux = Selinux::enforcing;
  }
  ~Host() { std::filesystem::remove_all(root); }
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  void add_disk(policy::DiskAccess access) {
    const auto path = root + "/disk" + std::to_string(guest.disk_count);
    UniqueFd(::open(path.c_str(), O_CREAT | O_RDWR, 0600)).reset();
    kernel.real_files.insert(path);
    auto& disk = guest.disks[guest.disk_count++];
    disk.id = BoundedString<32>::from("d" + std::to_string(guest.disk_count), "id").value();
    disk.path = policy::HostPath::from(path, "path").value();
    disk.format = policy::DiskFormat::raw;
    disk.access = access;
  }

  void add_net(policy::NetKind kind, const char* interface) {
    auto& net = guest.nets[guest.net_count++];
    net.id = BoundedString<32>::from("n" + std::to_string(guest.net_count), "id").value();
    net.host = policy::InterfaceName::from(interface, "interface").value();
    net.mac = {2, 0, 0, 0, 0, static_cast<std::uint8_t>(guest.net_count)};
    net.kind = kind;
  }

  Launch launch() {
    return {kernel, paths, guest, policy::default_host_policy(), Ledger::open(paths, uuid).value()};
  }

  /// /proc of a VMM or monitor that is just as planned.
  void show(Launch& launch) {
    kernel.proc = [&launch](const std::string& path) -> std::string {
      const auto is_monitor = path.starts_with("/proc/5001/");
      const auto& labels = launch.labels;
      const auto id = std::to_string(launch.uid + (is_monitor ? 1 : 0));
      const auto ids = id + "\t" + id + "\t" + id + "\t" + id + "\n";
      if (path.ends_with("/status")) {
        std::string text = "Uid:\t" + ids + "Gid:\t" + ids + "Groups:\t \n";
        for (const auto* set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"}) {
          text += std::string(set) + ":\t0000000000000000\n";
        }
        return text + "NoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t3\n";
      }
      if (path.ends_with("/attr/current")) return is_monitor ? labels.monitor : labels.vmm;
      if (path.ends_with("/mountinfo")) return "1 1 0:1 / / ro,nosuid,nodev,noexec - tmpfs immure rw\n";
      if (path.ends_with("/cgroup")) return "0::" + launch.cgroup.name(is_monitor ? "monitor" : "vmm") + "\n";
      if (path.ends_with("/limits")) return "Max core file size  0  0  bytes\n";
      if (path.ends_with("/stat")) return "1 (a b) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4711 0\n";
      return "";
    };
  }

  /// What is on the host beside empty directories.
  [[nodiscard]] std::vector<std::string> left() const {
    std::vector<std::string> names(kernel.present.begin(), kernel.present.end());
    std::erase(names, paths.cgroups + "/immure");
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
      const auto path = entry.path().string();
      if (!entry.is_directory() && !path.starts_with(root + "/disk")) names.push_back(path);
    }
    return names;
  }
  [[nodiscard]] std::string label_of_disk(int number) const {
    std::array<char, 256> label{};
    const auto path = root + "/disk" + std::to_string(number);
    const auto n = ::getxattr(path.c_str(), "security.selinux", label.data(), label.size());
    return n > 0 ? std::string(label.data()) : "";
  }
};

}  // namespace

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
  CHECK(kernel.first("audit 2501") < kernel.first("clone"));
  CHECK(kernel.first("clone") < kernel.first("read_file /proc/5000/task/1/status"));
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
  CHECK(kernel.first("attach_tap tap0") < kernel.first("make_bridged_tap br0"));
  CHECK(kernel.first("make_bridged_tap br0") < kernel.first("bound_capabilities"));
  CHECK(kernel.first("bound_capabilities") < kernel.first("clone"));
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
  CHECK(host.kernel.first("forbid_devices " + host.paths.cgroups + "/immure/web1") <
        host.kernel.first("clone"));
  REQUIRE(launch.ledger.undo(host.kernel));
}
