#include <fcntl.h>
#include <sys/socket.h>

#include "launcher/gate.hpp"
#include "launcher/plan.hpp"
#include "launcher/read_back.hpp"
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

/// Compares what runs with what it was started as.
Result<std::string> read_back_program(Launch& launch, const Process& process, const SpawnSpec& spec,
                                      std::string_view leaf, std::uint32_t threads, unsigned filters,
                                      std::vector<policy::VcpuPlace> vcpus = {}) {
  return read_back(launch.kernel, process.pid,
                   {.name = spec.name,
                    .uid = spec.uid,
                    .label = spec.label,
                    .cgroup = launch.cgroup.name(leaf),
                    .threads = threads,
                    .filters = filters,
                    .core_scheduling = spec.core_scheduling,
                    .vcpus = std::move(vcpus),
                    .fds = spec.fds});
}

std::vector<FdMapping> vmm_fds(const Launch& launch) {
  namespace fd = policy::vmm_fd;
  std::vector<FdMapping> fds{{launch.null.get(), fd::null_in},
                             {launch.null.get(), fd::null_out},
                             {launch.channels.log.second.get(), fd::log},
                             {launch.record.get(), fd::record},
                             {launch.gate.second.get(), fd::gate},
                             {launch.kvm.get(), fd::kvm},
                             {launch.channels.console.second.get(), fd::console},
                             {launch.channels.control.second.get(), fd::control},
                             {launch.kernel_image.get(), fd::kernel}};
  if (launch.initrd_image) fds.push_back({launch.initrd_image.get(), fd::initrd});
  if (launch.channels.vsock.second) fds.push_back({launch.channels.vsock.second.get(), fd::vsock});
  for (std::size_t i = 0; i < launch.disks.size(); ++i) {
    fds.push_back({launch.disks[i].get(), fd::first_disk + static_cast<int>(i)});
  }
  for (std::size_t i = 0; i < launch.nets.size(); ++i) {
    fds.push_back({launch.nets[i].get(), fd::first_net + static_cast<int>(i)});
  }
  return fds;
}

std::vector<FdMapping> monitor_fds(const Launch& launch) {
  namespace fd = policy::monitor_fd;
  std::vector<FdMapping> fds{{launch.null.get(), fd::null_in},
                             {launch.null.get(), fd::null_out},
                             {launch.null.get(), fd::null_err},
                             {launch.channels.log.first.get(), fd::log},
                             {launch.channels.console.first.get(), fd::console},
                             {launch.channels.control.first.get(), fd::control},
                             {launch.channels.listener.get(), fd::listener},
                             {launch.channels.varlink.get(), fd::varlink},
                             {launch.record.get(), fd::record}};
  if (!launch.channels.vsock_listener) return fds;
  fds.push_back({launch.channels.vsock.first.get(), fd::vsock});
  fds.push_back({launch.channels.vsock_listener.get(), fd::vsock_listener});
  return fds;
}

/// What the VMM may keep from being swapped: guest memory where that is asked for.
std::uint64_t locked_bytes_of(const policy::GuestRecord& guest) {
  return LimitResources{}.locked_bytes + (guest.lock == policy::Switch::on ? guest.memory_bytes : 0);
}

}  // namespace

Result<void> start_vmm(Launch& launch) {
  const auto labelled = !launch.labels.vmm.empty();
  if (labelled) IMMURE_TRY(launch.kernel.set_socket_context(launch.labels.vmm));
  launch.gate = IMMURE_TRY(launch.kernel.make_socket_pair(SOCK_SEQPACKET));
  if (labelled) IMMURE_TRY(launch.kernel.set_socket_context(""));
  launch.vmm_spec = {.name = "immure-vmm",
                     .program_fd = launch.vmm_program.get(),
                     .label = launch.labels.vmm,
                     .uid = launch.uid,
                     .file_bytes = static_cast<std::uint64_t>(launch.longest_disk),
                     .realtime_priority = launch.guest.resources.realtime_priority,
                     .core_scheduling = launch.host.core_scheduling,
                     .locked_bytes = locked_bytes_of(launch.guest),
                     .fds = vmm_fds(launch)};
  launch.vmm = IMMURE_TRY(start(launch, launch.vmm_spec, "vmm"));
  return {};
}

Result<void> await_ready(Launch& launch) {
  launch.vmm_threads = IMMURE_TRY(await_vmm(launch.kernel, launch.gate.first.get(), launch.vmm,
                                            launch.channels.log.first.get(), launch.failure));
  return {};
}

Result<void> read_back_vmm(Launch& launch) {
  constexpr unsigned filters = 2;  // The launch filter and one for the kind of thread.
  launch.evidence =
      IMMURE_TRY(read_back_program(launch, launch.vmm, launch.vmm_spec, "vmm", launch.vmm_threads, filters,
                                   policy::places_of(launch.guest)));
  return {};
}

Result<void> start_monitor(Launch& launch) {
  const SpawnSpec spec{.name = "immure-monitor",
                       .program_fd = launch.monitor_program.get(),
                       .label = launch.labels.monitor,
                       .uid = launch.uid + 1,
                       .fds = monitor_fds(launch)};
  launch.monitor = IMMURE_TRY(start(launch, spec, "monitor"));
  (void)IMMURE_TRY(read_back_program(launch, launch.monitor, spec, "monitor", 1, 1));
  // From here on they are the monitor's alone: it must see when the VMM's ends close.
  launch.channels.log.first.reset();
  launch.channels.console.first.reset();
  launch.channels.control.first.reset();
  launch.channels.listener.reset();
  launch.channels.varlink.reset();
  launch.channels.vsock.first.reset();
  launch.channels.vsock_listener.reset();
  return {};
}

Result<void> release_guest(Launch& launch) {
  IMMURE_TRY(open_gate(launch.kernel, launch.gate.first.get()));
  launch.gate = {};
  return {};
}

}  // namespace immure::launcher
