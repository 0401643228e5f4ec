#include <fcntl.h>
#include <sys/socket.h>

#include "base/proc_text.hpp"
#include "launcher/gate.hpp"
#include "launcher/plan.hpp"
#include "launcher/read_back.hpp"
#include "policy/fd_layout.hpp"
#include "policy/passt_arguments.hpp"
#include "policy/seccomp/compiled_filters.hpp"

namespace immure::launcher {
namespace {

using policy::seccomp::Profile;

constexpr std::uint64_t passt_open_files = 8192;  // A few for each connection of the guest.

Result<Process> start(Launch& launch, SpawnSpec spec, std::string_view leaf) {
  const auto cgroup =
      IMMURE_TRY(launch.kernel.open(launch.cgroup.path(leaf), O_RDONLY | O_DIRECTORY, Links::refused));
  spec.cgroup_fd = cgroup.get();
  spec.mount_point = launch.paths.runtime;
  const auto in_nothing = spec.surroundings == Surroundings::nothing;
  // Under Landlock passt could mount nothing, and its empty root is worth more.
  spec.landlock_version = in_nothing ? launch.landlock_version : 0;
  spec.filter = policy::seccomp::compiled_filter(in_nothing ? Profile::launch : Profile::passt);
  return spawn(launch.kernel, spec);
}

/// Compares what runs with what it was started as.
Result<std::string> read_back_program(Launch& launch, const Process& process, const SpawnSpec& spec,
                                      std::string_view leaf, std::uint32_t threads, unsigned filters,
                                      std::vector<policy::VcpuPlace> vcpus = {}, std::uint32_t workers = 0) {
  return read_back(launch.kernel, process.pid,
                   {.name = spec.name,
                    .uid = spec.uid,
                    .label = spec.label,
                    .cgroup = launch.cgroup.name(leaf),
                    .threads = threads,
                    .workers = workers,
                    .filters = filters,
                    .core_scheduling = spec.core_scheduling,
                    .surroundings = spec.surroundings,
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
                             {launch.kernel_image.fd.get(), fd::kernel}};
  if (launch.initrd_image.fd) fds.push_back({launch.initrd_image.fd.get(), fd::initrd});
  if (launch.channels.vsock.second) fds.push_back({launch.channels.vsock.second.get(), fd::vsock});
  for (std::size_t i = 0; i < launch.disks.size(); ++i) {
    fds.push_back({launch.disks[i].get(), fd::first_disk + static_cast<int>(i)});
  }
  for (std::size_t i = 0; i < launch.nets.size(); ++i) {
    fds.push_back({launch.nets[i].get(), fd::first_net + static_cast<int>(i)});
  }
  for (std::size_t i = 0; i < launch.vhosts.size(); ++i) {
    if (launch.vhosts[i]) fds.push_back({launch.vhosts[i].get(), fd::first_vhost + static_cast<int>(i)});
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

/// passt does not say when it has confined itself; its own filter is the last thing that it puts on.
Result<void> await_passt(Launch& launch) {
  constexpr int polls = 3000;
  constexpr int poll_milliseconds = 20;
  const auto status = "/proc/" + std::to_string(launch.passt.pid) + "/status";
  pollfd ended{.fd = launch.passt.pidfd.get(), .events = POLLIN, .revents = 0};
  for (int i = 0; i < polls; ++i) {
    const auto filters = field_of(IMMURE_TRY(launch.kernel.read_file(status)), "Seccomp_filters:");
    if (filters && *filters != "0" && *filters != "1") return {};
    if (IMMURE_TRY(launch.kernel.poll(std::span(&ended, 1), poll_milliseconds)) == 0) continue;
    launch.failure = policy::ExitCode::failure;
    return invalid("passt ended before the guest ran" +
                   last_words(launch.kernel, launch.channels.log.first.get()));
  }
  return invalid("passt did not confine itself in time");
}

/// What the VMM may keep from being swapped: guest memory where that is asked for.
std::uint64_t locked_bytes_of(const policy::GuestRecord& guest) {
  return LimitResources{}.locked_bytes + (guest.lock == policy::Switch::on ? guest.memory_bytes : 0);
}

/// A pair that the VMM may use, whoever else has the other end.
Result<FdPair> make_vmm_sockets(Launch& launch, int type) {
  const auto labelled = !launch.labels.vmm.empty();
  if (labelled) IMMURE_TRY(launch.kernel.set_socket_context(launch.labels.vmm));
  auto pair = IMMURE_TRY(launch.kernel.make_socket_pair(type));
  if (labelled) IMMURE_TRY(launch.kernel.set_socket_context(""));
  return pair;
}

}  // namespace

Result<void> start_passt(Launch& launch) {
  if (launch.passt.pidfd) {
    IMMURE_TRY(launch.kernel.kill(launch.passt));
    static_cast<void>(IMMURE_TRY(launch.kernel.wait(launch.passt)));
  }
  auto frames = IMMURE_TRY(make_vmm_sockets(launch, SOCK_STREAM));
  const auto& net = *policy::passt_net_of(launch.guest);
  namespace fd = policy::passt_fd;
  const SpawnSpec spec{.name = "passt",
                       .program_fd = launch.passt_program.get(),
                       .label = launch.labels.passt,
                       .uid = launch.passt_uid,
                       .core_scheduling = launch.host.core_scheduling,
                       .open_files = passt_open_files,
                       .surroundings = Surroundings::host_network,
                       .arguments = policy::passt_arguments(net),
                       .fds = {{launch.null.get(), fd::null_in},
                               {launch.null.get(), fd::null_out},
                               {launch.channels.log.second.get(), fd::log},
                               {frames.second.get(), fd::frames}}};
  launch.passt = IMMURE_TRY(start(launch, spec, "passt"));
  IMMURE_TRY(await_passt(launch));
  constexpr unsigned filters = 2;  // Ours and its own.
  (void)IMMURE_TRY(read_back_program(launch, launch.passt, spec, "passt", 1, filters));
  launch.nets.at(static_cast<std::size_t>(&net - launch.guest.nets.data())) = std::move(frames.first);
  return {};
}

Result<void> start_vmm(Launch& launch) {
  launch.gate = IMMURE_TRY(make_vmm_sockets(launch, SOCK_SEQPACKET));
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
                                   policy::places_of(launch.guest), policy::vhost_count(launch.guest)));
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
  // The VMM's alone, so that vhost-net and passt end with it.
  launch.vhosts.clear();
  const auto* const net = policy::passt_net_of(launch.guest);
  if (net != nullptr) launch.nets.at(static_cast<std::size_t>(net - launch.guest.nets.data())).reset();
  return {};
}

}  // namespace immure::launcher
