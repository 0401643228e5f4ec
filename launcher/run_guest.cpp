#include "launcher/run_guest.hpp"

#include <algorithm>
#include <optional>

#include <sys/random.h>

#include "base/log.hpp"
#include "launcher/audit.hpp"
#include "launcher/host_policy.hpp"
#include "launcher/keeper.hpp"
#include "launcher/plan.hpp"

namespace immure::launcher {
namespace {

using policy::ExitCode;
using policy::ReportKind;

/// RFC 9562, version 4, where the specification has none.
Result<void> complete_uuid(policy::Uuid& uuid) {
  if (std::ranges::any_of(uuid, [](auto byte) { return byte != 0; })) return {};
  if (::getrandom(uuid.data(), uuid.size(), 0) != static_cast<ssize_t>(uuid.size()))
    return system_error("getrandom");
  uuid[6] = static_cast<std::uint8_t>((uuid[6] & 0x0f) | 0x40);
  uuid[8] = static_cast<std::uint8_t>((uuid[8] & 0x3f) | 0x80);
  return {};
}

/// Everything before the first change to the host.
std::optional<Ending> admit_guest(Kernel& kernel, const Paths& paths, const policy::GuestRecord& guest,
                                  policy::HostPolicyRecord& host) {
  if (const auto checked = policy::check(guest); !checked) {
    return Ending{ExitCode::bad_specification, checked.error().message};
  }
  const auto loaded = load_host_policy(kernel, paths.host_policy, paths.policy_compiler);
  if (!loaded) return Ending{ExitCode::bad_specification, loaded.error().message};
  host = *loaded;
  if (const auto admitted = policy::admit(guest, host); !admitted) {
    return Ending{ExitCode::not_admitted, admitted.error().message};
  }
  const auto running = kernel.list_directory(paths.guests);
  if (running && running->size() >= host.max_guests) {
    return Ending{ExitCode::not_admitted,
                  "the host policy allows " + std::to_string(host.max_guests) + " guests, which run already"};
  }
  return std::nullopt;
}

/// Plan, keeper, undo: from the first change to the host to the last.
Ending launch_and_keep(Launch& launch, int stop_signals_fd, const Reporter& reporter) {
  Ending end;
  const auto executed = execute(make_plan(launch.guest), launch);
  if (executed) {
    reporter.send(ReportKind::started, ExitCode::success, launch.vmm.pid, launch.identity.vmm_label);
    end = keep(launch, stop_signals_fd, reporter);
  } else {
    end = {launch.failure, executed.error().message};
  }
  let_monitor_finish(launch);
  if (launch.started_at != 0) {
    if (const auto told = audit_stop(launch, reason_of(end.code)); !told) log_line(told.error().message);
  }
  if (const auto undone = launch.ledger.undo(launch.kernel); !undone) {
    end.message +=
        (end.message.empty() ? "" : "; ") + std::string("and was not undone: ") + undone.error().message;
    if (end.code == ExitCode::success) end.code = ExitCode::failure;
  }
  reporter.send(executed ? ReportKind::ended : ReportKind::failed, end.code, 0, end.message);
  return end;
}

ExitCode refuse(const Reporter& reporter, const Ending& refusal) {
  reporter.send(ReportKind::failed, refusal.code, 0, refusal.message);
  return refusal.code;
}

}  // namespace

ExitCode run_guest(Kernel& kernel, const Paths& paths, policy::GuestRecord guest, int stop_signals_fd,
                   const Reporter& reporter) {
  policy::HostPolicyRecord host;
  if (const auto refusal = admit_guest(kernel, paths, guest, host)) return refuse(reporter, *refusal);
  if (const auto drawn = complete_uuid(guest.uuid); !drawn)
    return refuse(reporter, {ExitCode::failure, drawn.error().message});
  auto ledger = Ledger::open(paths, policy::uuid_text(guest.uuid));
  if (!ledger) return refuse(reporter, {ExitCode::failure, ledger.error().message});
  Launch launch(kernel, paths, guest, host, *std::move(ledger));
  return launch_and_keep(launch, stop_signals_fd, reporter).code;
}

}  // namespace immure::launcher
