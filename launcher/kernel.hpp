#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <linux/filter.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/files.hpp"
#include "base/overridable.hpp"
#include "base/sealed_memfd.hpp"
#include "policy/cgroup_filter.hpp"
#include "policy/host_policy_record.hpp"

namespace immure::launcher {

/// enforcing: with our policy, which was seen to tell guests apart. absent: there is none, and the host
/// policy allows that.
enum class Selinux { absent, enforcing };
/// A set of capabilities: bit n is capability n of capabilities(7).
enum class Capabilities : std::uint64_t { none = 0 };

/// Two ends of a pipe (first reads, second writes) or of a socket pair.
struct FdPair {
  UniqueFd first;
  UniqueFd second;
};

/// An fd on a tap, and the name that the tap has.
struct Tap {
  UniqueFd fd;
  std::string name;
};

/// A process and the fd that names it without a race. In the new process itself `pid` is 0.
struct Process {
  pid_t pid = 0;
  UniqueFd pidfd;
};

/// How a process ended: its exit status, or the signal that ended it.
struct ProcessEnd {
  int status = 0;
  int signal = 0;
};

/// The running kernel: every system call that a launch makes, one method each, so that a test can override
/// them all, record them and fail any of them. Errors name the call and the object.
class Kernel : public Overridable {
 public:
  virtual Result<Selinux> check_selinux(policy::SelinuxMode mode);

  /// One record in the audit log; no error where the kernel has none.
  virtual Result<void> audit(int type, const std::string& text);

  // Files. Every fd is close-on-exec.
  virtual Result<UniqueFd> open(const std::string& path, int flags, Links links);
  virtual Result<struct stat> status(int fd);
  virtual Result<struct stat> status_of(const std::string& path);
  /// Clears all status flags: O_NONBLOCK, with which a FIFO or device was opened so that it could not hang
  /// the launch.
  virtual Result<void> make_blocking(int fd);
  /// False where somebody else's lock is in the way.
  virtual Result<bool> lock(int fd, LockKind kind);
  virtual Result<UniqueFd> make_sealed(const char* name, std::span<const std::byte> bytes);
  virtual Result<SealedCopy> copy_sealed(const char* name, int from, std::uint64_t limit);
  virtual Result<void> make_directory(const std::string& path, mode_t mode);
  /// A file, or a directory that is empty.
  virtual Result<void> remove(const std::string& path);
  virtual Result<std::string> read_file(const std::string& path);
  virtual Result<void> write_file(const std::string& path, std::string_view text);
  /// Writes a new file and renames it over `path`.
  virtual Result<void> replace_file(const std::string& path, std::span<const std::byte> bytes);
  virtual Result<std::vector<std::string>> list_directory(const std::string& path);
  virtual Result<std::string> read_link(const std::string& path);

  // Channels.
  /// The label of the sockets made next; empty: the kernel's default.
  virtual Result<void> set_socket_context(const std::string& context);
  virtual Result<void> set_file_context(int fd, const std::string& context);
  virtual Result<FdPair> make_pipe();
  virtual Result<FdPair> make_socket_pair(int type);
  virtual Result<UniqueFd> listen_at(const std::string& path, int type);
  virtual Result<void> send(int fd, std::span<const std::byte> message);
  /// Reads once; yields the number of bytes, 0 at the end.
  virtual Result<std::size_t> receive(int fd, std::span<std::byte> buffer);
  /// poll(2); yields the number of ready fds, 0 after the time is over.
  virtual Result<int> poll(std::span<pollfd> fds, int milliseconds);

  // Networks.
  /// An fd on a persistent tap of the host, with virtio headers and without packet information.
  virtual Result<Tap> attach_tap(const std::string& name);
  /// The same on a new tap, which vanishes with its last fd.
  virtual Result<Tap> make_tap();
  /// Makes the tap a port of the bridge and switches it on.
  virtual Result<void> join_bridge(const std::string& tap, const std::string& bridge);

  // Processes.
  /// Has the kernel ask this program of what processes in the cgroup at this path, or below it, do; read
  /// back.
  virtual Result<void> attach_filter(const std::string& cgroup, const policy::CgroupFilter& filter);
  virtual Result<Process> clone(std::uint64_t flags, int cgroup_fd);
  virtual Result<void> kill(const Process& process);
  virtual Result<ProcessEnd> wait(const Process& process);
  [[noreturn]] virtual void exit_child(int status);

  virtual Result<bool> has_cores_alone(pid_t thread);

  // The way into confinement, in the new process.
  virtual Result<void> reset_signals();
  virtual Result<int> duplicate_above(int fd, int lowest);
  virtual Result<void> duplicate_to(int fd, int target);
  virtual Result<void> close_all_on_exec();
  virtual Result<void> enter_cgroup_namespace();
  virtual Result<void> set_host_name(const std::string& name);
  virtual Result<void> make_mounts_private();
  /// A /proc that shows the processes of the caller's pid namespace alone.
  virtual Result<void> mount_own_proc();
  virtual Result<void> mount_empty_root(const std::string& at);
  virtual Result<void> pivot_root(const std::string& to);
  virtual Result<void> remount_root_read_only();
  virtual Result<void> set_exec_context(const std::string& context);
  virtual Result<std::string> exec_context();
  /// A cookie for core scheduling, inherited by its threads: nobody else runs on a core's other hardware
  /// threads meanwhile. No error where a core has one.
  virtual Result<void> claim_cores();
  virtual Result<void> set_limit(int resource, std::uint64_t limit);
  virtual Result<void> join_new_keyring();
  virtual Result<void> lock_secure_bits();
  /// Drops every capability but these from the bounding set.
  virtual Result<void> bound_capabilities(Capabilities kept);
  /// And no supplementary group.
  virtual Result<void> set_ids(uid_t uid, gid_t gid);
  /// set_ids(), and what it executes has these capabilities still, and no others.
  virtual Result<void> set_ids_keeping(uid_t uid, Capabilities kept);
  /// The effective and the permitted set; the inheritable and the ambient set become empty.
  virtual Result<void> set_capabilities(Capabilities kept);
  virtual Result<bool> has_any_capability();
  virtual Result<void> set_no_new_privs();
  virtual Result<void> set_undumpable();
  /// The newest Landlock ABI of the kernel, 0 where it has none.
  virtual Result<int> landlock_version();
  virtual Result<void> restrict_to_executing(int landlock_version, int program_fd);
  virtual Result<void> install_filter(std::span<const sock_filter> filter);
  /// execveat(2) of the fd with an empty environment. Returns only where it failed.
  virtual Result<void> execute(int program_fd, std::vector<std::string> arguments);
};

}  // namespace immure::launcher
