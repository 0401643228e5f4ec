#include <string>

#include <unistd.h>

#include "base/io.hpp"
#include "base/log.hpp"
#include "base/sealed_memfd.hpp"
#include "launcher/keeper.hpp"
#include "launcher/plan.hpp"
#include "launcher/recover.hpp"
#include "launcher/self.hpp"

namespace {

using namespace immure;
using namespace immure::launcher;
using policy::ExitCode;
using policy::LaunchVerb;
using policy::ReportKind;

Result<policy::LaunchRequest> read_request() {
  const UniqueFd fd(policy::launch_request_fd);
  auto request = IMMURE_TRY(read_sealed_record<policy::LaunchRequest>(fd.get()));
  IMMURE_TRY(policy::check_header(request, "the launch request"));
  if (!request.name.is_well_formed() || request.reserved != 0)
    return invalid("the launch request is malformed");
  return request;
}

/// `immure run --dry-run`: needs no privilege and changes nothing.
ExitCode show_plan(Kernel& kernel, const policy::GuestRecord& guest, const Reporter& reporter) {
  const auto checked = policy::check(guest);
  if (!checked) return reporter.answer(checked, ExitCode::bad_specification);
  for (const auto& line : describe(make_plan(guest), kernel.landlock_version().value_or(0))) {
    reporter.send(ReportKind::plan_step, ExitCode::success, 0, line);
  }
  return reporter.answer({}, ExitCode::failure);
}

Result<void> act_on(Kernel& kernel, const Paths& paths, LaunchVerb verb, const std::string& name) {
  if (!policy::is_guest_name(name)) return invalid("that is no guest's name");
  if (verb == LaunchVerb::kill) return kill_guest(kernel, paths, name);
  return move_guest(kernel, paths, name, verb == LaunchVerb::pause ? Motion::stopped : Motion::running);
}

ExitCode act_on_guest(Kernel& kernel, const Paths& paths, const policy::LaunchRequest& request,
                      const Reporter& reporter) {
  const auto done = act_on(kernel, paths, request.verb, std::string(request.name.view()));
  const auto is_missing = !done && done.error().error_number == ESRCH;
  return reporter.answer(done, is_missing ? ExitCode::no_such_guest : ExitCode::failure);
}

/// Whatever was asked: our own process first, then what launches left that nobody looks after any more.
Result<UniqueFd> prepare(Kernel& kernel, const Paths& paths, const policy::LaunchRequest& request,
                         const Reporter& reporter) {
  auto stop_signals = IMMURE_TRY(sanitize_self(kernel, request));
  IMMURE_TRY(recover(kernel, paths, reporter));
  return stop_signals;
}

ExitCode serve(const policy::LaunchRequest& request, const Reporter& reporter) {
  Kernel kernel;
  const Paths paths;
  if (request.verb == LaunchVerb::plan) return show_plan(kernel, request.guest, reporter);
  if (::geteuid() != 0) {
    return reporter.answer(invalid("only root may start, kill or recover guests"), ExitCode::not_permitted);
  }
  const auto stop_signals = prepare(kernel, paths, request, reporter);
  if (!stop_signals) return reporter.answer(std::unexpected(stop_signals.error()), ExitCode::failure);
  switch (request.verb) {
    case LaunchVerb::run:
      return run_guest(kernel, paths, request.guest, stop_signals->get(), reporter);
    case LaunchVerb::kill:
    case LaunchVerb::pause:
    case LaunchVerb::resume:
      return act_on_guest(kernel, paths, request, reporter);
    case LaunchVerb::recover:
      return reporter.answer({}, ExitCode::failure);
    case LaunchVerb::plan:
      break;
  }
  return reporter.answer(invalid("the launch request has an unknown verb"), ExitCode::usage);
}

}  // namespace

int main(int argc, char** argv) {
  set_log_name("immure-launch");
  if (argc == 2 && std::string_view(argv[1]) == "--version") {
    constexpr std::string_view version = "immure-launch " IMMURE_VERSION "\n";
    return write_all(1, std::as_bytes(std::span(version))) ? 0 : 1;
  }
  const auto request = argc == 1 ? read_request() : invalid("it takes no arguments");
  if (!request) {
    log_line("this program is started by immure, not by hand: " + request.error().message);
    return static_cast<int>(ExitCode::usage);
  }
  const auto& name = request->verb == LaunchVerb::run || request->verb == LaunchVerb::plan
                         ? request->guest.name
                         : request->name;
  return static_cast<int>(serve(*request, Reporter(policy::launch_report_fd, name)));
}
