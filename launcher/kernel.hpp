#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <linux/filter.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "policy/host_policy_record.hpp"

namespace immure::launcher {

/// refused: openat2(2) with RESOLVE_NO_SYMLINKS. followed: for the magic links of /proc only.
enum class Links { refused, followed };
enum class LockKind { shared, exclusive };
/// enforcing: with our policy, which was seen to tell guests apart. absent: there is none, and the host
/// policy allows that.
enum class Selinux { absent, enforcing };
enum class Capability : unsigned {};

/// Two ends of a pipe (first reads, second writes) or of a socket pair.
struct FdPair {
  UniqueFd first;
  UniqueFd second;
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

/// Every system call that a launch makes, one method each, so that a test can record them and fail any of
/// them. Errors name the call and the object.
class Kernel {
 public:
  Kernel() = default;
  Kernel(const Kernel&) = delete;
  Kernel& operator=(const Kernel&) = delete;
  virtual ~Kernel() = default;

  virtual Result<Selinux> check_selinux(policy::SelinuxMode mode) = 0;

  // Files. Every fd is close-on-exec.
  virtual Result<UniqueFd> open(const std::string& path, int flags, Links links) = 0;
  virtual Result<struct stat> status(int fd) = 0;
  virtual Result<struct stat> status_of(const std::string& path) = 0;
  /// Clears O_NONBLOCK, with which a FIFO or device was opened so that it could not hang the launch.
  virtual Result<void> make_blocking(int fd) = 0;
  virtual Result<void> lock(int fd, LockKind kind) = 0;
  virtual Result<UniqueFd> make_memfd(const std::string& name) = 0;
  virtual Result<void> write(int fd, std::span<const std::byte> bytes) = 0;
  /// Copies at most `limit` bytes; yields how many, 0 at the end of `from`.
  virtual Result<std::uint64_t> copy(int from, int to, std::uint64_t limit) = 0;
  virtual Result<void> seal(int fd) = 0;
  virtual Result<void> make_directory(const std::string& path, mode_t mode) = 0;
  virtual Result<void> remove_directory(const std::string& path) = 0;
  virtual Result<void> remove_file(const std::string& path) = 0;
  virtual Result<std::string> read_file(const std::string& path) = 0;
  virtual Result<void> write_file(const std::string& path, std::string_view text) = 0;
  /// Writes a new file and renames it over `path`.
  virtual Result<void> replace_file(const std::string& path, std::span<const std::byte> bytes) = 0;
  virtual Result<std::vector<std::string>> list_directory(const std::string& path) = 0;
  virtual Result<std::string> read_link(const std::string& path) = 0;

  // Channels.
  /// The label of the sockets made next; empty: the kernel's default.
  virtual Result<void> set_socket_context(const std::string& context) = 0;
  virtual Result<void> set_file_context(int fd, const std::string& context) = 0;
  virtual Result<FdPair> make_pipe() = 0;
  virtual Result<FdPair> make_socket_pair(int type) = 0;
  virtual Result<UniqueFd> listen_at(const std::string& path) = 0;
  virtual Result<void> send(int fd, std::span<const std::byte> message) = 0;
  /// Reads once; yields the number of bytes, 0 at the end.
  virtual Result<std::size_t> receive(int fd, std::span<std::byte> buffer) = 0;
  /// poll(2); yields the number of ready fds, 0 after the time is over.
  virtual Result<int> poll(std::span<pollfd> fds, int milliseconds) = 0;

  // Processes.
  virtual Result<Process> clone(std::uint64_t flags, int cgroup_fd) = 0;
  virtual Result<void> kill(const Process& process) = 0;
  virtual Result<ProcessEnd> wait(const Process& process) = 0;
  [[noreturn]] virtual void exit_child(int status) = 0;

  // The way into confinement, in the new process.
  virtual Result<void> reset_signals() = 0;
  virtual Result<int> duplicate_above(int fd, int lowest) = 0;
  virtual Result<void> duplicate_to(int fd, int target) = 0;
  virtual Result<void> close_all_on_exec() = 0;
  virtual Result<void> enter_cgroup_namespace() = 0;
  virtual Result<void> set_host_name(const std::string& name) = 0;
  virtual Result<void> make_mounts_private() = 0;
  virtual Result<void> mount_empty_root(const std::string& at) = 0;
  virtual Result<void> pivot_root(const std::string& to) = 0;
  virtual Result<void> remount_root_read_only() = 0;
  virtual Result<void> set_exec_context(const std::string& context) = 0;
  virtual Result<std::string> exec_context() = 0;
  virtual Result<void> set_limit(int resource, std::uint64_t limit) = 0;
  virtual Result<void> join_new_keyring() = 0;
  virtual Result<Capability> last_capability() = 0;
  virtual Result<void> lock_secure_bits() = 0;
  virtual Result<void> drop_bounding(Capability capability) = 0;
  virtual Result<void> clear_groups() = 0;
  virtual Result<void> set_ids(uid_t uid, gid_t gid) = 0;
  virtual Result<void> clear_capabilities() = 0;
  virtual Result<bool> has_any_capability() = 0;
  virtual Result<void> set_no_new_privs() = 0;
  virtual Result<void> set_undumpable() = 0;
  /// The newest Landlock ABI of the kernel, 0 where it has none.
  virtual Result<int> landlock_version() = 0;
  virtual Result<void> restrict_to_executing(int landlock_version, int program_fd) = 0;
  virtual Result<void> install_filter(std::span<const sock_filter> filter) = 0;
  /// execveat(2) of the fd with an empty environment. Returns only where it failed.
  virtual Result<void> execute(int program_fd, std::vector<std::string> arguments) = 0;
};

}  // namespace immure::launcher
