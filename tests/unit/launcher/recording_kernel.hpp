#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>

#include "base/io.hpp"
#include "launcher/kernel.hpp"
#include "policy/launch_entry.hpp"
#include "policy/net_filter_record.hpp"
#include "policy/vmm_record.hpp"

namespace immure::launcher::test {

using Calls = std::vector<std::string>;

/// A kernel that does nothing, remembers every call, and fails the one it is told to fail. What would be left
/// on a host (directories, files) is in `present`.
class RecordingKernel : public Kernel {
 public:
  Calls calls;
  /// The call of this name fails, each time.
  std::string fail_on;
  /// The call of this number fails, counted from 1; 0: none.
  std::size_t fail_at = 0;
  std::set<std::string> present;
  std::map<std::string, std::string> written;
  /// What /proc shows, by path; an empty answer is an empty file.
  std::function<std::string(const std::string&)> proc;
  /// Files that are opened for real, as labels are set through them.
  std::set<std::string> real_files;
  Selinux selinux = Selinux::absent;
  struct stat file_status{};
  /// Of what was opened under these paths; of everything else, file_status.
  std::map<std::string, mode_t> modes;
  /// What these directories have in them: "/proc/5000/task"; that of every other process has "1".
  std::map<std::string, std::vector<std::string>> listed;
  /// What these files say, whatever was written to them.
  std::map<std::string, std::string> said;
  bool has_capability = false;
  bool locked_elsewhere = false;
  int landlock = 6;
  /// What the measuring program answers.
  policy::Measurement measurement;
  /// What the owner of the rules of networks answers.
  policy::NetFilterReport net_filter{.header = policy::header_of<policy::NetFilterReport>(),
                                     .in_force = policy::Switch::on,
                                     .reserved = 0,
                                     .message = {}};
  /// The sealed memfds, by name.
  std::map<std::string, std::vector<std::byte>> sealed;
  /// Of the process that is cloned next.
  pid_t next_pid = 5000;
  /// There is no file of this path.
  std::string missing;
  int core_scheduling_error = 0;
  std::uint64_t cloned_flags = 0;  ///< of the last process
  std::vector<std::string> executed;

  RecordingKernel() {
    file_status.st_mode = S_IFREG | 0755;
    file_status.st_nlink = 1;
  }

  Result<Selinux> check_selinux(policy::SelinuxMode) override { return answer("check_selinux", selinux); }
  Result<void> audit(int type, const std::string&) override {
    return record("audit " + std::to_string(type));
  }

  Result<UniqueFd> open(const std::string& path, int flags, Links links) override {
    IMMURE_TRY(record("open " + path));
    if (path == missing) return system_error("open " + path, ENOENT);
    if (real_files.contains(path)) return Kernel::open(path, flags, links);
    auto fd = null();
    opened_[fd.get()] = path;
    return fd;
  }
  Result<struct stat> status(int fd) override {
    auto shown = file_status;
    if (const auto mode = modes.find(opened_[fd]); mode != modes.end()) shown.st_mode = mode->second;
    return answer("status", shown);
  }
  Result<struct stat> status_of(const std::string& path) override {
    IMMURE_TRY(record("status_of " + path));
    if (path.starts_with("/proc/") || present.contains(path)) return file_status;
    return system_error("stat " + path, ENOENT);
  }
  Result<void> make_blocking(int) override { return record("make_blocking"); }
  Result<bool> lock(int, LockKind kind) override {
    return answer(kind == LockKind::shared ? "lock shared" : "lock exclusive", !locked_elsewhere);
  }
  Result<UniqueFd> make_sealed(const char* name, std::span<const std::byte> bytes) override {
    IMMURE_TRY(record("make_sealed " + std::string(name)));
    sealed[name].assign(bytes.begin(), bytes.end());
    return null();
  }
  Result<SealedCopy> copy_sealed(const char* name, int, std::uint64_t) override {
    IMMURE_TRY(record("copy_sealed " + std::string(name)));
    return SealedCopy{.fd = null(), .verity = {}};
  }
  Result<void> make_directory(const std::string& path, mode_t) override {
    IMMURE_TRY(record("make_directory " + path));
    present.insert(path);
    return {};
  }
  Result<void> remove(const std::string& path) override {
    IMMURE_TRY(record("remove " + path));
    return present.erase(path) == 1 ? Result<void>() : system_error("remove " + path, ENOENT);
  }
  Result<std::string> read_file(const std::string& path) override {
    IMMURE_TRY(record("read_file " + path));
    if (const auto text = said.find(path); text != said.end()) return text->second;
    if (path.ends_with("/cgroup.controllers")) return std::string("cpuset cpu io memory pids\n");
    if (path.ends_with("/cgroup.events")) {
      const auto frozen = written.find(path.substr(0, path.rfind('/')) + "/cgroup.freeze");
      return "populated 0\nfrozen " + (frozen == written.end() ? "0" : frozen->second) + "\n";
    }
    if (path.starts_with("/sys/dev/block/") && !written.contains(path))
      return system_error("open " + path, ENOENT);
    if (path.starts_with("/proc/")) return proc ? proc(path) : "";
    constexpr std::string_view effective = ".effective";
    if (path.ends_with(effective)) return written[path.substr(0, path.size() - effective.size())] + "\n";
    return written[path] + "\n";
  }
  Result<void> write_file(const std::string& path, std::string_view text) override {
    IMMURE_TRY(record("write_file " + path));
    written[path] = text;
    return {};
  }
  Result<void> replace_file(const std::string& path, std::span<const std::byte>) override {
    IMMURE_TRY(record("replace_file " + path));
    present.insert(path);
    return {};
  }
  Result<std::vector<std::string>> list_directory(const std::string& path) override {
    IMMURE_TRY(record("list_directory " + path));
    if (const auto names = listed.find(path); names != listed.end()) return names->second;
    if (path.ends_with("/task")) return std::vector<std::string>{"1"};
    if (path.ends_with("/fd")) return std::vector<std::string>{"0", "1"};
    return std::vector<std::string>{};
  }
  Result<std::string> read_link(const std::string& path) override { return answer("read_link", path); }

