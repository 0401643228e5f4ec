#include "launcher/keeper.hpp"

#include <algorithm>
#include <array>
#include <csignal>

#include <sys/random.h>

#include "base/log.hpp"
#include "launcher/admission.hpp"
#include "launcher/launch_log.hpp"
#include "launcher/plan.hpp"
#include "launcher/recover.hpp"
#include "policy/guest_text.hpp"
#include "policy/vmm_record.hpp"

namespace immure::launcher {
namespace {

using policy::ExitCode;
using policy::ReportKind;

/// How a guest's life ended, for the user.
struct Ending {
  ExitCode code{};
  std::string message;
};

constexpr int monitor_milliseconds = 2000;
constexpr int for_ever = -1;

/// RFC 9562, version 4, where the specification has none.
Result<void> complete_uuid(policy::Uuid& uuid) {
  if (std::ranges::any_of(uuid, [](auto byte) { return byte != 0; })) return {};
  if (::getrandom(uuid.data(), uuid.size(), 0) != static_cast<ssize_t>(uuid.size()))
    return system_error("getrandom");
  uuid[6] = static_cast<std::uint8_t>((uuid[6] & 0x0f) | 0x40);
  uuid[8] = static_cast<std::uint8_t>((uuid[8] & 0x3f) | 0x80);
  return {};
}

/// Everything before the first change to the host, and the journal in which they will be.
Result<Launch> begin_launch(Kernel& kernel, const Paths& paths, policy::GuestRecord guest,
                            ExitCode& failure) {
  const auto host = IMMURE_TRY(admit_guest(kernel, paths, guest, failure));
  failure = ExitCode::failure;
  IMMURE_TRY(complete_uuid(guest.uuid));
  return Launch{kernel, paths, guest, host, IMMURE_TRY(Ledger::open(paths, policy::uuid_text(guest.uuid)))};
}

/// Waits for the VMM, or for a signal that asks the keeper to end it.
Result<ExitCode> await_end(Launch& launch, int stop_signals_fd) {
  std::array<pollfd, 3> fds{pollfd{.fd = launch.vmm.pidfd.get(), .events = POLLIN, .revents = 0},
                            pollfd{.fd = stop_signals_fd, .events = POLLIN, .revents = 0},
                            pollfd{.fd = launch.net_filter.pidfd.get(), .events = POLLIN, .revents = 0}};
  while (IMMURE_TRY(launch.kernel.poll(fds, for_ever)) == 0) {
  }
  const auto stopped = (fds[1].revents & POLLIN) != 0;
  const auto unfiltered = (fds[2].revents & POLLIN) != 0;
  if (stopped || unfiltered) IMMURE_TRY(launch.kernel.kill(launch.vmm));
  const auto end = IMMURE_TRY(launch.kernel.wait(launch.vmm));
  if (unfiltered) {
    launch.failure = ExitCode::confinement_failed;
    return invalid("the owner of the rules of its networks was gone: the guest was killed");
  }
  if (end.signal == 0 && end.status == static_cast<int>(policy::VmmExit::guest_reset) && !stopped) {
    IMMURE_TRY(execute(make_restart_plan(launch.guest), launch));
    return ExitCode::success;
  }
  launch.vmm = {};
  const auto asked = stopped || launch.kernel.status_of(kill_mark(launch.paths, launch.guest.name.view()));
  return asked && end.signal == SIGKILL ? ExitCode::killed : exit_code_of(end);
}

/// Waits for the guest to end; a reboot of the guest starts a fresh VMM through the same gate. Readable
/// `stop_signals_fd` means: kill the guest.
Ending keep(Launch& launch, int stop_signals_fd, const Reporter& reporter) {
  while (true) {
    const auto code = await_end(launch, stop_signals_fd);
    if (!code) return {launch.failure, code.error().message};
    if (!launch.vmm.pidfd) return {*code, ""};
    reporter.send(ReportKind::restarted, ExitCode::success, launch.vmm.pid, "the guest rebooted");
  }
}

/// Gives the monitor the time to drain what the VMM said last.
void let_monitor_finish(Launch& launch) {
  // The monitor ends by itself once nobody holds the other ends, and passt has one of the log.
  launch.channels = {};
  if (launch.passt.pidfd) static_cast<void>(launch.kernel.kill(launch.passt));
  if (!launch.monitor.pidfd) return;
  pollfd ended{.fd = launch.monitor.pidfd.get(), .events = POLLIN, .revents = 0};
  static_cast<void>(launch.kernel.poll(std::span(&ended, 1), monitor_milliseconds));
}

/// Plan, keeper, undo: from the first change to the host to the last.
ExitCode launch_and_keep(Launch& launch, int stop_signals_fd, const Reporter& reporter) {
  Ending end;
  const auto executed = execute(make_plan(launch.guest), launch);
  if (executed) {
    reporter.send(ReportKind::started, ExitCode::success, launch.vmm.pid, launch.labels.vmm);
    end = keep(launch, stop_signals_fd, reporter);
  } else {
    end = {launch.failure, executed.error().message};
  }
  let_monitor_finish(launch);
  if (launch.started_at != 0) {
    if (const auto told = audit_stop(launch, policy::reason_of(end.code)); !told)
      log_line(told.error().message);
  }
  // Before the undoing: whoever sees that the guest is gone finds in the log how it ended.
  const auto event = executed ? policy::LaunchEvent::ended : policy::LaunchEvent::failed;
  log_end(launch.kernel, launch.paths, policy::make_launch_entry(event, launch.guest), end.code, end.message);
  if (const auto undone = launch.ledger.undo(launch.kernel); !undone) {
    end.message +=
        (end.message.empty() ? "" : "; ") + std::string("and was not undone: ") + undone.error().message;
    if (end.code == ExitCode::success) end.code = ExitCode::failure;
  }
  reporter.send(executed ? ReportKind::ended : ReportKind::failed, end.code, 0, end.message);
  return end.code;
}

}  // namespace

ExitCode exit_code_of(const ProcessEnd& end) {
  if (end.signal != 0) return ExitCode::vmm_died;
  return policy::exit_code_of(static_cast<policy::VmmExit>(end.status));
}

ExitCode run_guest(Kernel& kernel, const Paths& paths, const policy::GuestRecord& guest, int stop_signals_fd,
                   const Reporter& reporter) {
  auto failure = ExitCode::failure;
  auto launch = begin_launch(kernel, paths, guest, failure);
  if (!launch) {
    log_end(kernel, paths, policy::make_launch_entry(policy::LaunchEvent::refused, guest), failure,
            launch.error().message);
    return reporter.answer(std::unexpected(launch.error()), failure);
  }
  return launch_and_keep(*launch, stop_signals_fd, reporter);
}

}  // namespace immure::launcher
