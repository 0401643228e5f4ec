#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.hpp"
#include "base/sealed_memfd.hpp"
#include "monitor/server.hpp"
#include "policy/fd_layout.hpp"
#include "policy/seccomp/compiled_filters.hpp"
#include "policy/seccomp/install.hpp"

namespace {

using namespace immure;
namespace monitor_fd = policy::monitor_fd;
namespace seccomp = policy::seccomp;

/// The uid that owns the socket beside root: whoever the launcher gave it to (fchown(2) on the socket).
Result<uid_t> owner_of(int listener) {
  struct stat status{};
  if (::fstat(listener, &status) != 0) return system_error("fstat the listener");
  return status.st_uid;
}

Result<void> serve() {
  const auto owner = IMMURE_TRY(owner_of(monitor_fd::listener));
  monitor::VmmLink vmm{UniqueFd{monitor_fd::log}, UniqueFd{monitor_fd::console},
                       UniqueFd{monitor_fd::control}};
  monitor::Server server{std::move(vmm), UniqueFd{monitor_fd::listener}, owner};
  const auto record = IMMURE_TRY(read_sealed_record<policy::VmmRecord>(monitor_fd::record));
  IMMURE_TRY(policy::check(record));
  server.add_varlink({UniqueFd{monitor_fd::varlink}, owner, record});
  // The launcher gives these two only where the guest has a vsock.
  if (::fcntl(monitor_fd::vsock, F_GETFL) >= 0)
    server.add_vsock({UniqueFd{monitor_fd::vsock}, UniqueFd{monitor_fd::vsock_listener}, owner});
  IMMURE_TRY(seccomp::install_filter(seccomp::compiled_filter(seccomp::Profile::monitor)));
  return server.run();
}

}  // namespace

int main() {
  immure::set_log_name("immure-monitor");
  if (const auto served = serve(); !served) {
    immure::log_line(served.error().message);
    return 1;
  }
  return 0;
}
