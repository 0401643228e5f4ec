#include <cstring>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>

#include "base/io.hpp"
#include "launcher/errand.hpp"
#include "launcher/plan.hpp"
#include "policy/guest_claim.hpp"
#include "policy/vmm_record.hpp"

namespace immure::launcher {
namespace {

/// The whole block device beneath a file, as "8:0": what io.max takes, which knows no partitions.
Result<std::string> device_beneath(Kernel& kernel, int fd) {
  const auto status = IMMURE_TRY(kernel.status(fd));
  const auto device = S_ISBLK(status.st_mode) ? status.st_rdev : status.st_dev;
  auto number = std::to_string(major(device)) + ":" + std::to_string(minor(device));
  const auto entry = "/sys/dev/block/" + number;
  const auto partition = kernel.read_file(entry + "/partition");
  if (!partition && partition.error().error_number == ENOENT) return number;
  if (!partition) return std::unexpected(partition.error());
  const auto disk = IMMURE_TRY(kernel.read_file(entry + "/../dev"));
  return disk.substr(0, disk.find('\n'));
}

}  // namespace

Result<void> check_host(Launch& launch) {
  launch.landlock_version = IMMURE_TRY(launch.kernel.landlock_version());
  launch.selinux = IMMURE_TRY(launch.kernel.check_selinux(launch.host.selinux));
  return {};
}

Result<void> lease_identity(Launch& launch) {
  auto& [journal, leases, contents] = launch.ledger;
  const std::string name(launch.guest.name.view());
  if (IMMURE_TRY(selinux::claim(leases, journal, selinux::LeaseKind::name, name)) == selinux::Claim::busy) {
    launch.failure = policy::ExitCode::name_in_use;
    return invalid("a guest called " + name + " exists already");
  }
  selinux::RandomNumbers random;
  launch.uid =
      IMMURE_TRY(selinux::claim_uids(leases, journal, random, launch.host.uid_base, launch.host.uid_count));
  // In the host's network it has an identity that nothing else of the guest has.
  if (policy::passt_net_of(launch.guest) != nullptr) {
    launch.passt_uid =
        IMMURE_TRY(selinux::claim_uids(leases, journal, random, launch.host.uid_base, launch.host.uid_count));
  }
  if (launch.selinux == Selinux::absent) return {};
  launch.labels = selinux::labels_of(IMMURE_TRY(selinux::claim_categories(leases, journal, random)));
  return {};
}

Result<void> make_guest_directory(Launch& launch) {
  const auto path = launch.paths.guest(launch.guest.name.view());
  IMMURE_TRY(launch.ledger.note(selinux::EntryKind::directory, path));
  for (const auto* file : {"/claim", "/claim.new", "/state", "/state.new", "/monitor.sock", "/varlink.sock",
                           "/vsock.sock", "/killed", "/killed.new"}) {
    IMMURE_TRY(launch.ledger.note(selinux::EntryKind::file, path + file));
  }
  return launch.kernel.make_directory(path, 0700);
}

Result<void> claim_share(Launch& launch) {
  auto& kernel = launch.kernel;
  const auto& paths = launch.paths;
  const auto ours = policy::make_claim(launch.guest, launch.host);
  IMMURE_TRY(kernel.replace_file(paths.guest(launch.guest.name.view()) + "/claim", bytes_of(ours)));
  const auto names = IMMURE_TRY(kernel.list_directory(paths.guests));
  policy::Share tenants;
  for (const auto& name : ours.tenant.empty() ? std::vector<std::string>() : names) {
    // Without a claim it has come later than we, and will find ours; or it is just going.
    policy::GuestClaim claim;
    const auto text = kernel.read_file(paths.guest(name) + "/claim");
    if (!text && text.error().error_number != ENOENT) return std::unexpected(text.error());
    if (!text || text->size() != sizeof(claim)) continue;
    std::memcpy(&claim, text->data(), sizeof(claim));
    if (claim.tenant == ours.tenant) add(tenants, claim);
  }
  return policy::require(policy::evaluate_share(names.size(), tenants, launch.host));
}

Result<void> make_cgroup(Launch& launch) {
  IMMURE_TRY(launch.ledger.note(selinux::EntryKind::cgroup, launch.cgroup.path("")));
  std::vector<std::string> devices;
  if (policy::has_device_limits(launch.guest)) {
    for (const auto& disk : launch.disks)
      devices.push_back(IMMURE_TRY(device_beneath(launch.kernel, disk.get())));
  }
  const auto limits = IMMURE_TRY(policy::device_limits(launch.guest, devices));
  return launch.cgroup.create(launch.kernel, launch.guest, launch.host, limits);
}

Result<void> open_programs(Launch& launch) {
  auto& kernel = launch.kernel;
  launch.null = IMMURE_TRY(kernel.open("/dev/null", O_RDWR, Links::refused));
  launch.kvm = IMMURE_TRY(kernel.open(launch.paths.kvm, O_RDWR, Links::refused));
  launch.vmm_program = IMMURE_TRY(open_of_root(kernel, launch.paths.vmm, O_RDONLY));
  launch.monitor_program = IMMURE_TRY(open_of_root(kernel, launch.paths.monitor, O_PATH));
  if (policy::passt_net_of(launch.guest) == nullptr) return {};
  // passt would execute that one by itself, but for its filter.
  auto program = __builtin_cpu_supports("avx2") ? open_of_root(kernel, launch.paths.passt + ".avx2", O_PATH)
                                                : invalid("this CPU has no AVX2");
  if (!program) program = open_of_root(kernel, launch.paths.passt, O_PATH);
  if (!program && program.error().error_number == ENOENT)
    return invalid("a network goes through passt, and there is no " + launch.paths.passt +
                   ": install the package passt");
  launch.passt_program = IMMURE_TRY(std::move(program));
  return {};
}

Result<void> make_channels(Launch& launch) {
  auto& kernel = launch.kernel;
  auto& channels = launch.channels;
  const auto& labels = launch.labels;
  const auto labelled = !labels.vmm.empty();
  launch.record = IMMURE_TRY(kernel.make_sealed("record", bytes_of(policy::make_vmm_record(launch.guest))));
  channels.log = IMMURE_TRY(kernel.make_pipe());
  if (labelled) {
    IMMURE_TRY(kernel.set_file_context(channels.log.second.get(), labels.pipe));
    IMMURE_TRY(kernel.set_socket_context(labels.vmm));
  }
  channels.console = IMMURE_TRY(kernel.make_socket_pair(SOCK_STREAM));
  channels.control = IMMURE_TRY(kernel.make_socket_pair(SOCK_SEQPACKET));
  const auto has_vsock = launch.guest.vsock_cid != 0;
  if (has_vsock) channels.vsock = IMMURE_TRY(kernel.make_socket_pair(SOCK_SEQPACKET));
  if (labelled) IMMURE_TRY(kernel.set_socket_context(labels.monitor));
  const auto directory = launch.paths.guest(launch.guest.name.view());
  channels.listener = IMMURE_TRY(kernel.listen_at(directory + "/monitor.sock", SOCK_SEQPACKET));
  channels.varlink = IMMURE_TRY(kernel.listen_at(directory + "/varlink.sock", SOCK_STREAM));
  if (has_vsock)
    channels.vsock_listener = IMMURE_TRY(kernel.listen_at(directory + "/vsock.sock", SOCK_STREAM));
  if (labelled) IMMURE_TRY(kernel.set_socket_context(""));
  return {};
}

}  // namespace immure::launcher
