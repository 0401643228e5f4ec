#include <fcntl.h>
#include <sys/socket.h>

#include "launcher/read_back.hpp"
#include "launcher/spawn.hpp"
#include "launcher/steps/steps.hpp"
#include "policy/fd_layout.hpp"
#include "policy/seccomp/compiled_filters.hpp"

namespace immure::launcher {
namespace {

using policy::seccomp::Profile;

Result<Process> start(Launch& launch, SpawnSpec spec, std::string_view leaf) {
  const auto cgroup =
      IMMURE_TRY(launch.kernel.open(launch.cgroup.path(leaf), O_RDONLY | O_DIRECTORY, Links::refused));
  spec.cgroup_fd = cgroup.get();
  spec.mount_point = launch.paths.runtime;
  spec.landlock_version = launch.landlock_version;
  spec.filter = policy::seccomp::compiled_filter(Profile::launch);
  return spawn(launch.kernel, spec);
}

std::vector<FdMapping> vmm_fds(const Launch& launch, int gate) {
  namespace fd = policy::vmm_fd;
  std::vector<FdMapping> fds{{launch.null.get(), fd::null_in},
                             {launch.null.get(), fd::null_out},
                             {launch.channels.log.second.get(), fd::log},
                             {launch.record.get(), fd::record},
                             {gate, fd::gate},
                             {launch.kvm.get(), fd::kvm},
                             {launch.channels.console.second.get(), fd::console},
                             {launch.channels.control.second.get(), fd::control},
                             {launch.kernel_image.get(), fd::kernel}};
  if (launch.initrd_image) fds.push_back({launch.initrd_image.get(), fd::initrd});
  for (std::size_t i = 0; i < launch.disks.size(); ++i) {
    fds.push_back({launch.disks[i].fd.get(), fd::first_disk + static_cast<int>(i)});
  }
  return fds;
}

std::vector<FdMapping> monitor_fds(const Launch& launch) {
  namespace fd = policy::monitor_fd;
  return {{launch.null.get(), fd::null_in},
          {launch.null.get(), fd::null_out},
          {launch.null.get(), fd::null_err},
          {launch.channels.log.first.get(), fd::log},
          {launch.channels.console.first.get(), fd::console},
          {launch.channels.control.first.get(), fd::control},
          {launch.channels.listener.get(), fd::listener}};
}

}  // namespace

Result<void> start_vmm(Launch& launch) {
  const auto labelled = !launch.identity.vmm_label.empty();
  if (labelled) IMMURE_TRY(launch.kernel.set_socket_context(launch.identity.vmm_label));
  auto gate = IMMURE_TRY(launch.kernel.make_socket_pair(SOCK_SEQPACKET));
  if (labelled) IMMURE_TRY(launch.kernel.set_socket_context(""));
  SpawnSpec spec{.name = "immure-vmm",
                 .program_fd = launch.vmm_program.get(),
                 .label = launch.identity.vmm_label,
                 .uid = launch.identity.uid,
                 .fds = vmm_fds(launch, gate.second.get())};
  launch.vmm_fds = spec.fds;
  launch.vmm = IMMURE_TRY(start(launch, std::move(spec), "vmm"));
  launch.gate.emplace(std::move(gate));
  return {};
}

Result<void> await_ready(Launch& launch) {
  auto ready = launch.gate->await_ready(launch.kernel, launch.vmm, launch.channels.log.first.get());
  if (!ready) {
    if (launch.gate->image_was_refused()) launch.failure = policy::ExitCode::image_refused;
    return std::unexpected(std::move(ready).error());
  }
  launch.vmm_threads = *ready;
  return {};
}

Result<void> read_back_vmm(Launch& launch) {
  return read_back(launch.kernel, launch.vmm.pid,
                   {.name = "the VMM",
                    .uid = launch.identity.uid,
                    .label = launch.identity.vmm_label,
                    .cgroup = launch.cgroup.name("vmm"),
                    .threads = launch.vmm_threads,
                    .filters = 2,  // The launch filter and one for the kind of thread.
                    .fds = launch.vmm_fds});
}

Result<void> start_monitor(Launch& launch) {
  auto fds = monitor_fds(launch);
  launch.monitor = IMMURE_TRY(start(launch,
                                    {.name = "immure-monitor",
                                     .program_fd = launch.monitor_program.get(),
                                     .label = launch.identity.monitor_label,
                                     .uid = launch.identity.uid + 1,
                                     .fds = fds},
                                    "monitor"));
  IMMURE_TRY(read_back(launch.kernel, launch.monitor.pid,
                       {.name = "the monitor",
                        .uid = launch.identity.uid + 1,
                        .label = launch.identity.monitor_label,
                        .cgroup = launch.cgroup.name("monitor"),
                        .fds = std::move(fds)}));
  // From here on they are the monitor's alone: it must see when the VMM's ends close.
  launch.channels.log.first.reset();
  launch.channels.console.first.reset();
  launch.channels.control.first.reset();
  launch.channels.listener.reset();
  return {};
}

Result<void> release_guest(Launch& launch) {
  IMMURE_TRY(launch.gate->open(launch.kernel));
  launch.gate.reset();
  return {};
}

}  // namespace immure::launcher
