#include "tests/hostile/children.hpp"

#include <csignal>
#include <string>

#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/hostile/console.hpp"
#include "tests/hostile/crew.hpp"

namespace immure::hostile {
namespace {

/// A child's exit status after it has said what came of its attempt.
constexpr int has_said = 42;
constexpr unsigned seconds = 30;

/// The host's mounts and name are what they are for the child, but are not the host's any more.
bool leave_host_as_it_is() {
  return ::unshare(CLONE_NEWNS | CLONE_NEWUTS) == 0 &&
         ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

}  // namespace

void make_in_child(const Attempt& attempt, const Targets& targets, Aftermath aftermath) {
  const auto begin = "outcome " + std::string(attempt.name);
  const auto child = ::fork();
  if (child < 0) return say(begin + " unmade " + std::to_string(errno));
  if (child == 0) {
    ::signal(SIGALRM, SIG_DFL);
    ::alarm(seconds);
    if (aftermath == Aftermath::kept_from_host && !leave_host_as_it_is()) ::_exit(1);
    make_and_say(attempt, targets);
    ::_exit(has_said);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status)) return say(begin + " killed " + std::to_string(WTERMSIG(status)));
  // It ended well without a word: it has become another program.
  if (WEXITSTATUS(status) != has_said) say(begin + (WEXITSTATUS(status) == 0 ? " done 0" : " unmade 0"));
}

}  // namespace immure::hostile
