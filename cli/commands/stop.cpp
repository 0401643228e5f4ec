#include <thread>

#include <fmt/core.h>
#include <unistd.h>

#include "cli/commands/commands.hpp"
#include "cli/control/guest_control.hpp"
#include "cli/state/guest_directory.hpp"

namespace immure::cli {
namespace {

using Clock = std::chrono::steady_clock;

enum class Presence { here, gone };

/// The guest's directory goes once its keeper has undone everything.
Presence presence_of(const std::string& name) {
  const auto path = fmt::format("{}/{}", policy::guests_directory, name);
  return ::access(path.c_str(), F_OK) == 0 ? Presence::here : Presence::gone;
}

Presence wait_until_gone(const std::string& name, std::chrono::seconds timeout) {
  const auto deadline = Clock::now() + timeout;
  while (presence_of(name) == Presence::here) {
    if (Clock::now() >= deadline) return Presence::here;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return Presence::gone;
}

}  // namespace

Expected<ExitCode> stop_command(const std::string& name, std::chrono::seconds timeout) {
  // One that stands still cannot hear the button.
  if (IMMURE_TRY(find_guest(name)).liveness == Liveness::paused) {
    (void)IMMURE_TRY(resume_command(name));
  }
  const auto pressed = press_power_button(name);
  if (!pressed && pressed.error().code != ExitCode::failure) return std::unexpected(pressed.error());
  if (pressed && wait_until_gone(name, timeout) == Presence::gone) return ExitCode::success;
  // A guest whose monitor or VMM does not answer is past asking.
  fmt::print(stderr, "immure: {}: {}: killing it\n", name,
             pressed ? fmt::format("not off after {} s", timeout.count()) : pressed.error().message);
  const auto killed = kill_command(name);
  if (!killed) return std::unexpected(killed.error());
  return ExitCode::killed;
}

}  // namespace immure::cli
