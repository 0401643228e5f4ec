#include "cli/policy/host_policy.hpp"

#include <fcntl.h>

#include "base/unique_fd.hpp"
#include "cli/doctor/host_file.hpp"
#include "policy/guest_state.hpp"
#include "policy/spec/compile.hpp"

namespace immure::cli {

Expected<policy::HostPolicyFile> read_host_policy() {
  const UniqueFd fd(::open(policy::host_policy_path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd && errno == ENOENT) return policy::default_host_policy_file();
  if (!fd) return system_error(std::string("open ") + policy::host_policy_path);
  const auto problem = what_lets_others_change(policy::host_policy_path);
  if (!problem.empty()) return fail(ExitCode::bad_specification, problem);
  return policy::compile_host_policy(fd.get(), policy::host_policy_path);
}

}  // namespace immure::cli
