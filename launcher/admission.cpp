#include "launcher/admission.hpp"

#include <fcntl.h>

#include "base/io.hpp"
#include "launcher/errand.hpp"

namespace immure::launcher {
namespace {

Result<policy::HostPolicyRecord> compile(Kernel& kernel, int file, const std::string& compiler) {
  policy::HostPolicyRecord record;
  const Errand errand{.arguments = {"immure", "internal", "compile-host-policy"}, .input = file};
  IMMURE_TRY(run_errand(kernel, compiler, errand, writable_bytes_of(record)));
  IMMURE_TRY(policy::check(record));
  return record;
}

Result<policy::HostPolicyRecord> load_host_policy(Kernel& kernel, const Paths& paths) {
  const auto file = open_of_root(kernel, paths.host_policy, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!file && file.error().error_number == ENOENT) return policy::default_host_policy();
  if (!file) return with_context("host policy", file.error());
  auto record = compile(kernel, file->get(), paths.immure);
  if (!record) return with_context("host policy " + paths.host_policy, std::move(record).error());
  return record;
}

}  // namespace

Result<policy::HostPolicyRecord> admit_guest(Kernel& kernel, const Paths& paths,
                                             const policy::GuestRecord& guest, policy::ExitCode& failure) {
  failure = policy::ExitCode::bad_specification;
  IMMURE_TRY(policy::check(guest));
  const auto host = IMMURE_TRY(load_host_policy(kernel, paths));
  failure = policy::ExitCode::not_admitted;
  IMMURE_TRY(policy::admit(guest, host));
  const auto running = IMMURE_TRY(kernel.list_directory(paths.guests));
  if (running.size() >= host.max_guests) {
    return invalid("the host policy allows " + std::to_string(host.max_guests) +
                   " guests, which run already");
  }
  return host;
}

}  // namespace immure::launcher
