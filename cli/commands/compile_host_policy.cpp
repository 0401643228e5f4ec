#include <unistd.h>

#include "base/io.hpp"
#include "cli/commands/commands.hpp"
#include "cli/policy/requester.hpp"
#include "policy/guest_state.hpp"
#include "policy/spec/compile.hpp"

namespace immure::cli {

Expected<ExitCode> compile_host_policy_command(std::uint32_t requester_uid) {
  const auto file = IMMURE_TRY(policy::compile_host_policy(STDIN_FILENO, policy::host_policy_path));
  IMMURE_TRY(write_all(STDOUT_FILENO, bytes_of(policy::policy_for(file, requester_of(requester_uid)))));
  return ExitCode::success;
}

}  // namespace immure::cli
