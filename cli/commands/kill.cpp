#include "cli/commands/commands.hpp"
#include "cli/launch/launch_process.hpp"
#include "cli/state/guest_directory.hpp"

namespace immure::cli {

Expected<ExitCode> kill_command(const std::string& name) {
  IMMURE_TRY(require_guest_name(name));
  IMMURE_TRY(require_root("kill"));
  auto request = request_to(policy::LaunchVerb::kill);
  request.name = IMMURE_TRY(policy::GuestName::from(name, "name"));
  return carry_out(request);
}

}  // namespace immure::cli
