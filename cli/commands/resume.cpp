#include "cli/commands/commands.hpp"
#include "cli/launch/guest_action.hpp"

namespace immure::cli {

Expected<ExitCode> resume_command(const std::string& name) {
  return act_on_guest(name, policy::LaunchVerb::resume, "resume");
}

}  // namespace immure::cli