  Result<void> set_socket_context(const std::string& context) override {
    return record("set_socket_context " + context);
  }
  Result<void> set_file_context(int, const std::string& context) override {
    return record("set_file_context " + context);
  }
  Result<Tap> attach_tap(const std::string& name) override {
    IMMURE_TRY(record("attach_tap " + name));
    return Tap{null(), name};
  }
  Result<Tap> make_tap() override {
    IMMURE_TRY(record("make_tap"));
    return Tap{null(), "immure7"};
  }
  Result<void> join_bridge(const std::string& tap, const std::string& bridge) override {
    return record("join_bridge " + tap + " " + bridge);
  }
  Result<FdPair> make_pipe() override {
    IMMURE_TRY(record("make_pipe"));
    return pair();
  }
  Result<FdPair> make_socket_pair(int) override {
    IMMURE_TRY(record("make_socket_pair"));
    return pair();
  }
  Result<UniqueFd> listen_at(const std::string& path, int /*type*/) override {
    IMMURE_TRY(record("listen_at " + path));
    present.insert(path);
    return null();
  }
  Result<void> send(int, std::span<const std::byte>) override { return record("send"); }
  Result<std::size_t> receive(int, std::span<std::byte> buffer) override {
    IMMURE_TRY(record("receive"));
    policy::VmmReady ready{.header = policy::header_of<policy::VmmReady>(), .threads = 1};
    if (buffer.size() == policy::launch_digest_size) {
      std::ranges::fill(buffer, std::byte{'a'});
      return buffer.size();
    }
    if (buffer.size() == sizeof(measurement)) {
      std::ranges::copy(bytes_of(measurement), buffer.begin());
      return buffer.size();
    }
    if (buffer.size() == sizeof(net_filter)) {
      std::ranges::copy(bytes_of(net_filter), buffer.begin());
      return buffer.size();
    }
    if (buffer.size() != sizeof(ready)) return std::size_t{0};
    std::ranges::copy(bytes_of(ready), buffer.begin());
    return sizeof(ready);
  }
  Result<int> poll(std::span<pollfd> fds, int) override {
    IMMURE_TRY(record("poll"));
    if (!fds.empty()) fds[0].revents = POLLIN;
    return 1;
  }

