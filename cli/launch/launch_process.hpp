#pragma once

#include <optional>
#include <string>

#include <sys/types.h>

#include "base/unique_fd.hpp"
#include "cli/failure.hpp"
#include "policy/guest_state.hpp"
#include "policy/launch_request.hpp"

namespace immure::cli {

policy::LaunchRequest request_to(policy::LaunchVerb verb);

/// One run of `immure-launch`: it got the request in a sealed memfd and reports through a pipe. It is in a
/// session of its own, so that a key press or a closed terminal does not reach it; as a guest's keeper it
/// outlives us.
class LaunchProcess {
 public:
  static Expected<LaunchProcess> start(const policy::LaunchRequest& request);

  /// The pipe's end, for poll(2). next_report() does not block once it is readable.
  [[nodiscard]] int fd() const { return reports_.get(); }

  /// The next report; nothing at the end of the pipe. A report that is not well-formed is an Error.
  Expected<std::optional<policy::LaunchReport>> next_report();

  /// The Failure that a `failed` report stands for, with what the launcher wrote to standard error.
  [[nodiscard]] Failure failure_of(const policy::LaunchReport& report) const;

  /// Waits for the launcher's end and says why it ended without a report.
  Failure explain_end();

 private:
  LaunchProcess(pid_t pid, UniqueFd reports, UniqueFd errors)
      : pid_(pid), reports_(std::move(reports)), errors_(std::move(errors)) {}

  pid_t pid_;
  UniqueFd reports_;
  UniqueFd errors_;
};

/// An exit code as a report carries it; `failure` for a number that is none.
ExitCode exit_code_of(int number);

/// Runs a request to its end (kill, recover); yields the last report's exit code, or the Failure.
Expected<ExitCode> carry_out(const policy::LaunchRequest& request);

}  // namespace immure::cli
