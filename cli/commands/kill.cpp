#include "cli/commands/commands.hpp"
#include "cli/launch/guest_action.hpp"

namespace immure::cli {

Expected<ExitCode> kill_command(const std::string& name) {
  return act_on_guest(name, policy::LaunchVerb::kill, "kill");
}

}  // namespace immure::cli
