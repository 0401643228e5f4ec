#include "cli/launch/launch_process.hpp"

#include <array>
#include <csignal>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.hpp"
#include "base/sealed_memfd.hpp"
#include "cli/launch/program_path.hpp"

namespace immure::cli {
namespace {

using policy::LaunchReport;
using policy::LaunchRequest;
using policy::ReportKind;

struct Pipe {
  UniqueFd read_end;
  UniqueFd write_end;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> fds{};
  if (::pipe2(fds.data(), O_CLOEXEC) != 0) return system_error("make a pipe");
  return Pipe{.read_end = UniqueFd(fds[0]), .write_end = UniqueFd(fds[1])};
}

/// Between fork and exec: only async-signal-safe calls.
[[noreturn]] void become_launcher(const char* path, int request, int reports, int errors) {
  // High numbers first, so that no source is overwritten before it was copied.
  const int request_copy = ::fcntl(request, F_DUPFD_CLOEXEC, 64);
  const int reports_copy = ::fcntl(reports, F_DUPFD_CLOEXEC, 64);
  const int errors_copy = ::fcntl(errors, F_DUPFD_CLOEXEC, 64);
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  sigset_t none{};
  ::sigemptyset(&none);
  const bool have_all = request_copy >= 0 && reports_copy >= 0 && errors_copy >= 0 && null >= 0;
  const bool ready = have_all && ::setsid() >= 0 && ::sigprocmask(SIG_SETMASK, &none, nullptr) == 0 &&
                     ::signal(SIGPIPE, SIG_IGN) != SIG_ERR &&  // We may be gone before the last report.
                     ::dup2(null, 0) == 0 && ::dup2(null, 1) == 1 && ::dup2(errors_copy, 2) == 2 &&
                     ::dup2(request_copy, policy::launch_request_fd) == policy::launch_request_fd &&
                     ::dup2(reports_copy, policy::launch_report_fd) == policy::launch_report_fd &&
                     ::close_range(policy::launch_report_fd + 1, ~0U, CLOSE_RANGE_CLOEXEC) == 0;
  if (ready) {
    char name[] = "immure-launch";
    char* const arguments[] = {name, nullptr};
    char* const environment[] = {nullptr};
    ::execve(path, arguments, environment);
  }
  ::_exit(127);
}

/// What the launcher wrote to standard error so far, at most 4 KiB.
std::string error_text(int fd) {
  std::array<char, 4096> text{};
  if (::fcntl(fd, F_SETFL, O_NONBLOCK) != 0) return {};
  const auto n = ::read(fd, text.data(), text.size());
  std::string out(text.data(), n > 0 ? static_cast<std::size_t>(n) : 0);
  while (!out.empty() && out.back() == '\n') out.pop_back();
  return out;
}

/// Advice for what a user can do something about.
std::string hint_for(ExitCode code) {
  switch (code) {
    case ExitCode::unsafe_host:
      return "`immure doctor` shows what the host lacks and how to mend it";
    case ExitCode::not_admitted:
      return std::string("what this host allows is in ") + policy::host_policy_path;
    case ExitCode::name_in_use:
      return "`immure ps` lists the guests";
    default:
      return {};
  }
}

}  // namespace

ExitCode exit_code_of(int number) {
  const auto code = static_cast<ExitCode>(number);
  return exit_code_name(code) == "unknown" ? ExitCode::failure : code;
}

LaunchRequest request_to(policy::LaunchVerb verb) {
  LaunchRequest request{};
  request.header = policy::header_of<LaunchRequest>();
  request.verb = verb;
  return request;
}

Expected<LaunchProcess> LaunchProcess::start(const LaunchRequest& request) {
  const auto path = IMMURE_TRY(program_path("immure-launch"));
  const auto memfd = IMMURE_TRY(make_sealed_memfd("immure-request", bytes_of(request)));
  auto reports = IMMURE_TRY(make_pipe());
  auto errors = IMMURE_TRY(make_pipe());
  const pid_t pid = ::fork();
  if (pid < 0) return system_error("fork the launcher");
  if (pid == 0) {
    become_launcher(path.c_str(), memfd.get(), reports.write_end.get(), errors.write_end.get());
  }
  return LaunchProcess(pid, std::move(reports.read_end), std::move(errors.read_end));
}

Expected<std::optional<LaunchReport>> LaunchProcess::next_report() {
  LaunchReport report{};
  // A report is smaller than PIPE_BUF and written whole: what can be read is whole reports or the end.
  ssize_t n = 0;
  do {
    n = ::read(reports_.get(), &report, sizeof report);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return system_error("read the launcher's report");
  if (n == 0) return std::nullopt;
  if (n != static_cast<ssize_t>(sizeof report)) {
    return fail(ExitCode::failure, "read the launcher's report: it is cut short");
  }
  IMMURE_TRY(policy::check_header(report, "the launcher's report"));
  if (!report.name.is_well_formed()) {
    return fail(ExitCode::failure, "read the launcher's report: its name is not well-formed");
  }
  return report;
}

Failure LaunchProcess::explain_end() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  const auto text = error_text(errors_.get());
  std::string message = "the launcher ended without a report";
  if (WIFSIGNALED(status)) message += fmt::format(", by signal {}", WTERMSIG(status));
  if (WIFEXITED(status)) message += fmt::format(", with status {}", WEXITSTATUS(status));
  if (!text.empty()) message += ": " + text;
  return {
      WIFEXITED(status) && WEXITSTATUS(status) != 0 ? exit_code_of(WEXITSTATUS(status)) : ExitCode::failure,
      message, "what it left behind is undone by the next immure command that launches or kills"};
}

Failure LaunchProcess::failure_of(const LaunchReport& report) const {
  const auto code = exit_code_of(report.exit_code);
  std::string message(report.message.view());
  if (message.empty()) message = "the launch failed without saying why";
  if (const auto text = error_text(errors_.get()); !text.empty()) message += "\n" + text;
  return {code == ExitCode::success ? ExitCode::failure : code, std::move(message), hint_for(code)};
}

Expected<ExitCode> carry_out(const LaunchRequest& request) {
  auto launcher = IMMURE_TRY(LaunchProcess::start(request));
  for (;;) {
    const auto report = IMMURE_TRY(launcher.next_report());
    if (!report) return std::unexpected(launcher.explain_end());
    if (report->kind == ReportKind::failed) return std::unexpected(launcher.failure_of(*report));
    if (report->kind == ReportKind::done) return exit_code_of(report->exit_code);
  }
}

}  // namespace immure::cli
