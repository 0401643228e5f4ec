#include "cli/commands/commands.hpp"
#include "cli/control/guest_control.hpp"

namespace immure::cli {

Expected<ExitCode> reset_command(const std::string& name) {
  IMMURE_TRY(reset_guest(name));
  return ExitCode::success;
}

}  // namespace immure::cli
