#pragma once

#include <span>
#include <string_view>

namespace immure::cli {

struct CommandHelp {
  const char* name;
  const char* summary;
  const char* details;
};

/// Every subcommand that a user may call, in the order of the help. The manual page and the completion are
/// checked against it.
std::span<const CommandHelp> all_command_help();
const CommandHelp& help_of(std::string_view name);

extern const char* const program_summary;
extern const char* const program_details;

}  // namespace immure::cli
