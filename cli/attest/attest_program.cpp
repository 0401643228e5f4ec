#include "cli/attest/attest_program.hpp"

#include <algorithm>
#include <cstdio>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include "cli/launch/program_path.hpp"
#include "policy/attest_verbs.hpp"

namespace immure::cli {
namespace {

#ifdef IMMURE_HAVE_ATTEST
constexpr bool have_module = true;
#else
constexpr bool have_module = false;
#endif

Expected<int> run_and_wait(const std::string& path, const std::vector<char*>& arguments) {
  (void)std::fflush(stdout);
  const pid_t child = ::fork();
  if (child < 0) return system_error("fork immure-attest");
  if (child == 0) {
    // With an empty environment: what it does depends on its arguments only.
    char* const environment[] = {nullptr};
    ::execve(path.c_str(), arguments.data(), environment);
    ::_exit(127);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return system_error("wait for immure-attest");
  }
  return status;
}

}  // namespace

bool is_attest_verb(std::string_view word) {
  return std::ranges::any_of(policy::attest_verbs, [&](const auto& verb) { return word == verb.name; });
}

Expected<ExitCode> run_attest_program(std::span<char* const> arguments) {
  if (!have_module) {
    return fail(ExitCode::failure, "this build of immure has no attestation module",
                "it was configured with -DIMMURE_ATTEST=OFF");
  }
  const auto path = IMMURE_TRY(program_path("immure-attest"));
  std::vector<char*> all(arguments.begin(), arguments.end());
  all.push_back(nullptr);
  const int status = IMMURE_TRY(run_and_wait(path, all));
  if (WIFSIGNALED(status)) {
    return fail(ExitCode::failure, "immure-attest was ended by signal " + std::to_string(WTERMSIG(status)));
  }
  const auto code = static_cast<ExitCode>(WEXITSTATUS(status));
  if (exit_code_name(code) == "unknown") return fail(ExitCode::failure, "immure-attest could not be run");
  return code;
}

}  // namespace immure::cli
