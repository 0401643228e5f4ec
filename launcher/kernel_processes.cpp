#include <array>
#include <csignal>

#include <fcntl.h>
#include <libaudit.h>
#include <linux/sched.h>
#include <selinux/selinux.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launcher/kernel.hpp"

namespace immure::launcher {

Result<void> Kernel::audit(int type, const std::string& text) {
  const UniqueFd fd(::audit_open());
  if (!fd && (errno == EINVAL || errno == EPROTONOSUPPORT || errno == EAFNOSUPPORT)) return {};
  if (!fd) return system_error("open the audit log");
  constexpr int success = 1;
  return checked(::audit_log_user_message(fd.get(), type, text.c_str(), nullptr, nullptr, nullptr, success),
                 "write to the audit log");
}

Result<void> Kernel::set_socket_context(const std::string& context) {
  return checked(::setsockcreatecon_raw(context.empty() ? nullptr : context.c_str()),
                 "setsockcreatecon " + context);
}

Result<void> Kernel::set_file_context(int fd, const std::string& context) {
  return checked(::fsetfilecon_raw(fd, context.c_str()), "fsetfilecon " + context);
}

Result<FdPair> Kernel::make_pipe() {
  std::array<int, 2> fds{};
  IMMURE_TRY(checked(::pipe2(fds.data(), O_CLOEXEC), "pipe2"));
  return FdPair{UniqueFd(fds[0]), UniqueFd(fds[1])};
}

Result<FdPair> Kernel::make_socket_pair(int type) {
  std::array<int, 2> fds{};
  IMMURE_TRY(checked(::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds.data()), "socketpair"));
  return FdPair{UniqueFd(fds[0]), UniqueFd(fds[1])};
}

Result<UniqueFd> Kernel::listen_at(const std::string& path, int type) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return invalid("listen at " + path + ": the path is too long");
  path.copy(address.sun_path, path.size());
  UniqueFd fd(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
  if (!fd) return system_error("socket");
  // The umask of the launcher (077) gives the socket file mode 0700: its owner alone may connect.
  IMMURE_TRY(checked(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)),
                     "bind " + path));
  IMMURE_TRY(checked(::listen(fd.get(), 16), "listen " + path));
  return fd;
}

Result<void> Kernel::send(int fd, std::span<const std::byte> message) {
  if (::send(fd, message.data(), message.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(message.size())) {
    return system_error("send");
  }
  return {};
}

Result<std::size_t> Kernel::receive(int fd, std::span<std::byte> buffer) {
  const auto n = ::read(fd, buffer.data(), buffer.size());
  if (n < 0) return system_error("read");
  return static_cast<std::size_t>(n);
}

Result<int> Kernel::poll(std::span<pollfd> fds, int milliseconds) {
  const int ready = ::poll(fds.data(), fds.size(), milliseconds);
  if (ready < 0 && errno != EINTR) return system_error("poll");
  return ready < 0 ? 0 : ready;
}

Result<Process> Kernel::clone(std::uint64_t flags, int cgroup_fd) {
  int pidfd = -1;
  clone_args arguments{};
  arguments.flags = flags | CLONE_PIDFD | (cgroup_fd >= 0 ? CLONE_INTO_CGROUP : 0);
  arguments.pidfd = reinterpret_cast<std::uintptr_t>(&pidfd);
  arguments.exit_signal = SIGCHLD;
  arguments.cgroup = cgroup_fd >= 0 ? static_cast<std::uint64_t>(cgroup_fd) : 0;
  const auto pid = ::syscall(SYS_clone3, &arguments, sizeof(arguments));
  if (pid < 0) return system_error("clone3");
  return Process{static_cast<pid_t>(pid), UniqueFd(pid == 0 ? -1 : pidfd)};
}

Result<void> Kernel::kill(const Process& process) {
  const auto sent = ::syscall(SYS_pidfd_send_signal, process.pidfd.get(), SIGKILL, nullptr, 0);
  return tolerate(ESRCH, checked(sent, "pidfd_send_signal"));
}

Result<ProcessEnd> Kernel::wait(const Process& process) {
  siginfo_t info{};
  while (::waitid(P_PIDFD, static_cast<id_t>(process.pidfd.get()), &info, WEXITED) != 0) {
    if (errno != EINTR) return system_error("waitid");
  }
  if (info.si_code == CLD_EXITED) return ProcessEnd{.status = info.si_status, .signal = 0};
  return ProcessEnd{.status = 0, .signal = info.si_status};
}

void Kernel::exit_child(int status) { ::_exit(status); }

Result<void> Kernel::reset_signals() {
  sigset_t none;
  sigemptyset(&none);
  return checked(::sigprocmask(SIG_SETMASK, &none, nullptr), "sigprocmask");
}

Result<int> Kernel::duplicate_above(int fd, int lowest) {
  const int copy = ::fcntl(fd, F_DUPFD_CLOEXEC, lowest);
  if (copy < 0) return system_error("duplicate fd " + std::to_string(fd));
  return copy;
}

Result<void> Kernel::duplicate_to(int fd, int target) {
  return checked(::dup2(fd, target), "dup2 to fd " + std::to_string(target));
}

Result<void> Kernel::close_all_on_exec() {
  constexpr unsigned cloexec = 1U << 2;  // CLOSE_RANGE_CLOEXEC, linux/close_range.h
  return checked(::syscall(SYS_close_range, 0, ~0U, cloexec), "close_range");
}

Result<void> Kernel::execute(int program_fd, std::vector<std::string> arguments) {
  std::vector<char*> pointers;
  for (auto& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  std::array<char*, 1> environment{nullptr};
  ::syscall(SYS_execveat, program_fd, "", pointers.data(), environment.data(), AT_EMPTY_PATH);
  return system_error("execveat " + arguments.front());
}

}  // namespace immure::launcher
