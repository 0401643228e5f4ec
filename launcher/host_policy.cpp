#include "launcher/host_policy.hpp"

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
  const auto program = IMMURE_TRY(kernel.open(compiler, O_PATH, Links::refused));
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

}  // namespace

Result<policy::HostPolicyRecord> load_host_policy(Kernel& kernel, const std::string& path,
                                                  const std::string& compiler) {
  const auto file = kernel.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, Links::refused);
  if (!file && file.error().error_number == ENOENT) return policy::default_host_policy();
  if (!file) return with_context("host policy", file.error());
  const auto status = IMMURE_TRY(kernel.status(file->get()));
  if (!S_ISREG(status.st_mode) || status.st_uid != 0 || (status.st_mode & 022) != 0) {
    return invalid("host policy " + path + " must be a file of root's that nobody else can write");
  }
  auto record = compile(kernel, file->get(), compiler);
  if (!record) return with_context("host policy " + path, std::move(record).error());
  return record;
}

}  // namespace immure::launcher
