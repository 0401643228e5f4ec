#include <time.h>
#include <unistd.h>

#include "base/io.hpp"
#include "base/proc_text.hpp"
#include "launcher/plan.hpp"
#include "policy/guest_state.hpp"

namespace immure::launcher {
Result<void> record_state(Launch& launch) {
  auto& kernel = launch.kernel;
  const auto& labels = launch.labels;
  if (launch.started_at == 0) launch.started_at = static_cast<std::uint64_t>(::time(nullptr));
  auto state = policy::make_guest_state(launch.guest);
  state.phase = policy::GuestPhase::running;
  state.keeper_pid = ::getpid();
  state.vmm_pid = launch.vmm.pid;
  state.monitor_pid = launch.monitor.pid;
  state.vmm_start_ticks = IMMURE_TRY(
      start_ticks_in(IMMURE_TRY(kernel.read_file("/proc/" + std::to_string(launch.vmm.pid) + "/stat"))));
  state.keeper_start_ticks = IMMURE_TRY(start_ticks_in(IMMURE_TRY(kernel.read_file("/proc/self/stat"))));
  state.started_at = launch.started_at;
  state.uid = launch.uid;
  state.landlock_abi = static_cast<std::uint32_t>(launch.landlock_version);
  state.label = IMMURE_TRY(BoundedString<256>::from(labels.vmm, "label"));
  state.image_label = IMMURE_TRY(BoundedString<256>::from(labels.image, "image label"));
  state.cgroup = IMMURE_TRY(BoundedString<256>::from(launch.cgroup.name("vmm"), "cgroup"));
  for (auto& file : std::span(state.files).first(state.file_count)) {
    for (const auto& given : launch.vmm_spec.fds) {
      if (given.target == file.vmm_fd) file.keeper_fd = given.source;
    }
  }
  return kernel.replace_file(launch.paths.guest(launch.guest.name.view()) + "/state", bytes_of(state));
}

}  // namespace immure::launcher
