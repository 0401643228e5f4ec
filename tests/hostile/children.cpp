#include "tests/hostile/children.hpp"

#include <csignal>
#include <string>

#include <sys/wait.h>
#include <unistd.h>

#include "tests/hostile/console.hpp"
#include "tests/hostile/crew.hpp"

namespace immure::hostile {
namespace {

/// A child's exit status after it has said what came of its attempt.
constexpr int has_said = 42;
constexpr unsigned seconds = 30;

}  // namespace

void make_in_child(const Attempt& attempt, const Targets& targets) {
  const auto begin = "outcome " + std::string(attempt.name);
  const auto child = ::fork();
  if (child < 0) return say(begin + " unmade " + std::to_string(errno));
  if (child == 0) {
    ::signal(SIGALRM, SIG_DFL);
    ::alarm(seconds);
    make_and_say(attempt, targets);
    ::_exit(has_said);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status)) return say(begin + " killed " + std::to_string(WTERMSIG(status)));
  // It ended without a word: it has become another program.
  if (WEXITSTATUS(status) != has_said) say(begin + " done 0");
}

}  // namespace immure::hostile
