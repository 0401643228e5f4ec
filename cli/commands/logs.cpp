#include <fmt/core.h>

#include "cli/commands/commands.hpp"
#include "cli/console/monitor_client.hpp"
#include "cli/output/printable.hpp"

namespace immure::cli {

Expected<ExitCode> logs_command(const std::string& name) {
  constexpr std::chrono::seconds patience{5};
  auto monitor = IMMURE_TRY(MonitorClient::connect(name));
  IMMURE_TRY(monitor.send(policy::MonitorKind::read_log));
  for (;;) {
    const auto message = IMMURE_TRY(monitor.receive_within(patience));
    if (!message || message->kind != policy::MonitorKind::console_data) return ExitCode::success;
    fmt::print("{}", printable_lines(text_of(*message)));
  }
}

}  // namespace immure::cli
