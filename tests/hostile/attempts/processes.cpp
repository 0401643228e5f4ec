#include <array>
#include <csignal>

#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/hostile/catalogue.hpp"

namespace immure::hostile {
namespace {

constexpr std::array attempts{
    Attempt{"kill-other-vmm", "kill another guest's VMM", behind::pid_namespace,
            [](const Targets& t) { return outcome_of(::kill(t.victim, SIGKILL)); }, Thread::control,
            Unwalled::harmful},
    Attempt{"tgkill-other-vmm", "signal another guest's VMM with the one signal call that it may make",
            behind::pid_namespace,
            [](const Targets& t) { return outcome_of(::syscall(SYS_tgkill, t.victim, t.victim, SIGKILL)); },
            Thread::control, Unwalled::harmful},
    Attempt{"ptrace-keeper", "trace its keeper", behind::pid_namespace,
            [](const Targets& t) { return outcome_of(::ptrace(PTRACE_ATTACH, t.keeper, nullptr, nullptr)); },
            Thread::control, Unwalled::harmful},
};

}  // namespace

const std::span<const Attempt> process_attempts{attempts};

}  // namespace immure::hostile
