#include "launcher/reporter.hpp"

#include "base/io.hpp"

namespace immure::launcher {

void Reporter::send(policy::ReportKind kind, policy::ExitCode code, pid_t vmm,
                    std::string_view message) const {
  policy::LaunchReport report;
  report.header = policy::header_of<policy::LaunchReport>();
  report.kind = kind;
  report.exit_code = static_cast<int>(code);
  report.vmm_pid = vmm;
  report.name = name_;
  report.message = decltype(report.message)::fitting(message);
  static_cast<void>(write_all(fd_, bytes_of(report)));
}

policy::ExitCode Reporter::answer(const Result<void>& result, policy::ExitCode failure) const {
  const auto code = result ? policy::ExitCode::success : failure;
  send(result ? policy::ReportKind::done : policy::ReportKind::failed, code, 0,
       result ? "" : result.error().message);
  return code;
}

Reporter Reporter::about(std::string_view name) const {
  return {fd_, policy::GuestName::from(name, "name").value_or(policy::GuestName{})};
}

}  // namespace immure::launcher
