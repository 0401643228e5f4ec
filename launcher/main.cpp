#include <string>

#include <unistd.h>

#include "base/io.hpp"
#include "base/log.hpp"
#include "base/sealed_memfd.hpp"
#include "launcher/plan.hpp"
#include "launcher/recover.hpp"
#include "launcher/run_guest.hpp"
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
  if (const auto checked = policy::check(guest); !checked) {
    reporter.send(ReportKind::failed, ExitCode::bad_specification, 0, checked.error().message);
    return ExitCode::bad_specification;
  }
  for (const auto& line : describe(make_plan(guest), kernel.landlock_version().value_or(0))) {
    reporter.send(ReportKind::plan_step, ExitCode::success, 0, line);
  }
  reporter.send(ReportKind::done, ExitCode::success, 0, "");
  return ExitCode::success;
}

ExitCode kill_by_name(Kernel& kernel, const Paths& paths, const policy::LaunchRequest& request,
                      const Reporter& reporter) {
  const std::string name(request.name.view());
  auto killed =
      policy::is_guest_name(name) ? kill_guest(kernel, paths, name) : invalid("that is no guest's name");
  const auto code = killed                                 ? ExitCode::success
                    : killed.error().error_number == ESRCH ? ExitCode::no_such_guest
                                                           : ExitCode::failure;
  reporter.send(killed ? ReportKind::done : ReportKind::failed, code, 0,
                killed ? "" : killed.error().message);
  return code;
}

ExitCode serve(const policy::LaunchRequest& request, const Reporter& reporter) {
  Kernel kernel;
  const Paths paths;
  if (request.verb == LaunchVerb::plan) return show_plan(kernel, request.guest, reporter);
  const auto refuse = [&](ExitCode code, std::string_view message) {
    reporter.send(ReportKind::failed, code, 0, message);
    return code;
  };
  if (::geteuid() != 0) return refuse(ExitCode::not_permitted, "only root may start, kill or recover guests");

  const auto stop_signals = sanitize_self(kernel);
  if (!stop_signals) return refuse(ExitCode::failure, stop_signals.error().message);
  // Whatever was asked: first tidy up after launches that nobody looks after any more.
  if (auto made = make_directories(kernel, paths); !made)
    return refuse(ExitCode::failure, made.error().message);
  if (auto recovered = recover(kernel, paths, reporter); !recovered) {
    return refuse(ExitCode::failure, recovered.error().message);
  }
  switch (request.verb) {
    case LaunchVerb::run:
      return run_guest(kernel, paths, request.guest, stop_signals->get(), reporter);
    case LaunchVerb::kill:
      return kill_by_name(kernel, paths, request, reporter);
    case LaunchVerb::recover:
      reporter.send(ReportKind::done, ExitCode::success, 0, "");
      return ExitCode::success;
    case LaunchVerb::plan:
      break;
  }
  return refuse(ExitCode::usage, "the launch request has an unknown verb");
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
