#include <chrono>
#include <cstdio>
#include <fstream>
#include <thread>

#include <fmt/core.h>

#include "cli/commands/commands.hpp"
#include "cli/launch_log/entry_text.hpp"
#include "policy/launch_entry.hpp"

namespace immure::cli {
namespace {

constexpr std::chrono::milliseconds pause{100};

void show(const std::string& text, OutputFormat format) {
  const auto line = read_line(text);
  if (!line) return;
  if (format == OutputFormat::json) {
    fmt::print("{}\n", text);
  } else {
    fmt::print("{}\n", entry_headline(*line));
  }
}

/// Shows the whole lines between `from` and the end; yields where the first line begins that is not whole.
std::streamoff show_lines(std::streamoff from, OutputFormat format) {
  std::ifstream log(policy::launch_log_path, std::ios::binary);
  log.seekg(from);
  for (std::string text; std::getline(log, text) && !log.eof();) {
    show(text, format);
    from += static_cast<std::streamoff>(text.size()) + 1;
  }
  std::fflush(stdout);
  return from;
}

std::streamoff end_of_log() {
  std::ifstream log(policy::launch_log_path, std::ios::binary | std::ios::ate);
  return log ? static_cast<std::streamoff>(log.tellg()) : 0;
}

}  // namespace

Expected<ExitCode> events_command(EventsFrom from, OutputFormat format) {
  IMMURE_TRY(require_root("events"));
  if (from == EventsFrom::past) {
    show_lines(0, format);
    return ExitCode::success;
  }
  auto shown = end_of_log();
  while (std::ferror(stdout) == 0) {
    // A log that was moved away is begun anew.
    if (end_of_log() < shown) shown = 0;
    shown = show_lines(shown, format);
    std::this_thread::sleep_for(pause);
  }
  return ExitCode::success;
}

}  // namespace immure::cli
