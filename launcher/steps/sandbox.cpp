#include "launcher/steps/sandbox.hpp"

namespace immure::launcher {

Result<void> Sandbox::apply(Kernel& kernel) const {
  if (filter.empty()) return invalid("there is no seccomp filter");
  IMMURE_TRY(kernel.set_undumpable());
  IMMURE_TRY(kernel.set_no_new_privs());
  if (landlock_version > 0) IMMURE_TRY(kernel.restrict_to_executing(landlock_version, program_fd));
  return kernel.install_filter(filter);
}

std::string Sandbox::describe() const {
  const auto landlock = landlock_version > 0
                            ? "Landlock ABI " + std::to_string(landlock_version) + " that allows nothing else"
                            : std::string("no Landlock, as the kernel has none");
  return "no_new_privs, " + landlock + ", the launch seccomp filter";
}

}  // namespace immure::launcher
