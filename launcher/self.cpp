#include "launcher/self.hpp"

#include <csignal>
#include <cstdlib>

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "policy/launch_request.hpp"

namespace immure::launcher {
namespace {

// chown, dac_override, fowner: images and their labels belong to anybody. kill, sys_ptrace: end and read back
// what runs as another uid. setuid, setgid, setpcap, sys_admin: confine a new process. sys_resource: its
// limits. audit_write: the audit log.
constexpr std::uint64_t needed = 1ULL << CAP_CHOWN | 1ULL << CAP_DAC_OVERRIDE | 1ULL << CAP_FOWNER |
                                 1ULL << CAP_KILL | 1ULL << CAP_SYS_PTRACE | 1ULL << CAP_SETUID |
                                 1ULL << CAP_SETGID | 1ULL << CAP_SETPCAP | 1ULL << CAP_SYS_ADMIN |
                                 1ULL << CAP_SYS_RESOURCE | 1ULL << CAP_AUDIT_WRITE;

Result<void> fill_standard_fds() {
  for (const int fd : {0, 1, 2}) {
    if (::fcntl(fd, F_GETFD) >= 0) continue;
    if (::open("/dev/null", O_RDWR) != fd) return system_error("open /dev/null");
  }
  return {};
}

Result<UniqueFd> catch_stop_signals() {
  // SIGPIPE too: whoever asked for the launch may be gone. Children unblock all of them.
  sigset_t blocked;
  sigemptyset(&blocked);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGPIPE}) sigaddset(&blocked, signal);
  IMMURE_TRY(checked(::sigprocmask(SIG_SETMASK, &blocked, nullptr), "sigprocmask"));
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  sigaddset(&stop, SIGINT);
  UniqueFd fd(::signalfd(-1, &stop, SFD_CLOEXEC));
  if (!fd) return system_error("signalfd");
  return fd;
}

}  // namespace

Result<UniqueFd> sanitize_self(Kernel& kernel) {
  ::clearenv();
  ::umask(077);
  IMMURE_TRY(fill_standard_fds());
  IMMURE_TRY(checked(::syscall(SYS_close_range, policy::launch_report_fd + 1, ~0U, 0), "close_range"));
  IMMURE_TRY(kernel.close_all_on_exec());
  IMMURE_TRY(checked(::chdir("/"), "chdir /"));
  static_cast<void>(
      ::setsid());  // Fails where the process leads a group already, and has one of its own then.
  IMMURE_TRY(kernel.set_limit(RLIMIT_CORE, 0));
  IMMURE_TRY(kernel.set_undumpable());
  IMMURE_TRY(kernel.bound_capabilities(Capabilities{needed}));
  IMMURE_TRY(kernel.set_capabilities(Capabilities{needed}));
  return catch_stop_signals();
}

}  // namespace immure::launcher