  Result<void> attach_filter(const std::string& cgroup, const policy::CgroupFilter& filter) override {
    return record("attach_filter " + cgroup + " " + std::to_string(filter.attach));
  }
  Result<bool> has_cores_alone(pid_t) override {
    IMMURE_TRY(record("has_cores_alone"));
    if (core_scheduling_error != 0) return system_error("ask for cores", core_scheduling_error);
    return has_cores_alone_;
  }
  Result<void> claim_cores() override {
    IMMURE_TRY(record("claim_cores"));
    if (core_scheduling_error != 0) return system_error("claim cores", core_scheduling_error);
    has_cores_alone_ = true;
    return {};
  }
  Result<Process> clone(std::uint64_t flags, int) override {
    IMMURE_TRY(record("clone"));
    cloned_flags = flags;
    return Process{next_pid++, null()};
  }
  Result<void> kill(const Process&) override { return record("kill"); }
  Result<ProcessEnd> wait(const Process&) override { return answer("wait", ProcessEnd{}); }

  Result<void> reset_signals() override { return record("reset_signals"); }
  Result<int> duplicate_above(int fd, int) override {
    IMMURE_TRY(record("duplicate_above"));
    return ::fcntl(fd, F_DUPFD_CLOEXEC, 64);
  }
  Result<void> duplicate_to(int, int target) override {
    return record("duplicate_to " + std::to_string(target));
  }
  Result<void> close_all_on_exec() override { return record("close_all_on_exec"); }
  Result<void> enter_cgroup_namespace() override { return record("enter_cgroup_namespace"); }
  Result<void> set_host_name(const std::string& name) override { return record("set_host_name " + name); }
  Result<void> make_mounts_private() override { return record("make_mounts_private"); }
  Result<void> mount_own_proc() override { return record("mount_own_proc"); }
  Result<void> mount_empty_root(const std::string& at) override { return record("mount_empty_root " + at); }
  Result<void> pivot_root(const std::string& to) override { return record("pivot_root " + to); }
  Result<void> remount_root_read_only() override { return record("remount_root_read_only"); }
  Result<void> set_exec_context(const std::string& context) override {
    IMMURE_TRY(record("set_exec_context"));
    exec_context_ = context;
    return {};
  }
  Result<std::string> exec_context() override { return answer("exec_context", exec_context_); }
  Result<void> set_limit(int resource, std::uint64_t) override {
    return record("set_limit " + std::to_string(resource));
  }
  Result<void> join_new_keyring() override { return record("join_new_keyring"); }
  Result<void> lock_secure_bits() override { return record("lock_secure_bits"); }
  Result<void> bound_capabilities(Capabilities kept) override {
    return record("bound_capabilities " + std::to_string(std::to_underlying(kept)));
  }
  Result<void> set_ids(uid_t, gid_t) override { return record("set_ids"); }
  Result<void> set_ids_keeping(uid_t uid, Capabilities kept) override {
    return record("set_ids_keeping " + std::to_string(uid) + " " + std::to_string(std::to_underlying(kept)));
  }
  Result<void> set_capabilities(Capabilities kept) override {
    return record("set_capabilities " + std::to_string(std::to_underlying(kept)));
  }
  Result<bool> has_any_capability() override { return answer("has_any_capability", has_capability); }
  Result<void> set_no_new_privs() override { return record("set_no_new_privs"); }
  Result<void> set_undumpable() override { return record("set_undumpable"); }
  Result<int> landlock_version() override { return answer("landlock_version", landlock); }
  Result<void> restrict_to_executing(int, int) override { return record("restrict_to_executing"); }
  Result<void> install_filter(std::span<const sock_filter>) override { return record("install_filter"); }
  Result<void> execute(int, std::vector<std::string> arguments) override {
    executed = arguments;
    return record("execute " + arguments.front());
  }

  /// Where a call was made first; calls.size() where it never was.
  [[nodiscard]] std::size_t first(std::string_view start) const {
    return static_cast<std::size_t>(
        std::ranges::find_if(calls, [&](const auto& call) { return call.starts_with(start); }) -
        calls.begin());
  }

 private:
  Result<void> record(const std::string& call) {
    calls.push_back(call);
    const auto name = call.substr(0, call.find(' '));
    if (calls.size() == fail_at || name == fail_on) return system_error("told to fail: " + call, EIO);
    return {};
  }
  template <typename T>
  Result<T> answer(const std::string& call, T value) {
    IMMURE_TRY(record(call));
    return value;
  }
  static UniqueFd null() { return UniqueFd(::open("/dev/null", O_RDWR | O_CLOEXEC)); }
  static FdPair pair() { return {null(), null()}; }

  bool has_cores_alone_ = true;
  std::map<int, std::string> opened_;
  std::string exec_context_;
};

}  // namespace immure::launcher::test
