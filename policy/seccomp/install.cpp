#include "policy/seccomp/install.hpp"

#include <sys/syscall.h>
#include <unistd.h>

namespace immure::policy::seccomp {

Result<void> install_filter(Filter filter) {
  IMMURE_TRY(check(filter));
  // The kernel copies the program and does not write to it; sock_fprog has no const.
  const sock_fprog program{.len = static_cast<unsigned short>(filter.size()),
                           .filter = const_cast<sock_filter*>(filter.data())};
  // No flags: in particular no SECCOMP_FILTER_FLAG_TSYNC, which would give every thread this filter, and no
  // SECCOMP_FILTER_FLAG_SPEC_ALLOW.
  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0U, &program) != 0) {
    return system_error("install the seccomp filter");
  }
  return {};
}

}  // namespace immure::policy::seccomp
