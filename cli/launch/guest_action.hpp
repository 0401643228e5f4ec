#pragma once

#include <string>

#include "cli/failure.hpp"
#include "policy/launch_request.hpp"

namespace immure::cli {

/// Has the launcher do something to a guest that runs: kill, pause, resume. `command` is for messages.
Expected<ExitCode> act_on_guest(const std::string& name, policy::LaunchVerb verb, const char* command);

}  // namespace immure::cli
