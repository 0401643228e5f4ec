#include "launcher/keeper.hpp"

#include <array>
#include <csignal>

#include "launcher/plan.hpp"
#include "launcher/recover.hpp"
#include "policy/vmm_record.hpp"

namespace immure::launcher {
namespace {

constexpr int monitor_milliseconds = 2000;
constexpr int for_ever = -1;

/// Waits for the VMM, or for a signal that asks the keeper to end it.
Result<policy::ExitCode> await_end(Launch& launch, int stop_signals_fd) {
  std::array<pollfd, 2> fds{pollfd{.fd = launch.vmm.pidfd.get(), .events = POLLIN, .revents = 0},
                            pollfd{.fd = stop_signals_fd, .events = POLLIN, .revents = 0}};
  while (IMMURE_TRY(launch.kernel.poll(fds, for_ever)) == 0) {
  }
  const auto stopped = (fds[1].revents & POLLIN) != 0;
  if (stopped) IMMURE_TRY(launch.kernel.kill(launch.vmm));
  const auto end = IMMURE_TRY(launch.kernel.wait(launch.vmm));
  if (end.signal == 0 && end.status == static_cast<int>(policy::VmmExit::guest_reset) && !stopped) {
    IMMURE_TRY(execute(make_restart_plan(), launch));
    return policy::ExitCode::success;
  }
  launch.vmm = {};
  const auto asked = stopped || launch.kernel.status_of(kill_mark(launch.paths, launch.guest.name.view()));
  return asked && end.signal == SIGKILL ? policy::ExitCode::killed : exit_code_of(end);
}

}  // namespace

policy::ExitCode exit_code_of(const ProcessEnd& end) {
  if (end.signal != 0) return policy::ExitCode::vmm_died;
  switch (static_cast<policy::VmmExit>(end.status)) {
    case policy::VmmExit::powered_off:
      return policy::ExitCode::success;
    case policy::VmmExit::guest_crashed:
      return policy::ExitCode::guest_crashed;
    case policy::VmmExit::image_refused:
      return policy::ExitCode::image_refused;
    case policy::VmmExit::guest_reset:
    case policy::VmmExit::setup_failed:
      break;
  }
  return policy::ExitCode::failure;
}

std::string_view reason_of(policy::ExitCode code) {
  switch (code) {
    case policy::ExitCode::success:
      return "shutdown";
    case policy::ExitCode::killed:
      return "destroyed";
    case policy::ExitCode::guest_crashed:
      return "crashed";
    default:
      return "failed";
  }
}

Ending keep(Launch& launch, int stop_signals_fd, const Reporter& reporter) {
  while (true) {
    const auto code = await_end(launch, stop_signals_fd);
    if (!code) return {launch.failure, code.error().message};
    if (!launch.vmm.pidfd) return {*code, ""};
    reporter.send(policy::ReportKind::restarted, policy::ExitCode::success, launch.vmm.pid,
                  "the guest rebooted");
  }
}

void let_monitor_finish(Launch& launch) {
  // The monitor ends by itself once nobody holds the other ends.
  launch.channels = {};
  if (!launch.monitor.pidfd) return;
  pollfd ended{.fd = launch.monitor.pidfd.get(), .events = POLLIN, .revents = 0};
  static_cast<void>(launch.kernel.poll(std::span(&ended, 1), monitor_milliseconds));
}

}  // namespace immure::launcher
