#include <fmt/core.h>

#include "cli/commands/commands.hpp"
#include "cli/control/guest_control.hpp"
#include "cli/state/guest_directory.hpp"
#include "policy/toml/values.hpp"

namespace immure::cli {

Expected<ExitCode> balloon_command(const std::string& name, const std::string& size) {
  const auto guest = IMMURE_TRY(find_guest(name));
  const auto memory = guest.state.memory_bytes;
  const auto left = policy::toml_text::parse_size(size);
  if (!left || *left > memory) {
    return fail(ExitCode::usage,
                fmt::format("balloon {}: \"{}\" is not a size up to {}, the guest's memory", name, size,
                            policy::toml_text::format_size(memory)),
                "write it like \"512 MiB\"");
  }
  IMMURE_TRY(set_balloon(name, memory - *left));
  return ExitCode::success;
}

}  // namespace immure::cli
