#include "launcher/plan.hpp"

#include "launcher/spawn.hpp"
#include "policy/guest_text.hpp"

namespace immure::launcher {

using policy::ExitCode;

Plan make_plan(const policy::GuestRecord& guest) {
  Plan plan{{"require SELinux to be enforcing with our policy, and to tell categories apart",
             ExitCode::unsafe_host, check_host},
            {"lease the name, two uids and a category pair", ExitCode::failure, lease_identity},
            {"make the guest's directory in /run/immure/guests", ExitCode::failure, make_guest_directory},
            {"claim the guest's share of what may run at a time", ExitCode::not_admitted, claim_share},
            {"open /dev/kvm, the VMM and the monitor, once", ExitCode::unsafe_host, open_programs},
            {"open once and copy into sealed memfds: " + policy::images_of(guest), ExitCode::image_refused,
             copy_images},
            {"open once, check and lock the disks: " + policy::disks_of(guest), ExitCode::image_refused,
             open_disks},
            {"measure all of these, and compare with what is signed: as the host policy asks",
             ExitCode::failure, measure_launch},
            {"label the disks after their old labels are in the journal; read back", ExitCode::image_refused,
             label_disks},
            {"make the guest's cgroup and set its limits; read back", ExitCode::unsafe_host, make_cgroup},
            {"attach the networks: " + policy::nets_of(guest), ExitCode::failure, attach_networks},
            {"bind them to their addresses, unless the host policy lets them: rules of nftables, read back",
             ExitCode::unsafe_host, filter_networks},
            {"join the bridges; give up the capability to change networks", ExitCode::failure, join_networks},
            {"make the VMM's record, the log pipe, the console and control sockets", ExitCode::failure,
             make_channels},
            {"tell the audit log who the guest is and what it gets", ExitCode::failure, audit_guest}};
  const auto start = make_restart_plan(guest);
  plan.insert(plan.end(), start.begin(), start.end());
  // After the read-back and before the guest runs: from here on the monitor reads the VMM's log.
  plan.insert(plan.end() - 3,
              {"start the monitor the same way; read back", ExitCode::confinement_failed, start_monitor});
  return plan;
}

Plan make_restart_plan(const policy::GuestRecord& guest) {
  Plan plan{
      {"start the VMM in its cgroup and in new namespaces; there:", ExitCode::confinement_failed, start_vmm},
      {"wait until every thread of the VMM is behind its own filter", ExitCode::failure, await_ready},
      {"read back from /proc what the VMM really is", ExitCode::confinement_failed, read_back_vmm},
      {"record the guest's state, and in the launch log how it was started", ExitCode::failure, record_start},
      {"tell the audit log that the guest starts", ExitCode::failure, audit_start},
      {"let the guest run", ExitCode::vmm_died, release_guest}};
  if (policy::passt_net_of(guest) != nullptr) {
    plan.insert(plan.begin(), {"start passt in the host's network, as a uid of its own; read back",
                               ExitCode::confinement_failed, start_passt});
  }
  if (policy::vhost_count(guest) != 0)
    plan.insert(plan.begin(), {"open /dev/vhost-net", ExitCode::unsafe_host, open_vhosts});
  return plan;
}

Result<void> execute(const Plan& plan, Launch& launch) {
  launch.times = policy::LaunchTimes::from_now();
  for (const auto& step : plan) {
    launch.failure = step.failure;
    IMMURE_TRY(step.apply(launch));
    launch.times.add(step.description);
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
