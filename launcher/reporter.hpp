#pragma once

#include <sys/types.h>

#include "base/result.hpp"
#include "policy/exit_codes.hpp"
#include "policy/launch_request.hpp"

namespace immure::launcher {

/// Answers whoever asked, over the pipe it gave us. It may be gone (`immure run -d`): that is no error of
/// ours.
class Reporter {
 public:
  Reporter(int fd, policy::GuestName name) : fd_(fd), name_(name) {}

  void send(policy::ReportKind kind, policy::ExitCode code, pid_t vmm, std::string_view message) const;
  /// The last report of a request: done, or why it failed with this exit code. Yields the exit code.
  policy::ExitCode answer(const Result<void>& result, policy::ExitCode failure) const;
  /// The same about a guest of another name.
  [[nodiscard]] Reporter about(std::string_view name) const;

 private:
  int fd_;
  policy::GuestName name_;
};

}  // namespace immure::launcher
