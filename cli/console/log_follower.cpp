#include "cli/console/log_follower.hpp"

#include "base/printable.hpp"

namespace immure::cli {

using policy::MonitorKind;

Expected<LogFollower> LogFollower::attach(std::string_view guest) {
  auto monitor = IMMURE_TRY(MonitorClient::connect(guest));
  IMMURE_TRY(monitor.send(MonitorKind::follow_log));
  return LogFollower(std::move(monitor));
}

void LogFollower::serve() {
  const auto message = monitor_.receive();
  open_ = message && *message && (*message)->kind == MonitorKind::console_data;
  if (!open_) return;
  text_ += text_of(**message);
  if (text_.size() > kept_bytes) text_.erase(0, text_.size() - kept_bytes);
}

std::vector<std::string> LogFollower::last_lines() const {
  std::vector<std::string> lines;
  for (std::size_t end = text_.size(); end > 0 && lines.size() < kept_lines;) {
    const auto before = text_.rfind('\n', end - 1);
    const auto start = before == std::string::npos ? 0 : before + 1;
    if (start < end)
      lines.insert(lines.begin(), printable(std::string_view(text_).substr(start, end - start)));
    end = start == 0 ? 0 : start - 1;
  }
  return lines;
}

}  // namespace immure::cli
