#include "policy/spec/isolated_child.hpp"

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.hpp"
#include "base/unique_fd.hpp"

namespace immure::policy {
namespace {

/// The overflow uid and gid: nobody and nogroup (proc(5), /proc/sys/kernel/overflowuid).
constexpr uid_t nobody = 65534;
constexpr std::chrono::seconds wall_time{20};

bool limit(__rlimit_resource resource, rlim_t value) {
  const rlimit both{.rlim_cur = value, .rlim_max = value};
  return ::setrlimit(resource, &both) == 0;
}

bool become_nobody() {
  // Groups first: setgroups(2) needs the CAP_SETGID that leaving uid 0 takes away.
  if (::setgroups(0, nullptr) != 0 || ::setresgid(nobody, nobody, nobody) != 0 ||
      ::setresuid(nobody, nobody, nobody) != 0) {
    return false;
  }
  uid_t real = 0;
  uid_t effective = 0;
  uid_t saved = 0;
  return ::getresuid(&real, &effective, &saved) == 0 && real == nobody && effective == nobody &&
         saved == nobody && ::getgroups(0, nullptr) == 0;
}

bool confine() {
  if (::geteuid() == 0 && !become_nobody()) return false;
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
#ifdef IMMURE_SANITIZED
  // The sanitizers reserve terabytes, and probe memory through pipes of their own.
  if (!limit(RLIMIT_NOFILE, 16)) return false;
#else
  if (!limit(RLIMIT_AS, 512UL << 20) || !limit(RLIMIT_NOFILE, 0)) return false;
#endif
  return limit(RLIMIT_CPU, 10) && limit(RLIMIT_CORE, 0) && limit(RLIMIT_FSIZE, 0) && limit(RLIMIT_NPROC, 0);
}

[[noreturn]] void child_main(int input, int answer, const std::function<std::string(int)>& work) {
  // Input and answer move to 0 and 1; everything else the caller had open is closed.
  if (::dup2(input, 0) < 0 || ::dup2(answer, 1) < 0 || ::close_range(2, ~0U, 0) != 0 || !confine()) {
    ::_exit(2);
  }
  try {
    const auto text = work(0);
    if (!write_all(1, std::as_bytes(std::span(text)))) ::_exit(2);
  } catch (const std::exception&) {
    ::_exit(3);
  }
  ::_exit(0);
}

Result<std::string> collect(int fd, std::size_t limit_bytes) {
  const auto deadline = std::chrono::steady_clock::now() + wall_time;
  std::string text;
  std::array<char, 4096> chunk{};
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd polled{.fd = fd, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&polled, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0) return system_error("poll the parser");
    if (ready == 0) return invalid("the parser took longer than 20 s");
    const auto n = ::read(fd, chunk.data(), chunk.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error("read the parser's answer");
    if (n == 0) return text;
    if (text.size() + static_cast<std::size_t>(n) > limit_bytes)
      return invalid("the parser's answer is too long");
    text.append(chunk.data(), static_cast<std::size_t>(n));
  }
}

Result<void> judge(int status) {
  if (WIFSIGNALED(status)) {
    return invalid("the parser was ended by signal " + std::to_string(WTERMSIG(status)));
  }
  if (WEXITSTATUS(status) == 2) return invalid("the parser could not drop its privileges");
  if (WEXITSTATUS(status) != 0) return invalid("the parser failed");
  return {};
}

}  // namespace

Result<std::string> run_isolated(int input, std::size_t limit_bytes,
                                 const std::function<std::string(int)>& work) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return system_error("make a pipe for the parser");
  UniqueFd answer(pipe[0]);
  UniqueFd child_end(pipe[1]);
  // What stdout's buffer holds is the parent's to write; under ThreadSanitizer, _exit(2) would write it too.
  (void)std::fflush(stdout);
  const pid_t child = ::fork();
  if (child < 0) return system_error("fork the parser");
  if (child == 0) child_main(input, child_end.get(), work);
  child_end.reset();
  auto text = collect(answer.get(), limit_bytes);
  if (!text) ::kill(child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!text) return text;
  IMMURE_TRY(judge(status));
  return text;
}

}  // namespace immure::policy
