#include <utility>

#include <time.h>
#include <unistd.h>

#include "base/io.hpp"
#include "base/proc_text.hpp"
#include "launcher/launch_log.hpp"
#include "launcher/plan.hpp"

namespace immure::launcher {
namespace {

Result<policy::GuestState> state_of(Launch& launch) {
  auto& kernel = launch.kernel;
  if (launch.started_at == 0) launch.started_at = static_cast<std::uint64_t>(::time(nullptr));
  auto state = policy::make_guest_state(launch.guest, launch.measurement);
  state.phase = policy::GuestPhase::running;
  state.keeper_pid = ::getpid();
  state.vmm_pid = launch.vmm.pid;
  state.monitor_pid = launch.monitor.pid;
  state.passt_pid = launch.passt.pid;
  state.vmm_start_ticks = IMMURE_TRY(
      start_ticks_in(IMMURE_TRY(kernel.read_file("/proc/" + std::to_string(launch.vmm.pid) + "/stat"))));
  state.keeper_start_ticks = IMMURE_TRY(start_ticks_in(IMMURE_TRY(kernel.read_file("/proc/self/stat"))));
  state.started_at = launch.started_at;
  state.uid = launch.uid;
  state.tenant = launch.host.tenant.name;
  state.landlock_abi = static_cast<std::uint32_t>(launch.landlock_version);
  state.label = IMMURE_TRY(BoundedString<256>::from(launch.labels.vmm, "label"));
  state.image_label = IMMURE_TRY(BoundedString<256>::from(launch.labels.image, "image label"));
  state.cgroup = IMMURE_TRY(BoundedString<256>::from(launch.cgroup.name("vmm"), "cgroup"));
  for (auto& file : std::span(state.files).first(state.file_count)) {
    for (const auto& given : launch.vmm_spec.fds) {
      if (given.target == file.vmm_fd) file.keeper_fd = given.source;
    }
  }
  return state;
}

}  // namespace

Result<void> record_start(Launch& launch) {
  const auto state = IMMURE_TRY(state_of(launch));
  IMMURE_TRY(
      launch.kernel.replace_file(launch.paths.guest(launch.guest.name.view()) + "/state", bytes_of(state)));
  const auto event =
      launch.log_digest.empty() ? policy::LaunchEvent::started : policy::LaunchEvent::restarted;
  auto entry = policy::make_launch_entry(event, launch.guest);
  entry.state = state;
  entry.measurement = launch.measurement;
  entry.times = launch.times;
  entry.read_back =
      IMMURE_TRY(decltype(entry.read_back)::from(std::exchange(launch.evidence, {}), "what was read back"));
  launch.log_digest = IMMURE_TRY(append_to_launch_log(launch.kernel, launch.paths, entry));
  return {};
}

}  // namespace immure::launcher
