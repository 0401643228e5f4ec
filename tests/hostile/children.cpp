#include "tests/hostile/children.hpp"

#include <algorithm>
#include <csignal>
#include <string>

#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/hostile/console.hpp"
#include "tests/hostile/crew.hpp"
#include "tests/hostile/own_machine.hpp"

namespace immure::hostile {
namespace {

/// A child's exit status after it has said what came of its attempt, and where it could not make one.
constexpr int has_said = 42, could_not_try = 43;
constexpr unsigned seconds = 30;

/// The host's mounts and name are what they are for the child, but are not the host's any more.
bool leave_host_as_it_is() {
  return ::unshare(CLONE_NEWNS | CLONE_NEWUTS) == 0 &&
         ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

/// The kernel also logs where a filter only refuses: nothing else tells that from a refusal of somebody
/// else's.
bool stand_behind(const Filter& filter) {
  auto instructions = filter;
  const sock_fprog program{.len = static_cast<unsigned short>(instructions.size()),
                           .filter = instructions.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_LOG, &program) == 0;
}

}  // namespace

void make_in_child(const Attempt& attempt, const Targets& targets, const Surroundings& surroundings) {
  const auto child = ::fork();
  if (child < 0) return say({"outcome ", attempt.name, " unmade ", std::to_string(errno)});
  if (child == 0) {
    ::signal(SIGALRM, SIG_DFL);
    ::alarm(seconds);
    if (surroundings.aftermath == Aftermath::kept_from_host && !leave_host_as_it_is()) ::_exit(could_not_try);
    // KVM serves the process that made a machine, not its children.
    auto own = targets;
    if (!make_own_machine(own)) ::_exit(could_not_try);
    if (!std::ranges::all_of(surroundings.filters, stand_behind)) ::_exit(could_not_try);
    make_and_say(attempt, own);
    ::_exit(has_said);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status))
    return say({"outcome ", attempt.name, " killed ", std::to_string(WTERMSIG(status))});
  if (WEXITSTATUS(status) == could_not_try) return say({"outcome ", attempt.name, " unmade 0"});
  // It ended without a word: it has become another program.
  if (WEXITSTATUS(status) != has_said) say({"outcome ", attempt.name, " done 0"});
}

}  // namespace immure::hostile
