#include "cli/commands/commands.hpp"
#include "cli/launch/guest_action.hpp"

namespace immure::cli {

Expected<ExitCode> pause_command(const std::string& name) {
  return act_on_guest(name, policy::LaunchVerb::pause, "pause");
}

}  // namespace immure::cli
