#include <fmt/core.h>

#include "cli/commands/commands.hpp"
#include "cli/inspect/inspection.hpp"

namespace immure::cli {

Expected<ExitCode> inspect_command(const std::string& name, OutputFormat format) {
  IMMURE_TRY(require_root("inspect"));
  const auto inspection = IMMURE_TRY(inspect_guest(name));
  if (format == OutputFormat::json) {
    fmt::print("{}\n", inspection_json(inspection));
  } else {
    fmt::print("{}", inspection_text(inspection));
  }
  return ExitCode::success;
}

}  // namespace immure::cli
