#include <unistd.h>

#include "base/io.hpp"
#include "cli/commands/commands.hpp"
#include "policy/guest_state.hpp"
#include "policy/spec/compile.hpp"

namespace immure::cli {

Expected<ExitCode> compile_host_policy_command() {
  const auto record = IMMURE_TRY(policy::compile_host_policy(STDIN_FILENO, policy::host_policy_path));
  IMMURE_TRY(write_all(STDOUT_FILENO, bytes_of(record)));
  return ExitCode::success;
}

}  // namespace immure::cli
