#include "cli/failure.hpp"

#include <cstdio>

#include <fmt/core.h>
#include <unistd.h>

#include "base/printable.hpp"
#include "cli/output/style.hpp"

namespace immure::cli {

void report(const Failure& failure) {
  const auto style = Style::of(stderr);
  fmt::print(stderr, "{} {}\n", style.bad("immure:"), printable_lines(failure.message));
  if (!failure.hint.empty()) {
    fmt::print(stderr, "  {} {}\n", style.dim("hint:"), printable_lines(failure.hint));
  }
}

std::string_view exit_code_name(ExitCode code) {
  switch (code) {
    case ExitCode::success:
      return "success";
    case ExitCode::failure:
      return "failure";
    case ExitCode::usage:
      return "usage";
    case ExitCode::bad_specification:
      return "bad_specification";
    case ExitCode::not_admitted:
      return "not_admitted";
    case ExitCode::unsafe_host:
      return "unsafe_host";
    case ExitCode::image_refused:
      return "image_refused";
    case ExitCode::name_in_use:
      return "name_in_use";
    case ExitCode::no_such_guest:
      return "no_such_guest";
    case ExitCode::confinement_failed:
      return "confinement_failed";
    case ExitCode::guest_crashed:
      return "guest_crashed";
    case ExitCode::vmm_died:
      return "vmm_died";
    case ExitCode::killed:
      return "killed";
    case ExitCode::not_permitted:
      return "not_permitted";
    case ExitCode::bad_signature:
      return "bad_signature";
    case ExitCode::policy_refused:
      return "policy_refused";
    case ExitCode::bad_log:
      return "bad_log";
  }
  return "unknown";
}

std::string_view exit_code_text(ExitCode code) {
  switch (code) {
    case ExitCode::success:
      return "the guest powered off";
    case ExitCode::guest_crashed:
      return "the guest crashed";
    case ExitCode::vmm_died:
      return "the VMM was ended by a signal";
    case ExitCode::killed:
      return "killed";
    default:
      return exit_code_name(code);
  }
}

Expected<void> require_root(std::string_view what) {
  if (::geteuid() == 0) return {};
  return fail(ExitCode::not_permitted, fmt::format("{}: not permitted: root is needed", what),
              "run it with sudo");
}

}  // namespace immure::cli
