#include <fmt/core.h>

#include "cli/commands/commands.hpp"
#include "cli/doctor/finding.hpp"

namespace immure::cli {

Expected<ExitCode> doctor_command(OutputFormat format, Verdict tolerated) {
  const auto findings = examine_host();
  if (format == OutputFormat::json) {
    fmt::print("{}\n", findings_json(findings));
  } else {
    fmt::print("{}", findings_text(findings));
  }
  return worst_of(findings) > tolerated ? ExitCode::unsafe_host : ExitCode::success;
}

}  // namespace immure::cli
