#include "launcher/admission.hpp"

#include <fcntl.h>

#include "base/io.hpp"
#include "launcher/spawn.hpp"

namespace immure::launcher {
namespace {

constexpr uid_t nobody = 65534;

/// In the child: the compiler as nobody, with the file as its input and the pipe as its output.
Result<void> become_compiler(Kernel& kernel, int program, int input, int output) {
  IMMURE_TRY(kernel.reset_signals());
  IMMURE_TRY((ArrangeFds{{{input, 0}, {output, 1}, {2, 2}}}.apply(kernel)));
  IMMURE_TRY(DropPrivileges{nobody}.apply(kernel));
  IMMURE_TRY(kernel.set_no_new_privs());
  return kernel.execute(program, {"immure", "internal", "compile-host-policy"});
}

Result<policy::HostPolicyRecord> compile(Kernel& kernel, int file, const std::string& compiler) {
  const auto program = IMMURE_TRY(open_of_root(kernel, compiler, O_PATH));
  auto output = IMMURE_TRY(kernel.make_pipe());
  const auto process = IMMURE_TRY(kernel.clone(0, -1));
  if (process.pid == 0) {
    static_cast<void>(become_compiler(kernel, program.get(), file, output.second.get()));
    kernel.exit_child(127);
  }
  output.second.reset();
  policy::HostPolicyRecord record;
  const auto length = IMMURE_TRY(receive_all(kernel, output.first.get(), writable_bytes_of(record)));
  output.first.reset();
  const auto end = IMMURE_TRY(kernel.wait(process));
  if (end.status != 0 || end.signal != 0 || length != sizeof(record)) {
    return invalid("it was not understood (status " + std::to_string(end.status) + ")");
  }
  IMMURE_TRY(policy::check(record));
  return record;
}

Result<policy::HostPolicyRecord> load_host_policy(Kernel& kernel, const Paths& paths) {
  const auto file = open_of_root(kernel, paths.host_policy, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!file && file.error().error_number == ENOENT) return policy::default_host_policy();
  if (!file) return with_context("host policy", file.error());
  auto record = compile(kernel, file->get(), paths.policy_compiler);
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
