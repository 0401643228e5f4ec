#include "cli/launch/guest_action.hpp"

#include "cli/launch/launch_process.hpp"
#include "cli/state/guest_directory.hpp"

namespace immure::cli {

Expected<ExitCode> act_on_guest(const std::string& name, policy::LaunchVerb verb, const char* command) {
  IMMURE_TRY(require_guest_name(name));
  IMMURE_TRY(require_root(command));
  auto request = request_to(verb);
  request.name = IMMURE_TRY(policy::GuestName::from(name, "name"));
  return carry_out(request);
}

}  // namespace immure::cli
