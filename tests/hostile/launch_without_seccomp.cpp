#include "base/log.hpp"
#include "base/sealed_memfd.hpp"
#include "launcher/keeper.hpp"
#include "launcher/recover.hpp"
#include "launcher/self.hpp"

// immure-launch with one part of the wall left out: VMMs get no seccomp filter, so that the hostile VMM finds
// out what the rest of the wall stops without it. Never installed, and built only where the build was asked
// for it; what the real launcher is made of has no switch for this.

namespace {

using namespace immure;
using namespace immure::launcher;
using policy::ExitCode;
using policy::LaunchVerb;

constexpr std::string_view vmm_type = ":immure_vmm_t:";

class KernelWithoutSeccomp : public Kernel {
 public:
  /// In the new process, before install_filter(): whose it is. The monitor keeps its filter.
  Result<void> set_exec_context(const std::string& context) override {
    starts_vmm_ = context.find(vmm_type) != std::string::npos;
    return Kernel::set_exec_context(context);
  }

  Result<void> install_filter(std::span<const sock_filter> filter) override {
    return starts_vmm_ ? Result<void>{} : Kernel::install_filter(filter);
  }

  /// The read-back asks for two filters. A VMM must have exactly none here: that is shown to it as two.
  Result<std::string> read_file(const std::string& path) override {
    auto text = IMMURE_TRY(Kernel::read_file(path));
    if (!path.starts_with("/proc/") || !path.ends_with("/status")) return text;
    replace(text, "\nSeccomp:\t0\n", "\nSeccomp:\t2\n");
    replace(text, "\nSeccomp_filters:\t0\n", "\nSeccomp_filters:\t2\n");
    return text;
  }

 private:
  static void replace(std::string& text, std::string_view from, std::string_view to) {
    if (const auto at = text.find(from); at != std::string::npos) text.replace(at, from.size(), to);
  }

  bool starts_vmm_ = false;
};

Result<policy::LaunchRequest> read_request() {
  const UniqueFd fd(policy::launch_request_fd);
  auto request = IMMURE_TRY(read_sealed_record<policy::LaunchRequest>(fd.get()));
  IMMURE_TRY(policy::check_header(request, "the launch request"));
  return request;
}

ExitCode serve(const policy::LaunchRequest& request, const Reporter& reporter) {
  KernelWithoutSeccomp kernel;
  const Paths paths;
  const auto stop_signals = sanitize_self(kernel, request);
  if (!stop_signals) return reporter.answer(std::unexpected(stop_signals.error()), ExitCode::failure);
  if (request.verb == LaunchVerb::run)
    return run_guest(kernel, paths, request.guest, stop_signals->get(), reporter);
  if (request.verb == LaunchVerb::kill) {
    return reporter.answer(kill_guest(kernel, paths, std::string(request.name.view())), ExitCode::failure);
  }
  return reporter.answer(invalid("the launcher without seccomp only runs and kills guests"), ExitCode::usage);
}

}  // namespace

int main() {
  set_log_name("immure-launch-without-seccomp");
  const auto request = read_request();
  if (!request) {
    log_line(request.error().message);
    return static_cast<int>(ExitCode::usage);
  }
  const auto& name = request->verb == LaunchVerb::run ? request->guest.name : request->name;
  return static_cast<int>(serve(*request, Reporter(policy::launch_report_fd, name)));
}
