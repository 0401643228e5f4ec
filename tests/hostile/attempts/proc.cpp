#include <array>

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/hostile/catalogue.hpp"

namespace immure::hostile {
namespace {

Outcome opened(const std::string& path, int flags) {
  return outcome_of(::open(path.c_str(), flags | O_CLOEXEC));
}

std::string of(pid_t pid, const char* file) { return "/proc/" + std::to_string(pid) + "/" + file; }

constexpr std::array attempts{
    Attempt{"other-memory", "open the memory of another VMM", behind::root,
            [](const Targets& t) { return opened(of(t.victim, "mem"), O_RDWR); }},
    Attempt{"other-map", "read where another VMM has what in memory", behind::root,
            [](const Targets& t) { return opened(of(t.victim, "maps"), O_RDONLY); }},
    Attempt{"other-descriptors", "list the descriptors of another VMM", behind::root,
            [](const Targets& t) { return opened(of(t.victim, "fd"), O_RDONLY | O_DIRECTORY); }},
    Attempt{"other-status", "read the state of another VMM", behind::root,
            [](const Targets& t) { return opened(of(t.victim, "status"), O_RDONLY); }},
    Attempt{"other-namespace", "open the network namespace of another VMM", behind::root,
            [](const Targets& t) { return opened(of(t.victim, "ns/net"), O_RDONLY); }},
    Attempt{"keeper-memory", "open the memory of its keeper", behind::root,
            [](const Targets& t) { return opened(of(t.keeper, "mem"), O_RDWR); }},
    Attempt{"keeper-environment", "read the environment of its keeper", behind::root,
            [](const Targets& t) { return opened(of(t.keeper, "environ"), O_RDONLY); }},
    Attempt{"host-root", "reach the host's root through its first process", behind::root,
            [](const Targets&) { return opened("/proc/1/root/etc/passwd", O_RDONLY); }},
    Attempt{"own-memory", "write its own memory past all protections (/proc/self/mem)", behind::root,
            [](const Targets&) { return opened("/proc/self/mem", O_RDWR); }},
    Attempt{
        "own-descriptors", "open one of its own descriptors anew, for more than it was given for",
        behind::root,
        [](const Targets& t) { return opened("/proc/self/fd/" + std::to_string(t.shared_disk), O_RDWR); }},
    Attempt{"own-cgroup", "raise its own memory limit", behind::root,
            [](const Targets& t) { return opened(t.own_cgroup + "/memory.max", O_WRONLY); }},
    Attempt{"own-oom-score", "have others killed first when memory runs out", behind::root,
            [](const Targets&) { return opened("/proc/self/oom_score_adj", O_WRONLY); }},
    Attempt{"core-pattern", "name a program that the kernel starts as root", behind::root,
            [](const Targets&) { return opened("/proc/sys/kernel/core_pattern", O_WRONLY); }},
    Attempt{"sysrq", "open the trigger that can reboot the host", behind::root,
            [](const Targets&) { return opened("/proc/sysrq-trigger", O_WRONLY); }},
    Attempt{"kernel-symbols", "read the kernel's addresses", behind::root,
            [](const Targets&) { return opened("/proc/kallsyms", O_RDONLY); }},
    Attempt{"kernel-memory", "read the kernel's memory, /proc/kcore", behind::root,
            [](const Targets&) { return opened("/proc/kcore", O_RDONLY); }},
    Attempt{"kernel-debug", "open KVM's counters of all guests in debugfs", behind::root,
            [](const Targets&) { return opened("/sys/kernel/debug/kvm", O_RDONLY | O_DIRECTORY); }},
    Attempt{"selinux-off", "open the switch that makes SELinux permissive", behind::root,
            [](const Targets&) { return opened("/sys/fs/selinux/enforce", O_RDWR); }},
    Attempt{"pci-config", "open the configuration of a device of the host", behind::root,
            [](const Targets&) { return opened("/sys/bus/pci/devices/0000:00:00.0/config", O_RDWR); }},
};

}  // namespace

const std::span<const Attempt> proc_attempts{attempts};

}  // namespace immure::hostile
