#include <cstdio>

#include <fmt/core.h>

#include "base/printable.hpp"
#include "cli/commands/commands.hpp"
#include "cli/console/monitor_client.hpp"

namespace immure::cli {

Expected<ExitCode> logs_command(const std::string& name, LogsUntil until) {
  constexpr std::chrono::seconds patience{5};
  auto monitor = IMMURE_TRY(MonitorClient::connect(name));
  const bool follow = until == LogsUntil::guest_ends;
  IMMURE_TRY(monitor.send(follow ? policy::MonitorKind::follow_log : policy::MonitorKind::read_log));
  for (;;) {
    const auto message = IMMURE_TRY(follow ? monitor.receive() : monitor.receive_within(patience));
    if (!message || message->kind != policy::MonitorKind::console_data) return ExitCode::success;
    fmt::print("{}", printable_lines(text_of(*message)));
    if (follow) std::fflush(stdout);
  }
}

}  // namespace immure::cli
