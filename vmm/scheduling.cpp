#include "vmm/scheduling.hpp"

#include <sched.h>
#include <sys/resource.h>

namespace immure::vmm {
namespace {

Result<void> go_to(std::uint32_t cpu) {
  static_assert(policy::max_host_cpus <= CPU_SETSIZE);
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  return checked(::sched_setaffinity(0, sizeof(set), &set), "go to CPU " + std::to_string(cpu));
}

/// The launcher's hard limit allows it; the soft one was reset at exec.
Result<void> take_priority(std::uint32_t priority) {
  const rlimit limit{.rlim_cur = priority, .rlim_max = priority};
  IMMURE_TRY(checked(::setrlimit(RLIMIT_RTPRIO, &limit), "raise the limit of real-time priority"));
  const sched_param parameters{.sched_priority = static_cast<int>(priority)};
  return checked(::sched_setscheduler(0, SCHED_FIFO, &parameters), "take a real-time priority");
}

}  // namespace

Result<void> take_place(const policy::VmmRecord& record, std::uint32_t vcpu) {
  if (const auto pinned = record.pinned_cpus.at(vcpu); pinned != 0) IMMURE_TRY(go_to(pinned - 1U));
  if (record.realtime_priority != 0) IMMURE_TRY(take_priority(record.realtime_priority));
  return {};
}

}  // namespace immure::vmm
