#include <fmt/core.h>

#include "base/printable.hpp"
#include "cli/commands/commands.hpp"
#include "cli/launch/foreground.hpp"
#include "cli/launch/launch_process.hpp"
#include "cli/launch/outcome.hpp"
#include "policy/spec/compile.hpp"

namespace immure::cli {
namespace {

using policy::LaunchRequest;
using policy::LaunchVerb;
using policy::ReportKind;

LaunchRequest request_for(const policy::GuestRecord& guest, LaunchVerb verb) {
  auto request = request_to(verb);
  request.guest = guest;
  return request;
}

std::string name_of(const LaunchRequest& request) { return std::string(request.guest.name.view()); }

/// Prints what the launcher would do, step by step.
Expected<Outcome> dry_run(const LaunchRequest& request) {
  auto launcher = IMMURE_TRY(LaunchProcess::start(request));
  Outcome outcome{.name = name_of(request), .event = "planned"};
  for (;;) {
    const auto report = IMMURE_TRY(launcher.next_report());
    if (!report) return std::unexpected(launcher.explain_end());
    if (report->kind == ReportKind::failed) return std::unexpected(launcher.failure_of(*report));
    if (report->kind == ReportKind::done) return outcome;
    if (report->kind == ReportKind::plan_step) outcome.steps.push_back(printable(report->message.view()));
  }
}

Expected<Outcome> run_detached(const LaunchRequest& request) {
  auto launcher = IMMURE_TRY(LaunchProcess::start(request));
  for (;;) {
    const auto report = IMMURE_TRY(launcher.next_report());
    if (!report) return std::unexpected(launcher.explain_end());
    if (report->kind == ReportKind::failed) return std::unexpected(launcher.failure_of(*report));
    if (report->kind == ReportKind::started) {
      return Outcome{.name = name_of(request), .event = "started", .vmm_pid = report->vmm_pid};
    }
  }
}

Expected<Outcome> run_foreground(const LaunchRequest& request, Foreground::Console console) {
  // Before the launch: a signal in between must not leave a guest behind that nobody watches.
  auto signals = IMMURE_TRY(EndSignals::block());
  auto launcher = IMMURE_TRY(LaunchProcess::start(request));
  Foreground foreground(name_of(request), std::move(launcher), std::move(signals), console);
  auto end = IMMURE_TRY(foreground.run());
  const bool ended_well = end.code == ExitCode::success || end.code == ExitCode::killed;
  return Outcome{.name = name_of(request),
                 .event = end.how == ForegroundEnd::How::detached ? "detached" : "ended",
                 .code = end.code,
                 .vmm_pid = end.vmm_pid,
                 .message = printable(end.message),
                 .steps = {},
                 .log = ended_well ? std::vector<std::string>{} : std::move(end.log)};
}

Expected<Outcome> run(const RunOptions& options) {
  using Mode = RunOptions::Mode;
  if (options.mode != Mode::dry_run) IMMURE_TRY(require_root("run"));
  const auto guest = IMMURE_TRY(policy::compile_guest_spec(options.spec));
  switch (options.mode) {
    case Mode::dry_run:
      return dry_run(request_for(guest, LaunchVerb::plan));
    case Mode::detached:
      return run_detached(request_for(guest, LaunchVerb::run));
    case Mode::foreground:
      return run_foreground(request_for(guest, LaunchVerb::run), options.format == OutputFormat::json
                                                                     ? Foreground::Console::none
                                                                     : Foreground::Console::attached);
  }
  return fail(ExitCode::failure, "run: unknown mode");
}

void print_text(const Outcome& outcome) {
  if (outcome.event == "started") fmt::print("{} {}\n", outcome.name, outcome.vmm_pid);
  for (std::size_t i = 0; i < outcome.steps.size(); ++i) fmt::print("{:3}  {}\n", i + 1, outcome.steps[i]);
  if (outcome.event == "ended" || outcome.event == "detached") {
    fmt::print(stderr, "immure: {}: {}\n", outcome.name,
               outcome.message.empty() ? std::string(exit_code_text(outcome.code)) : outcome.message);
    for (const auto& line : outcome.log) fmt::print(stderr, "immure: {}: VMM: {}\n", outcome.name, line);
  }
}

}  // namespace

Expected<ExitCode> run_command(const RunOptions& options) {
  const auto outcome = run(options);
  if (options.format == OutputFormat::text) {
    if (!outcome) return std::unexpected(outcome.error());
    print_text(*outcome);
    return outcome->code;
  }
  if (!outcome) {
    const auto& failure = outcome.error();
    fmt::print("{}\n", outcome_json({.name = {},
                                     .event = "failed",
                                     .code = failure.code,
                                     .message = printable_lines(failure.message)}));
    return failure.code;
  }
  fmt::print("{}\n", outcome_json(*outcome));
  return outcome->code;
}

}  // namespace immure::cli
