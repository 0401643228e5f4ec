#include <fcntl.h>
#include <sys/socket.h>

#include "base/io.hpp"
#include "launcher/steps/steps.hpp"
#include "policy/vmm_record.hpp"

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

Result<void> check_host(Launch& launch) {
  launch.landlock_version = IMMURE_TRY(launch.kernel.landlock_version());
  launch.selinux = IMMURE_TRY(launch.kernel.check_selinux(launch.host.selinux));
  return {};
}

Result<void> lease_identity(Launch& launch) {
  auto& [journal, leases, contents] = launch.ledger;
  auto& identity = launch.identity;
  const std::string name(launch.guest.name.view());
  if (IMMURE_TRY(selinux::claim_name(leases, journal, name)) == selinux::Claim::busy) {
    launch.failure = policy::ExitCode::name_in_use;
    return invalid("a guest called " + name + " exists already");
  }
  selinux::RandomNumbers random;
  identity.uid =
      IMMURE_TRY(selinux::claim_uids(leases, journal, random, launch.host.uid_base, launch.host.uid_count));
  if (launch.selinux == Selinux::absent) return {};
  const auto pair = IMMURE_TRY(selinux::claim_categories(leases, journal, random));
  identity.vmm_label = selinux::vmm_context(pair);
  identity.monitor_label = selinux::monitor_context(pair);
  identity.pipe_label = selinux::pipe_context(pair);
  identity.image_label = selinux::image_context(pair);
  return {};
}

Result<void> make_guest_directory(Launch& launch) {
  const auto path = launch.paths.guest(launch.guest.name.view());
  IMMURE_TRY(launch.ledger.note(selinux::EntryKind::directory, path));
  for (const auto* file : {"/state", "/state.new", "/monitor.sock", "/killed", "/killed.new"}) {
    IMMURE_TRY(launch.ledger.note(selinux::EntryKind::file, path + file));
  }
  return launch.kernel.make_directory(path, 0700);
}

Result<void> make_cgroup(Launch& launch) {
  IMMURE_TRY(launch.ledger.note(selinux::EntryKind::cgroup, launch.cgroup.path("")));
  return launch.cgroup.create(launch.kernel, launch.guest);
}

Result<void> open_programs(Launch& launch) {
  auto& kernel = launch.kernel;
  launch.null = IMMURE_TRY(kernel.open("/dev/null", O_RDWR, Links::refused));
  launch.kvm = IMMURE_TRY(kernel.open(launch.paths.kvm, O_RDWR, Links::refused));
  launch.vmm_program = IMMURE_TRY(open_program(kernel, launch.paths.vmm));
  launch.monitor_program = IMMURE_TRY(open_program(kernel, launch.paths.monitor));
  return {};
}

Result<void> make_channels(Launch& launch) {
  auto& kernel = launch.kernel;
  auto& channels = launch.channels;
  const auto& identity = launch.identity;
  const auto labelled = !identity.vmm_label.empty();
  launch.record = IMMURE_TRY(kernel.make_sealed("record", bytes_of(policy::make_vmm_record(launch.guest))));
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

}  // namespace immure::launcher
