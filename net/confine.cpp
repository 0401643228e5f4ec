#include "net/confine.hpp"

#include <array>

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "policy/seccomp/compiled_filters.hpp"
#include "policy/seccomp/install.hpp"

namespace immure::net {
namespace {

using CapabilitySets = std::array<__user_cap_data_struct, 2>;

}  // namespace

Result<void> confine() {
  constexpr rlimit none{0, 0};
  IMMURE_TRY(checked(::setrlimit(RLIMIT_CORE, &none), "forbid core dumps"));
  IMMURE_TRY(checked(::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "PR_SET_DUMPABLE"));
  IMMURE_TRY(checked(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "set no_new_privs"));
#ifndef IMMURE_SANITIZED
  using policy::seccomp::Profile;
  IMMURE_TRY(policy::seccomp::install_filter(policy::seccomp::compiled_filter(Profile::net)));
#endif
  return {};
}

Result<void> drop_capabilities() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  CapabilitySets sets{};
  // The kernel takes out of the ambient set what is no longer in the others: capabilities(7).
  IMMURE_TRY(checked(::syscall(SYS_capset, &header, sets.data()), "drop the capabilities"));
  IMMURE_TRY(checked(::syscall(SYS_capget, &header, sets.data()), "ask for the capabilities"));
  for (const auto& set : sets) {
    if ((set.effective | set.permitted | set.inheritable) != 0)
      return invalid("capabilities survived the drop");
  }
  return {};
}

}  // namespace immure::net
