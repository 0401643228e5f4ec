#include "launcher/steps/prepare.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include "selinux/contexts.hpp"

namespace immure::launcher {
namespace {

Result<UniqueFd> open_program(Kernel& kernel, const std::string& path) {
  auto fd = IMMURE_TRY(kernel.open(path, O_PATH, Links::refused));
  const auto status = IMMURE_TRY(kernel.status(fd.get()));
  if (!S_ISREG(status.st_mode) || status.st_uid != 0 || (status.st_mode & 022) != 0) {
    return invalid(path + " must be a program of root's that nobody else can write");
  }
  return fd;
}

}  // namespace

Result<void> Preflight::apply(Launch& launch) const {
  launch.landlock_version = IMMURE_TRY(launch.kernel.landlock_version());
  launch.selinux = IMMURE_TRY(launch.kernel.check_selinux(launch.host.selinux));
  return {};
}

std::string Preflight::describe() const {
  return "require SELinux to be enforcing with our policy, and to tell categories apart";
}

Result<void> LeaseIdentity::apply(Launch& launch) const {
  if (auto leased = launch.ledger.lease_name(std::string(launch.guest.name.view())); !leased) {
    if (leased.error().error_number == EEXIST) launch.failure = policy::ExitCode::name_in_use;
    return leased;
  }
  auto& identity = launch.identity;
  identity.uid = IMMURE_TRY(launch.ledger.lease_uid(launch.host));
  if (launch.selinux == Selinux::absent) return {};
  const auto pair = IMMURE_TRY(launch.ledger.lease_categories());
  identity.vmm_label = selinux::vmm_context(pair);
  identity.monitor_label = selinux::monitor_context(pair);
  identity.pipe_label = selinux::pipe_context(pair);
  identity.image_label = selinux::image_context(pair);
  return {};
}

std::string LeaseIdentity::describe() const { return "lease the name, two uids and a category pair"; }

Result<void> MakeGuestDirectory::apply(Launch& launch) const {
  const auto path = launch.paths.guest(launch.guest.name.view());
  IMMURE_TRY(launch.ledger.note(selinux::EntryKind::directory, path));
  for (const auto* file : {"/state", "/state.new", "/monitor.sock"}) {
    IMMURE_TRY(launch.ledger.note(selinux::EntryKind::file, path + file));
  }
  return launch.kernel.make_directory(path, 0700);
}

std::string MakeGuestDirectory::describe() const {
  return "make the guest's directory in /run/immure/guests";
}

Result<void> MakeCgroup::apply(Launch& launch) const {
  IMMURE_TRY(launch.ledger.note(selinux::EntryKind::cgroup, launch.cgroup.path("")));
  return launch.cgroup.create(launch.kernel, launch.guest);
}

std::string MakeCgroup::describe() const {
  return "make the guest's cgroup and set its limits, read back one by one";
}

Result<void> OpenPrograms::apply(Launch& launch) const {
  auto& kernel = launch.kernel;
  launch.null = IMMURE_TRY(kernel.open("/dev/null", O_RDWR, Links::refused));
  launch.kvm = IMMURE_TRY(kernel.open(launch.paths.kvm, O_RDWR, Links::refused));
  launch.vmm_program = IMMURE_TRY(open_program(kernel, launch.paths.vmm));
  launch.monitor_program = IMMURE_TRY(open_program(kernel, launch.paths.monitor));
  return {};
}

std::string OpenPrograms::describe() const { return "open /dev/kvm, the VMM and the monitor, once"; }

Result<void> MakeChannels::apply(Launch& launch) const {
  auto& kernel = launch.kernel;
  auto& channels = launch.channels;
  const auto& identity = launch.identity;
  const auto labelled = !identity.vmm_label.empty();
  channels.log = IMMURE_TRY(kernel.make_pipe());
  if (labelled) {
    IMMURE_TRY(kernel.set_file_context(channels.log.second.get(), identity.pipe_label));
    IMMURE_TRY(kernel.set_socket_context(identity.vmm_label));
  }
  channels.console = IMMURE_TRY(kernel.make_socket_pair(SOCK_STREAM));
  channels.control = IMMURE_TRY(kernel.make_socket_pair(SOCK_SEQPACKET));
  if (labelled) IMMURE_TRY(kernel.set_socket_context(identity.monitor_label));
  channels.listener =
      IMMURE_TRY(kernel.listen_at(launch.paths.guest(launch.guest.name.view()) + "/monitor.sock"));
  if (labelled) IMMURE_TRY(kernel.set_socket_context(""));
  return {};
}

std::string MakeChannels::describe() const {
  return "make the log pipe, the console and control sockets, and the monitor's listener";
}

}  // namespace immure::launcher
