#include <fmt/core.h>

#include "cli/commands/commands.hpp"
#include "cli/state/guest_directory.hpp"
#include "cli/usage/guest_metrics.hpp"

namespace immure::cli {

Expected<ExitCode> metrics_command(const std::string& name) {
  std::vector<KnownGuest> guests;
  if (name.empty()) {
    guests = IMMURE_TRY(list_guests());
  } else {
    guests.push_back(IMMURE_TRY(find_guest(name)));
  }
  fmt::print("{}", guest_metrics(read_guests(std::move(guests))));
  return ExitCode::success;
}

}  // namespace immure::cli
