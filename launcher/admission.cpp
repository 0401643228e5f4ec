#include "launcher/admission.hpp"

#include <fcntl.h>

#include "base/io.hpp"
#include "launcher/errand.hpp"
#include "policy/admission.hpp"

namespace immure::launcher {
namespace {

/// Whose login this is, which sudo(8) and su(1) do not change: proc_pid_loginuid(5). As the kernel writes it.
Result<std::string> login_uid(Kernel& kernel) {
  auto text = kernel.read_file("/proc/self/loginuid");
  if (!text && text.error().error_number == ENOENT) return std::to_string(policy::no_uid);
  return text;
}

Result<policy::HostPolicyRecord> compile(Kernel& kernel, int file, const std::string& compiler,
                                         const std::string& requester) {
  policy::HostPolicyRecord record;
  std::vector<std::string> arguments{"immure", "internal", "compile-host-policy", requester};
  const Errand errand{.arguments = std::move(arguments), .input = file};
  IMMURE_TRY(run_errand(kernel, compiler, errand, writable_bytes_of(record)));
  IMMURE_TRY(policy::check(record));
  return record;
}

Result<policy::HostPolicyRecord> load_host_policy(Kernel& kernel, const Paths& paths,
                                                  const std::string& requester) {
  const auto file = open_of_root(kernel, paths.host_policy, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!file && file.error().error_number == ENOENT) return policy::default_host_policy();
  if (!file) return with_context("host policy", file.error());
  auto record = compile(kernel, file->get(), paths.immure, requester);
  if (!record) return with_context("host policy " + paths.host_policy, std::move(record).error());
  return record;
}

}  // namespace

Result<policy::HostPolicyRecord> admit_guest(Kernel& kernel, const Paths& paths,
                                             const policy::GuestRecord& guest, policy::ExitCode& failure) {
  failure = policy::ExitCode::bad_specification;
  IMMURE_TRY(policy::check(guest));
  const auto requester = IMMURE_TRY(login_uid(kernel));
  const auto host = IMMURE_TRY(load_host_policy(kernel, paths, requester));
  failure = policy::ExitCode::not_admitted;
  IMMURE_TRY(policy::require(policy::evaluate(guest, host)));
  return host;
}

}  // namespace immure::launcher
