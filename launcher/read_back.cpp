#include "launcher/read_back.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/proc_text.hpp"

namespace immure::launcher {
namespace {

Result<void> require(std::string_view what, const std::string& is, const std::string& planned) {
  if (is == planned) return {};
  return invalid(std::string(what) + " is \"" + is + "\", \"" + planned + "\" was planned");
}

std::string section(std::string_view name, std::string_view text) {
  return "[" + std::string(name) + "]\n" + std::string(text) +
         (text.empty() || text.back() == '\n' ? "" : "\n");
}

/// Nobody else on the hardware threads of its core.
Result<void> check_cores(Kernel& kernel, const std::string& thread, policy::CoreScheduling mode) {
  if (mode == policy::CoreScheduling::off) return {};
  pid_t id = 0;
  std::from_chars(thread.data(), thread.data() + thread.size(), id);
  const auto alone = kernel.has_cores_alone(id);
  if (!alone && alone.error().error_number == EINVAL && mode == policy::CoreScheduling::where_possible)
    return {};
  if (!IMMURE_TRY(Result<bool>(alone))) return invalid("a thread shares cores with others");
  return {};
}

/// proc_pid_stat(5), from the third field on: the first behind the name, which is the program's to choose.
Result<std::vector<std::string_view>> fields_of_stat(std::string_view stat) {
  auto fields = words_of(stat.substr(stat.rfind(')') + 1));
  if (fields.size() < 39) return invalid("the kernel says too little of a thread: " + std::string(stat));
  return fields;
}

/// A vCPU's thread runs where it was told, as it was told.
Result<void> check_place(Kernel& kernel, const std::string& task, std::string_view status,
                         std::span<const policy::VcpuPlace> places) {
  const auto name = IMMURE_TRY(kernel.read_file(task + "/comm"));
  for (std::size_t vcpu = 0; vcpu < places.size(); ++vcpu) {
    const auto thread = "vcpu" + std::to_string(vcpu);
    if (name != thread + "\n") continue;
    const auto& place = places[vcpu];
    if (!place.cpus.empty()) {
      IMMURE_TRY(require("CPUs of " + thread, field_of(status, "Cpus_allowed_list:").value_or("absent"),
                         place.cpus));
    }
    // Fields 40 and 41, rt_priority and policy.
    const auto stat = IMMURE_TRY(kernel.read_file(task + "/stat"));
    const auto fields = IMMURE_TRY(fields_of_stat(stat));
    const auto priority = std::to_string(place.realtime_priority);
    return require("priority and scheduling policy of " + thread,
                   std::string(fields[37]) + " " + std::string(fields[38]),
                   priority + (place.realtime_priority != 0 ? " 1" : " 0"));
  }
  return {};
}

Result<std::string> check_task(Kernel& kernel, const std::string& task, const std::string& thread,
                               const Expected& expected) {
  const auto status = IMMURE_TRY(kernel.read_file(task + "/status"));
  IMMURE_TRY(check_status(status, expected));
  IMMURE_TRY(check_cores(kernel, thread, expected.core_scheduling));
  IMMURE_TRY(check_place(kernel, task, status, expected.vcpus));
  if (expected.label.empty()) return section("status", status);
  auto label = IMMURE_TRY(kernel.read_file(task + "/attr/current"));
  while (!label.empty() && (label.back() == '\0' || label.back() == '\n')) label.pop_back();
  IMMURE_TRY(require("label", label, expected.label));
  return section("status", status) + section("attr/current", label);
}

Result<std::string> check_namespaces(Kernel& kernel, const std::string& process, Surroundings surroundings) {
  std::string seen;
  const auto* const sixth = surroundings == Surroundings::nothing ? "net" : "user";
  for (const auto* name : {"mnt", "pid", "ipc", "uts", "cgroup", sixth}) {
    const auto theirs = IMMURE_TRY(kernel.read_link(process + "/ns/" + name));
    if (theirs == IMMURE_TRY(kernel.read_link(std::string("/proc/self/ns/") + name))) {
      return invalid(std::string(name) + " namespace is the host's");
    }
    seen += theirs + "\n";
  }
  return section("ns", seen);
}

/// True where `path` leads to the very file that was handed over under this number. SELinux replaces what the
/// new domain may not use by a null device: selinux_bprm_committing_creds().
Result<bool> is_planned(Kernel& kernel, const std::string& path, const std::string& number,
                        const Expected& expected) {
  for (const auto& fd : expected.fds) {
    if (std::to_string(fd.target) != number) continue;
    const auto theirs = IMMURE_TRY(kernel.status_of(path));
    const auto ours = IMMURE_TRY(kernel.status(fd.source));
    return theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino;
  }
  return false;
}

Result<std::string> check_fds(Kernel& kernel, const std::string& process, const Expected& expected) {
  std::string seen;
  for (const auto& number : IMMURE_TRY(kernel.list_directory(process + "/fd"))) {
    const auto path = process + "/fd/" + number;
    const auto target = IMMURE_TRY(kernel.read_link(path));
    seen += number + " " + target + "\n";
    if (IMMURE_TRY(is_planned(kernel, path, number, expected))) continue;
    // The VMM closes what it has read, and the kernel gives a number that is free again to what it makes
    // next.
    // What a VMM makes for itself: KVM's fds, eventfds, timers, the io_uring, memory. Nothing that has a name
    // outside.
    if (target.starts_with("anon_inode:") || target.starts_with("/memfd:")) continue;
    // SELinux and the filters say which sockets these can be.
    if (expected.surroundings == Surroundings::host_network && target.starts_with("socket:")) continue;
    return invalid("fd " + number + " is " + target + ", which was not planned");
  }
  return section("fd", seen);
}

Result<std::string> check_process(Kernel& kernel, const std::string& process, const Expected& expected) {
  std::size_t threads = 0;
  std::size_t workers = 0;
  std::string seen;
  // It was made while the process started, and so has the filter of that alone; it makes no system calls.
  auto worker = expected;
  worker.filters = 1;
  for (const auto& task : IMMURE_TRY(kernel.list_directory(process + "/task"))) {
    const auto path = process + "/task/" + task;
    const auto is_workers =
        expected.workers != 0 && IMMURE_TRY(is_worker(IMMURE_TRY(kernel.read_file(path + "/stat"))));
    ++(is_workers ? workers : threads);
    const auto text = IMMURE_TRY(check_task(kernel, path, task, is_workers ? worker : expected));
    if (seen.empty()) seen = text;
  }
  IMMURE_TRY(require("number of threads", std::to_string(threads), std::to_string(expected.threads)));
  // Before Linux 6.4 there are none: they are threads of the kernel's.
  if (workers > expected.workers)
    return invalid(std::to_string(workers) + " threads are the kernel's, at most " +
                   std::to_string(expected.workers) + " were planned");
  seen += IMMURE_TRY(check_namespaces(kernel, process, expected.surroundings));
  const auto check_file = [&](const char* name, auto check) -> Result<void> {
    const auto text = IMMURE_TRY(kernel.read_file(process + "/" + name));
    seen += section(name, text);
    return check(text);
  };
  IMMURE_TRY(check_file("mountinfo", check_mounts));
  if (!IMMURE_TRY(kernel.list_directory(process + "/root")).empty()) return invalid("its root is not empty");
  IMMURE_TRY(check_file("cgroup", [&](std::string_view text) { return check_cgroup(text, expected); }));
  IMMURE_TRY(check_file("limits", check_limits));
  return seen + IMMURE_TRY(check_fds(kernel, process, expected));
}

}  // namespace

Result<void> check_status(std::string_view text, const Expected& expected) {
  const auto value = [&](std::string_view key) { return field_of(text, key).value_or("absent"); };
  const auto id = std::to_string(expected.uid);
  const auto ids = id + " " + id + " " + id + " " + id;
  IMMURE_TRY(require("Uid", value("Uid:"), ids));
  IMMURE_TRY(require("Gid", value("Gid:"), ids));
  IMMURE_TRY(require("Groups", value("Groups:"), ""));
  for (const auto* set : {"CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"}) {
    // A new user namespace fills the bounding set anew; nothing comes of it without an exec that gains.
    if (expected.surroundings == Surroundings::host_network && set == std::string_view("CapBnd:")) continue;
    IMMURE_TRY(require(set, value(set), "0000000000000000"));
  }
  IMMURE_TRY(require("NoNewPrivs", value("NoNewPrivs:"), "1"));
  IMMURE_TRY(require("Seccomp", value("Seccomp:"), "2"));
  const auto filters = value("Seccomp_filters:");
  unsigned number = 0;
  std::from_chars(filters.data(), filters.data() + filters.size(), number);
  if (number < expected.filters) {
    return invalid("Seccomp_filters is " + filters + ", at least " + std::to_string(expected.filters) +
                   " were planned");
  }
  return {};
}

Result<bool> is_worker(std::string_view stat) {
  constexpr std::uint32_t io_worker = 0x10;  // linux/sched.h: PF_IO_WORKER, io_uring's, and PF_USER_WORKER
  constexpr std::uint32_t user_worker = 0x4000;
  const auto flags = IMMURE_TRY(fields_of_stat(stat))[6];  // field 9
  std::uint32_t value = 0;
  std::from_chars(flags.data(), flags.data() + flags.size(), value);
  return (value & (io_worker | user_worker)) == user_worker;
}

Result<void> check_limits(std::string_view text) {
  return require("core file size", field_of(text, "Max core file size").value_or("absent"), "0 0 bytes");
}

Result<void> check_mounts(std::string_view text) {
  const auto mounts = lines_of(text);
  if (mounts.size() != 1) return invalid(std::to_string(mounts.size()) + " mounts where one was planned");
  // proc(5): ID PARENT DEVICE ROOT MOUNT-POINT OPTIONS [TAGS...] - TYPE SOURCE SUPER-OPTIONS
  const auto part = words_of(mounts[0]);
  const auto dash = std::ranges::find(part, "-");
  if (part.size() < 9 || part[4] != "/" || dash == part.end() || *(dash + 1) != "tmpfs") {
    return invalid("its root is not a tmpfs: " + std::string(mounts[0]));
  }
  const auto options = "," + std::string(part[5]) + ",";
  for (const auto* option : {"ro", "nosuid", "nodev", "noexec"}) {
    if (options.find("," + std::string(option) + ",") == std::string::npos) {
      return invalid("its root is not mounted " + std::string(option));
    }
  }
  return {};
}

Result<void> check_cgroup(std::string_view text, const Expected& expected) {
  return require("cgroup", field_of(text, "0::").value_or("absent"), expected.cgroup);
}

Result<std::string> read_back(Kernel& kernel, pid_t pid, const Expected& expected) {
  auto seen = check_process(kernel, "/proc/" + std::to_string(pid), expected);
  if (!seen) return with_context("read back " + expected.name, std::move(seen).error());
  return seen;
}

}  // namespace immure::launcher
