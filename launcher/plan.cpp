#include "launcher/plan.hpp"

#include <type_traits>

#include "launcher/spawn.hpp"

namespace immure::launcher {

Plan make_plan(const policy::GuestRecord& guest) {
  Plan plan{Preflight{}, LeaseIdentity{}, MakeGuestDirectory{}};
  plan.emplace_back(CopyImage{std::string(guest.kernel.view()), policy::FileRole::kernel});
  if (!guest.initrd.empty()) {
    plan.emplace_back(CopyImage{std::string(guest.initrd.view()), policy::FileRole::initrd});
  }
  for (const auto& disk : std::span(guest.disks).first(guest.disk_count)) {
    plan.emplace_back(OpenDisk{std::string(disk.path.view()), disk.access});
  }
  plan.insert(plan.end(),
              {LabelDisks{}, WriteRecord{}, MakeCgroup{}, OpenPrograms{}, MakeChannels{}, StartVmm{},
               AwaitReady{}, ReadBackVmm{}, StartMonitor{}, RecordState{}, ReleaseGuest{}});
  return plan;
}

Plan make_restart_plan() { return {StartVmm{}, AwaitReady{}, ReadBackVmm{}, RecordState{}, ReleaseGuest{}}; }

Result<void> execute(const Plan& plan, Launch& launch) {
  for (const auto& step : plan) {
    IMMURE_TRY(std::visit(
        [&](const auto& each) {
          launch.failure = each.failure;
          return each.apply(launch);
        },
        step));
  }
  return {};
}

std::vector<std::string> describe(const Plan& plan, int landlock_version) {
  const SpawnSpec vmm{.name = "immure-vmm",
                      .label = "system_u:system_r:immure_vmm_t:s0:cX,cY",
                      .landlock_version = landlock_version};
  std::vector<std::string> lines;
  for (const auto& step : plan) {
    lines.push_back(std::visit([](const auto& each) { return each.describe(); }, step));
    if (!std::holds_alternative<StartVmm>(step)) continue;
    for (const auto& inner : describe(make_confinement(vmm))) lines.push_back("  " + inner);
  }
  return lines;
}

}  // namespace immure::launcher
