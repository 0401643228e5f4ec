#include "launcher/recover.hpp"

#include "base/log.hpp"
#include "launcher/launch_log.hpp"

namespace immure::launcher {
namespace {

constexpr int undo_polls = 600;
constexpr int poll_milliseconds = 50;

std::unexpected<Error> no_guest(const std::string& name) {
  return std::unexpected(Error{.message = "no guest called " + name + " runs", .error_number = ESRCH});
}

void log_abandoned(Kernel& kernel, const Paths& paths, const std::string& name, const std::string& uuid) {
  policy::GuestRecord guest;
  guest.name = policy::GuestName::fitting(name);
  log_end(kernel, paths, policy::make_launch_entry(policy::LaunchEvent::abandoned, guest),
          policy::ExitCode::failure, "its keeper was gone; launch " + uuid + " was undone");
}

}  // namespace

Result<void> recover(Kernel& kernel, const Paths& paths, const Reporter& reporter) {
  const auto above_journal = paths.journal.substr(0, paths.journal.rfind('/'));
  for (const auto& path : {paths.runtime, paths.guests, above_journal}) {
    IMMURE_TRY(tolerate(EEXIST, kernel.make_directory(path, 0755)));
  }
  for (auto& launch : IMMURE_TRY(Ledger::abandoned(paths))) {
    const auto name = launch.guest_name();
    if (const auto undone = launch.undo(kernel); !undone) {
      log_line("undo the launch of " + name + ": " + undone.error().message);
      continue;
    }
    log_abandoned(kernel, paths, name, launch.journal.owner());
    reporter.about(name).send(policy::ReportKind::recovered, policy::ExitCode::success, 0,
                              "the keeper of this guest was gone; its launch was undone");
  }
  return {};
}

std::string kill_mark(const Paths& paths, std::string_view name) { return paths.guest(name) + "/killed"; }

Result<void> kill_guest(Kernel& kernel, const Paths& paths, const std::string& name) {
  const auto gone = [&] {
    const auto status = kernel.status_of(paths.guest(name));
    return !status && status.error().error_number == ENOENT;
  };
  if (gone()) return no_guest(name);
  IMMURE_TRY(tolerate(ENOENT, kernel.replace_file(kill_mark(paths, name), {})));
  for (int i = 0; i < undo_polls; ++i) {
    if (gone()) return {};
    // Again and again, as a guest that is being started has no process yet. One that ends has no cgroup any
    // more.
    IMMURE_TRY(tolerate(ENODEV, tolerate(ENOENT, Cgroup(paths.cgroups, name).kill(kernel, "vmm"))));
    static_cast<void>(IMMURE_TRY(kernel.poll({}, poll_milliseconds)));
  }
  return invalid("the keeper of " + name + " did not undo the launch in time");
}

Result<void> move_guest(Kernel& kernel, const Paths& paths, const std::string& name, Motion motion) {
  auto moved = Cgroup(paths.cgroups, name).freeze(kernel, "vmm", motion);
  if (!moved && moved.error().error_number == ENOENT) return no_guest(name);
  return moved;
}

}  // namespace immure::launcher
