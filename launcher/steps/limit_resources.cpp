#include "launcher/steps/limit_resources.hpp"

#include <sys/resource.h>

namespace immure::launcher {

Result<void> LimitResources::apply(Kernel& kernel) const {
  IMMURE_TRY(kernel.set_limit(RLIMIT_CORE, 0));  // A core dump would put guest memory into a file.
  IMMURE_TRY(kernel.set_limit(RLIMIT_NOFILE, open_files));
  IMMURE_TRY(kernel.set_limit(RLIMIT_MEMLOCK, locked_bytes));
  IMMURE_TRY(kernel.set_limit(RLIMIT_MSGQUEUE, 0));
  IMMURE_TRY(kernel.set_limit(RLIMIT_RTPRIO, 0));
  return kernel.set_limit(RLIMIT_NICE, 0);
}

std::string LimitResources::describe() const {
  return "limit resources: no core dump, " + std::to_string(open_files) + " open files";
}

}  // namespace immure::launcher
