#include <time.h>
#include <unistd.h>

#include "base/io.hpp"
#include "base/proc_text.hpp"
#include "launcher/steps/steps.hpp"
#include "policy/fd_layout.hpp"

namespace immure::launcher {
namespace {

using policy::FileRole;
using policy::GuestState;

void add_file(GuestState& state, const policy::HostPath& path, FileRole role, policy::DiskAccess access,
              int ours, int theirs) {
  state.files[state.file_count++] = {
      .path = path, .role = role, .access = access, .keeper_fd = ours, .vmm_fd = theirs};
}

void add_files(GuestState& state, const Launch& launch) {
  namespace fd = policy::vmm_fd;
  constexpr auto read_only = policy::DiskAccess::read_only;
  const auto& guest = launch.guest;
  add_file(state, guest.kernel, FileRole::kernel, read_only, launch.kernel_image.get(), fd::kernel);
  if (!guest.initrd.empty()) {
    add_file(state, guest.initrd, FileRole::initrd, read_only, launch.initrd_image.get(), fd::initrd);
  }
  for (std::size_t i = 0; i < launch.disks.size(); ++i) {
    add_file(state, guest.disks[i].path, FileRole::disk, guest.disks[i].access, launch.disks[i].fd.get(),
             fd::first_disk + static_cast<int>(i));
  }
}

}  // namespace

Result<void> record_state(Launch& launch) {
  auto& kernel = launch.kernel;
  const auto& identity = launch.identity;
  if (launch.started_at == 0) launch.started_at = static_cast<std::uint64_t>(::time(nullptr));
  GuestState state;
  state.header = policy::header_of<GuestState>();
  state.name = launch.guest.name;
  state.uuid = launch.guest.uuid;
  state.phase = policy::GuestPhase::running;
  state.keeper_pid = ::getpid();
  state.vmm_pid = launch.vmm.pid;
  state.monitor_pid = launch.monitor.pid;
  state.vmm_start_ticks = IMMURE_TRY(
      start_ticks_in(IMMURE_TRY(kernel.read_file("/proc/" + std::to_string(launch.vmm.pid) + "/stat"))));
  state.keeper_start_ticks = IMMURE_TRY(start_ticks_in(IMMURE_TRY(kernel.read_file("/proc/self/stat"))));
  state.started_at = launch.started_at;
  state.uid = identity.uid;
  state.landlock_abi = static_cast<std::uint32_t>(launch.landlock_version);
  state.label = IMMURE_TRY(BoundedString<256>::from(identity.vmm_label, "label"));
  state.image_label = IMMURE_TRY(BoundedString<256>::from(identity.image_label, "image label"));
  state.cgroup = IMMURE_TRY(BoundedString<256>::from(launch.cgroup.name("vmm"), "cgroup"));
  state.vcpus = launch.guest.vcpus;
  state.memory_bytes = launch.guest.memory_bytes;
  add_files(state, launch);
  return kernel.replace_file(launch.paths.guest(launch.guest.name.view()) + "/state", bytes_of(state));
}

}  // namespace immure::launcher
