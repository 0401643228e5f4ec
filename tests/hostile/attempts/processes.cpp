#include <array>
#include <csignal>

#include <fcntl.h>
#include <linux/ioprio.h>
#include <linux/kcmp.h>
#include <sched.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "policy/fd_layout.hpp"
#include "tests/hostile/catalogue.hpp"

namespace immure::hostile {
namespace {

// What is sent is a signal that is ignored where nobody waits for it: that it may be sent is what matters.
constexpr int harmless_signal = SIGWINCH;

Outcome traced(pid_t pid) { return outcome_of(::ptrace(PTRACE_SEIZE, pid, nullptr, nullptr)); }

Outcome queued(long call, pid_t pid) {
  siginfo_t info{};
  info.si_code = SI_QUEUE;
  if (call == SYS_rt_tgsigqueueinfo) return outcome_of(::syscall(call, pid, pid, harmless_signal, &info));
  return outcome_of(::syscall(call, pid, harmless_signal, &info));
}

Outcome take_other_disk(const Targets& t) {
  const auto process = static_cast<int>(::syscall(SYS_pidfd_open, t.victim, 0));
  if (process < 0) return outcome_of(process);
  return outcome_of(::syscall(SYS_pidfd_getfd, process, policy::vmm_fd::null_in, 0));
}

Outcome reach_memory(const Targets& t, long call) {
  std::array<char, 4> bytes{};
  const iovec here{.iov_base = bytes.data(), .iov_len = bytes.size()};
  const iovec there{.iov_base = reinterpret_cast<void*>(t.victim_address), .iov_len = bytes.size()};
  return outcome_of(::syscall(call, t.victim, &here, 1, &there, 1, 0));
}

Outcome limit_files_of_other(const Targets& t) {
  const rlimit limit{.rlim_cur = 1024, .rlim_max = 1024};
  return outcome_of(::prlimit(t.victim, RLIMIT_NOFILE, &limit, nullptr));
}

Outcome schedule(pid_t pid, int policy, int priority) {
  const sched_param param{.sched_priority = priority};
  return outcome_of(::sched_setscheduler(pid, policy, &param));
}

Outcome pin(pid_t pid) {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(0, &cpus);
  return outcome_of(::sched_setaffinity(pid, sizeof cpus, &cpus));
}

constexpr std::array attempts{
    Attempt{"signal-other-vmm", "send another guest's VMM a signal", behind::pid_namespace,
            [](const Targets& t) { return outcome_of(::kill(t.victim, harmless_signal)); }},
    Attempt{"signal-other-monitor", "send another guest's monitor a signal", behind::pid_namespace,
            [](const Targets& t) { return outcome_of(::kill(t.victim_monitor, harmless_signal)); }},
    Attempt{"signal-keeper", "send its keeper a signal", behind::pid_namespace,
            [](const Targets& t) { return outcome_of(::kill(t.keeper, harmless_signal)); }},
    Attempt{"signal-all", "kill every process there is", behind::pid_namespace,
            [](const Targets&) {
              // The kernel does not say that nobody could be signalled where somebody was there:
              // kernel/signal.c, kill_something_info().
              return seen_from_outside(::kill(-1, SIGKILL));
            },
            Thread::control, Unwalled::left_out},
    Attempt{"tgkill-other-vmm", "signal another guest's VMM with the one signal call that it may make",
            behind::pid_namespace,
            [](const Targets& t) {
              return outcome_of(::syscall(SYS_tgkill, t.victim, t.victim, harmless_signal));
            }},
    Attempt{"tgkill-by-vcpu", "the same, from the thread that runs the guest", behind::pid_namespace,
            [](const Targets& t) {
              return outcome_of(::syscall(SYS_tgkill, t.victim, t.victim, harmless_signal));
            },
            Thread::vcpu},
    Attempt{"tgkill-keeper", "signal its keeper in this way", behind::pid_namespace,
            [](const Targets& t) {
              return outcome_of(::syscall(SYS_tgkill, t.keeper, t.keeper, harmless_signal));
            }},
    Attempt{"tkill-other-vmm", "signal a thread of another guest's VMM", behind::pid_namespace,
            [](const Targets& t) { return outcome_of(::syscall(SYS_tkill, t.victim, harmless_signal)); }},
    Attempt{"queue-signal", "queue a signal with data for another guest's VMM", behind::pid_namespace,
            [](const Targets& t) { return queued(SYS_rt_sigqueueinfo, t.victim); }},
    Attempt{"queue-thread-signal", "the same for one of its threads", behind::pid_namespace,
            [](const Targets& t) { return queued(SYS_rt_tgsigqueueinfo, t.victim); }},
    Attempt{"signal-by-descriptor", "let the kernel signal another VMM when our console has input (F_SETOWN)",
            behind::pid_namespace,
            [](const Targets& t) { return outcome_of(::fcntl(t.console, F_SETOWN, t.victim)); }},
    Attempt{"open-other-vmm", "take a descriptor of another guest's VMM (pidfd)", behind::pid_namespace,
            [](const Targets& t) { return outcome_of(::syscall(SYS_pidfd_open, t.victim, 0)); }},
    Attempt{"take-descriptor", "copy a descriptor out of another guest's VMM", behind::pid_namespace,
            take_other_disk},
    Attempt{"read-other-memory", "read memory of another guest's VMM", behind::pid_namespace,
            [](const Targets& t) { return reach_memory(t, SYS_process_vm_readv); }},
    Attempt{"write-other-memory", "write memory of another guest's VMM", behind::pid_namespace,
            [](const Targets& t) { return reach_memory(t, SYS_process_vm_writev); }},
    Attempt{"trace-other-vmm", "trace another guest's VMM", behind::pid_namespace,
            [](const Targets& t) { return traced(t.victim); }},
    Attempt{"trace-keeper", "trace its keeper", behind::pid_namespace,
            [](const Targets& t) { return traced(t.keeper); }},
    Attempt{"trace-other-monitor", "trace another guest's monitor", behind::pid_namespace,
            [](const Targets& t) { return traced(t.victim_monitor); }},
    Attempt{
        "compare-other-vmm", "ask whether another VMM shares memory with us (kcmp)", behind::pid_namespace,
        [](const Targets& t) { return outcome_of(::syscall(SYS_kcmp, t.victim, t.keeper, KCMP_VM, 0, 0)); }},
    Attempt{"robust-list", "ask where another VMM keeps its locks", behind::pid_namespace,
            [](const Targets& t) {
              void* head = nullptr;
              std::size_t size = 0;
              return outcome_of(::syscall(SYS_get_robust_list, t.victim, &head, &size));
            }},
    Attempt{"move-pages", "move memory of another VMM between NUMA nodes", behind::pid_namespace,
            [](const Targets& t) {
              const unsigned long nodes = 1;
              return outcome_of(::syscall(SYS_migrate_pages, t.victim, 2, &nodes, &nodes));
            }},
    Attempt{"limit-other-vmm", "change the resource limits of another VMM", behind::pid_namespace,
            limit_files_of_other},
    Attempt{"pin-other-vmm", "confine another VMM to one CPU", behind::pid_namespace,
            [](const Targets& t) { return pin(t.victim); }},
    Attempt{"slow-other-vmm", "lower the priority of another VMM", behind::pid_namespace,
            [](const Targets& t) {
              return outcome_of(::setpriority(PRIO_PROCESS, static_cast<id_t>(t.victim), 19));
            }},
    Attempt{"idle-other-vmm", "let another VMM run only when nobody else does", behind::pid_namespace,
            [](const Targets& t) { return schedule(t.victim, SCHED_IDLE, 0); }},
    Attempt{"slow-other-disk", "lower the priority of another VMM's disk accesses", behind::pid_namespace,
            [](const Targets& t) {
              return outcome_of(::syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, t.victim,
                                          IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0)));
            }},
    Attempt{"real-time", "run before everybody else on the host (SCHED_FIFO)", behind::rlimits,
            [](const Targets&) { return schedule(0, SCHED_FIFO, 99); }},
    Attempt{"raise-priority", "raise its own priority", behind::rlimits,
            [](const Targets&) { return outcome_of(::setpriority(PRIO_PROCESS, 0, -20)); }},
};

}  // namespace

const std::span<const Attempt> process_attempts{attempts};

}  // namespace immure::hostile
