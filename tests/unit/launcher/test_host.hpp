#pragma once

#include <array>
#include <cstdlib>
#include <filesystem>

#include <sys/xattr.h>

#include "launcher/plan.hpp"
#include "tests/unit/launcher/recording_kernel.hpp"

namespace immure::launcher::test {

inline constexpr const char* uuid = "11111111-2222-4333-8444-555555555555";

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
    // The owner of the rules of its networks is the first process of a launch; the VMM has 5000.
    kernel.next_pid = 4999;
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

  /// The pids are then: passt 5000, VMM 5001, monitor 5002.
  void add_passt() {
    add_net(policy::NetKind::passt, "");
    auto& net = guest.nets[guest.net_count - 1];
    net.forwards[0] = policy::parse_forward("tcp:127.0.0.1:8080:80").value();
    net.forward_count = 1;
  }

  Launch launch() {
    return {kernel, paths, guest, policy::default_host_policy(), Ledger::open(paths, uuid).value()};
  }

  /// /proc of a VMM or monitor that is just as planned.
  void show(Launch& launch) {
    kernel.proc = [&launch](const std::string& path) -> std::string {
      const auto has_passt = launch.passt_uid != 0;
      const auto is_passt = has_passt && path.starts_with("/proc/5000/");
      const auto is_monitor = path.starts_with(has_passt ? "/proc/5002/" : "/proc/5001/");
      const auto& labels = launch.labels;
      const auto id = std::to_string(is_passt ? launch.passt_uid : launch.uid + (is_monitor ? 1 : 0));
      const auto ids = id + "\t" + id + "\t" + id + "\t" + id + "\n";
      if (path.ends_with("/status")) {
        std::string text = "Uid:\t" + ids + "Gid:\t" + ids + "Groups:\t \n";
        for (const auto* set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"}) {
          text += std::string(set) + ":\t0000000000000000\n";
        }
        return text + "NoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t3\n";
      }
      if (path.ends_with("/attr/current"))
        return is_passt ? labels.passt : is_monitor ? labels.monitor : labels.vmm;
      if (path.ends_with("/mountinfo")) return "1 1 0:1 / / ro,nosuid,nodev,noexec - tmpfs immure rw\n";
      if (path.ends_with("/cgroup"))
        return "0::" + launch.cgroup.name(is_passt ? "passt" : is_monitor ? "monitor" : "vmm") + "\n";
      if (path.ends_with("/limits")) return "Max core file size  0  0  bytes\n";
      if (path.ends_with("/stat"))
        return "1 (a b) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4711 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 17 1 0 0 "
               "0\n";
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

}  // namespace immure::launcher::test
