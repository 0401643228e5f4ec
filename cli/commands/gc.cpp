#include <fmt/core.h>

#include "cli/commands/commands.hpp"
#include "cli/launch/launch_process.hpp"

namespace immure::cli {

Expected<ExitCode> gc_command() {
  IMMURE_TRY(require_root("gc"));
  auto launcher = IMMURE_TRY(LaunchProcess::start(request_to(policy::LaunchVerb::recover)));
  for (;;) {
    const auto report = IMMURE_TRY(launcher.next_report());
    if (!report) return std::unexpected(launcher.explain_end());
    if (report->kind == policy::ReportKind::failed) return std::unexpected(launcher.failure_of(*report));
    if (report->kind == policy::ReportKind::done) return exit_code_of(report->exit_code);
    if (report->kind == policy::ReportKind::recovered) fmt::print("{}\n", report->name.view());
  }
}

}  // namespace immure::cli
