#include "policy/seccomp/install.hpp"

#include <sys/syscall.h>
#include <unistd.h>

namespace immure::policy::seccomp {

namespace {

Result<void> install(Filter filter, unsigned flags) {
  IMMURE_TRY(check(filter));
  // The kernel copies the program and does not write to it; sock_fprog has no const.
  const sock_fprog program{.len = static_cast<unsigned short>(filter.size()),
                           .filter = const_cast<sock_filter*>(filter.data())};
  // Never SECCOMP_FILTER_FLAG_SPEC_ALLOW.
  const auto done = ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
  if (done < 0) return system_error("install the seccomp filter");
  // With TSYNC, the thread that could not be given it.
  if (done > 0)
    return invalid("install the seccomp filter: thread " + std::to_string(done) + " has one of its own");
  return {};
}

}  // namespace

Result<void> install_filter(Filter filter) { return install(filter, 0); }

Result<void> install_filter_for_all_threads(Filter filter) {
  return install(filter, SECCOMP_FILTER_FLAG_TSYNC);
}

}  // namespace immure::policy::seccomp
