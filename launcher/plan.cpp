#include "launcher/plan.hpp"

#include <iterator>

#include "launcher/spawn.hpp"

namespace immure::launcher {
namespace {

using policy::ExitCode;

std::string images_of(const policy::GuestRecord& guest) {
  return std::string(guest.kernel.view()) +
         (guest.initrd.empty() ? "" : " and " + std::string(guest.initrd.view()));
}

template <typename Records, typename Text>
std::string list_of(const Records& records, std::uint32_t count, Text text) {
  std::string list;
  for (const auto& record : std::span(records).first(count))
    list += (list.empty() ? "" : ", ") + text(record);
  return list.empty() ? "none" : list;
}

std::string disks_of(const policy::GuestRecord& guest) {
  return list_of(guest.disks, guest.disk_count, [](const policy::DiskRecord& disk) {
    const auto* access = disk.access == policy::DiskAccess::read_write ? " (read-write)" : " (read-only)";
    return std::string(disk.path.view()) + access;
  });
}

std::string nets_of(const policy::GuestRecord& guest) {
  return list_of(guest.nets, guest.net_count, [](const policy::NetRecord& net) {
    const auto* kind = net.kind == policy::NetKind::tap ? " (tap " : " (bridge ";
    return std::string(net.id.view()) + kind + std::string(net.host.view()) + ")";
  });
}

}  // namespace

Plan make_plan(const policy::GuestRecord& guest) {
  Plan plan{
      {"require SELinux to be enforcing with our policy, and to tell categories apart", ExitCode::unsafe_host,
       check_host},
      {"lease the name, two uids and a category pair", ExitCode::failure, lease_identity},
      {"make the guest's directory in /run/immure/guests", ExitCode::failure, make_guest_directory},
      {"claim the guest's share of what may run at a time", ExitCode::not_admitted, claim_share},
      {"open once and copy into sealed memfds: " + images_of(guest), ExitCode::image_refused, copy_images},
      {"open once, check and lock the disks: " + disks_of(guest), ExitCode::image_refused, open_disks},
      {"label the disks after their old labels are in the journal; read back", ExitCode::image_refused,
       label_disks},
      {"make the guest's cgroup and set its limits; read back", ExitCode::unsafe_host, make_cgroup},
      {"open /dev/kvm, the VMM and the monitor, once", ExitCode::unsafe_host, open_programs},
      {"attach the networks: " + nets_of(guest), ExitCode::failure, attach_networks},
      {"make the VMM's record, the log pipe, the console and control sockets", ExitCode::failure,
       make_channels},
      {"tell the audit log who the guest is and what it gets", ExitCode::failure, audit_guest}};
  const auto start = make_restart_plan();
  plan.insert(plan.end(), start.begin(), start.end());
  // After the read-back and before the guest runs: from here on the monitor reads the VMM's log.
  plan.insert(std::prev(plan.end(), 3),
              {"start the monitor the same way; read back", ExitCode::confinement_failed, start_monitor});
  return plan;
}

Plan make_restart_plan() {
  return {
      {"start the VMM in its cgroup and in new namespaces; there:", ExitCode::confinement_failed, start_vmm},
      {"wait until every thread of the VMM is behind its own filter", ExitCode::failure, await_ready},
      {"read back from /proc what the VMM really is", ExitCode::confinement_failed, read_back_vmm},
      {"record the guest's state, and in the launch log how it was started", ExitCode::failure, record_start},
      {"tell the audit log that the guest starts", ExitCode::failure, audit_start},
      {"let the guest run", ExitCode::vmm_died, release_guest}};
}

Result<void> execute(const Plan& plan, Launch& launch) {
  for (const auto& step : plan) {
    launch.failure = step.failure;
    IMMURE_TRY(step.apply(launch));
  }
  return {};
}

std::vector<std::string> describe(const Plan& plan, int landlock_version) {
  const SpawnSpec vmm{.name = "immure-vmm",
                      .label = "system_u:system_r:immure_vmm_t:s0:cX,cY",
                      .landlock_version = landlock_version};
  std::vector<std::string> lines;
  for (const auto& step : plan) {
    lines.push_back(step.description);
    if (step.apply != start_vmm) continue;
    for (const auto& inner : make_confinement(vmm)) {
      lines.push_back("  " + std::visit([](const auto& each) { return each.describe(); }, inner));
    }
  }
  return lines;
}

}  // namespace immure::launcher
