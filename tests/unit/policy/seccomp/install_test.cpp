#include "policy/seccomp/install.hpp"

#include <csignal>
#include <functional>

#include <catch2/catch_test_macros.hpp>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "policy/seccomp/compiled_filters.hpp"

using namespace immure::policy::seccomp;

namespace {

/// Runs `body` in a child behind the profile's filter; the child's wait(2) status.
int run_behind(Profile profile, const std::function<void()>& body) {
  const auto child = fork();
  if (child == 0) {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) _exit(100);
    if (!install_filter(compiled_filter(profile))) _exit(101);
    body();
    syscall(SYS_exit_group, 0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

bool died_of_sigsys(int status) { return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS; }
bool ended_well(int status) { return WIFEXITED(status) && WEXITSTATUS(status) == 0; }

/// Executes the test program behind the launch filter, as the launcher executes the VMM.
int start_behind_launch(const char* what) {
  const int program = open(IMMURE_STATIC_START, O_PATH | O_CLOEXEC);
  REQUIRE(program >= 0);
  const auto status = run_behind(Profile::launch, [&] {
    const char* arguments[] = {"static-start", what, nullptr};
    const char* environment[] = {nullptr};
    syscall(SYS_execveat, program, "", arguments, environment, AT_EMPTY_PATH);
    syscall(SYS_exit_group, 102);
  });
  close(program);
  return status;
}

#ifdef IMMURE_SANITIZED
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

}  // namespace

TEST_CASE("a forbidden call kills a real process with SIGSYS, an allowed one does not", "[seccomp]") {
  for (const auto profile : all_profiles) {
    if (profile == Profile::passt) continue;  // Not ours: it opens its libraries and makes sockets.
    INFO(profile_name(profile));
    if (profile == Profile::passt) continue;  // It may open to read, and is told that it has no such socket.
    CHECK(ended_well(run_behind(profile, [] { syscall(SYS_write, -1, "", 0); })));
    const auto opened = run_behind(profile, [] {
      if (syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY) >= 0) _exit(1);
    });
    // Its library asks for a file, and goes on without.
    CHECK((profile == Profile::net ? ended_well(opened) : died_of_sigsys(opened)));
    CHECK(died_of_sigsys(run_behind(profile, [] { syscall(SYS_socket, 1, 1, 0); })));
    CHECK(died_of_sigsys(run_behind(profile, [] { syscall(SYS_ptrace, 0, 0, 0, 0); })));
    CHECK(died_of_sigsys(run_behind(profile, [] { syscall(SYS_getpid | 0x4000'0000); })));
  }
}

TEST_CASE("a filter needs no_new_privs or a capability, and says so", "[seccomp]") {
  const auto child = fork();
  if (child == 0) {
    // As nobody: root may install a filter without no_new_privs.
    if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0) _exit(100);
    const auto result = install_filter(compiled_filter(Profile::launch));
    _exit(result ? 0 : result.error().error_number);
  }
  int status = 0;
  waitpid(child, &status, 0);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == EACCES);
}

TEST_CASE("a filter that is not valid is refused before the kernel sees it", "[seccomp]") {
  CHECK_FALSE(install_filter({}));
}

TEST_CASE("a static program starts, runs threads and ends behind the launch filter", "[seccomp]") {
  if (sanitized) SKIP("the sanitizers' run time opens files");
  CHECK(ended_well(start_behind_launch("threads")));
}

TEST_CASE("a program behind the launch filter dies when it opens, maps code or forks", "[seccomp]") {
  if (sanitized) SKIP("the sanitizers' run time opens files");
  CHECK(died_of_sigsys(start_behind_launch("open")));
  CHECK(died_of_sigsys(start_behind_launch("execute")));
  CHECK(died_of_sigsys(start_behind_launch("fork")));
}

TEST_CASE("a strict filter adds to the launch filter", "[seccomp]") {
  if (sanitized) SKIP("the sanitizers' run time opens files");
  CHECK(died_of_sigsys(start_behind_launch("vcpu")));
}
