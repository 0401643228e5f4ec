#pragma once

#include "launcher/kernel.hpp"

namespace immure::launcher {

/// The running kernel.
class RealKernel final : public Kernel {
 public:
  Result<Selinux> check_selinux(policy::SelinuxMode mode) override;

  Result<UniqueFd> open(const std::string& path, int flags, Links links) override;
  Result<struct stat> status(int fd) override;
  Result<struct stat> status_of(const std::string& path) override;
  Result<void> make_blocking(int fd) override;
  Result<void> lock(int fd, LockKind kind) override;
  Result<UniqueFd> make_memfd(const std::string& name) override;
  Result<void> write(int fd, std::span<const std::byte> bytes) override;
  Result<std::uint64_t> copy(int from, int to, std::uint64_t limit) override;
  Result<void> seal(int fd) override;
  Result<void> make_directory(const std::string& path, mode_t mode) override;
  Result<void> remove_directory(const std::string& path) override;
  Result<void> remove_file(const std::string& path) override;
  Result<std::string> read_file(const std::string& path) override;
  Result<void> write_file(const std::string& path, std::string_view text) override;
  Result<void> replace_file(const std::string& path, std::span<const std::byte> bytes) override;
  Result<std::vector<std::string>> list_directory(const std::string& path) override;
  Result<std::string> read_link(const std::string& path) override;

  Result<void> set_socket_context(const std::string& context) override;
  Result<void> set_file_context(int fd, const std::string& context) override;
  Result<FdPair> make_pipe() override;
  Result<FdPair> make_socket_pair(int type) override;
  Result<UniqueFd> listen_at(const std::string& path) override;
  Result<void> send(int fd, std::span<const std::byte> message) override;
  Result<std::size_t> receive(int fd, std::span<std::byte> buffer) override;
  Result<int> poll(std::span<pollfd> fds, int milliseconds) override;

  Result<Process> clone(std::uint64_t flags, int cgroup_fd) override;
  Result<void> kill(const Process& process) override;
  Result<ProcessEnd> wait(const Process& process) override;
  [[noreturn]] void exit_child(int status) override;

  Result<void> reset_signals() override;
  Result<int> duplicate_above(int fd, int lowest) override;
  Result<void> duplicate_to(int fd, int target) override;
  Result<void> close_all_on_exec() override;
  Result<void> enter_cgroup_namespace() override;
  Result<void> set_host_name(const std::string& name) override;
  Result<void> make_mounts_private() override;
  Result<void> mount_empty_root(const std::string& at) override;
  Result<void> pivot_root(const std::string& to) override;
  Result<void> remount_root_read_only() override;
  Result<void> set_exec_context(const std::string& context) override;
  Result<std::string> exec_context() override;
  Result<void> set_limit(int resource, std::uint64_t limit) override;
  Result<void> join_new_keyring() override;
  Result<Capability> last_capability() override;
  Result<void> lock_secure_bits() override;
  Result<void> drop_bounding(Capability capability) override;
  Result<void> clear_groups() override;
  Result<void> set_ids(uid_t uid, gid_t gid) override;
  Result<void> clear_capabilities() override;
  Result<bool> has_any_capability() override;
  Result<void> set_no_new_privs() override;
  Result<void> set_undumpable() override;
  Result<int> landlock_version() override;
  Result<void> restrict_to_executing(int landlock_version, int program_fd) override;
  Result<void> install_filter(std::span<const sock_filter> filter) override;
  Result<void> execute(int program_fd, std::vector<std::string> arguments) override;
};

}  // namespace immure::launcher
