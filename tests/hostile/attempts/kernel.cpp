#include <array>
#include <csignal>
#include <cstdint>
#include <ctime>

#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <linux/reboot.h>
#include <linux/seccomp.h>
#include <sys/io.h>
#include <sys/klog.h>
#include <sys/quota.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <unistd.h>

#include "tests/hostile/catalogue.hpp"

namespace immure::hostile {
namespace {

// Where the kernel took a request up and refused only the nonsense in it, the attempt got through: ENOEXEC,
// that it is no program; ETXTBSY, that the disk is open for writing.

template <typename... Arguments>
Outcome called(long number, Arguments... arguments) {
  return outcome_of(::syscall(number, arguments...));
}

template <typename... Arguments>
Outcome got_through(int refusal, long number, Arguments... arguments) {
  return outcome_or_refusal(::syscall(number, arguments...), refusal);
}

Outcome load_bpf(bpf_prog_type type) {
  const std::array<bpf_insn, 2> return_0{
      bpf_insn{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .src_reg = 0, .off = 0, .imm = 0},
      bpf_insn{.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0}};
  bpf_attr attributes{};
  attributes.prog_type = type;
  attributes.insn_cnt = return_0.size();
  attributes.insns = reinterpret_cast<std::uintptr_t>(return_0.data());
  attributes.license = reinterpret_cast<std::uintptr_t>("GPL");
  return called(SYS_bpf, BPF_PROG_LOAD, &attributes, sizeof attributes);
}

Outcome make_bpf_map(const Targets&) {
  bpf_attr attributes{};
  attributes.map_type = BPF_MAP_TYPE_ARRAY;
  attributes.key_size = 4;
  attributes.value_size = 4;
  attributes.max_entries = 1;
  return called(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof attributes);
}

Outcome measure(pid_t pid, int cpu) {
  perf_event_attr attributes{};
  attributes.type = PERF_TYPE_SOFTWARE;
  attributes.size = sizeof attributes;
  attributes.config = PERF_COUNT_SW_CPU_CLOCK;
  return called(SYS_perf_event_open, &attributes, pid, cpu, -1, PERF_FLAG_FD_CLOEXEC);
}

Outcome set_clock(const Targets&) {
  timespec now{};
  if (::clock_gettime(CLOCK_REALTIME, &now) != 0) return had_no_effect(errno);
  return outcome_of(::clock_settime(CLOCK_REALTIME, &now));
}

Outcome disturb_clock(const Targets&) {
  timex change{};
  change.modes = ADJ_TICK;
  change.tick = 10'000;  // the usual one: the right to set it is what matters
  return called(SYS_clock_adjtime, CLOCK_REALTIME, &change);
}

constexpr std::array attempts{
    Attempt{"load-module", "load a kernel module from memory", behind::capabilities,
            [](const Targets& t) {
              return got_through(ENOEXEC, SYS_init_module, t.victim_disk.c_str(), 4UL, "");
            }},
    Attempt{"load-module-from-disk", "load a kernel module from its disk", behind::capabilities,
            [](const Targets& t) { return got_through(ETXTBSY, SYS_finit_module, t.disk, "", 0); }},
    Attempt{"unload-module", "unload a kernel module", behind::capabilities,
            [](const Targets&) { return got_through(ENOENT, SYS_delete_module, "immure_none", O_NONBLOCK); }},
    Attempt{"kexec", "put another kernel in the host's place", behind::capabilities,
            [](const Targets&) { return called(SYS_kexec_load, 0UL, 0UL, nullptr, 0UL); }},
    Attempt{"kexec-from-disk", "the same with a kernel from its disk", behind::capabilities,
            [](const Targets& t) {
              return got_through(ETXTBSY, SYS_kexec_file_load, t.disk, -1, 0UL, nullptr, 0x4UL);
            }},
    Attempt{"reboot", "reboot the host", behind::capabilities,
            [](const Targets&) {
              return called(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_RESTART,
                            nullptr);
            },
            Thread::control, Unwalled::left_out},
    Attempt{"reboot-key", "change what the host's reboot key does", behind::capabilities,
            [](const Targets&) {
              return called(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_CAD_OFF,
                            nullptr);
            }},
    Attempt{"bpf-map", "make a BPF map", behind::capabilities, make_bpf_map},
    Attempt{"bpf-socket-filter", "load the BPF program that asks for least", behind::capabilities,
            [](const Targets&) { return load_bpf(BPF_PROG_TYPE_SOCKET_FILTER); }},
    Attempt{"bpf-tracing", "load a BPF program that watches the kernel", behind::capabilities,
            [](const Targets&) { return load_bpf(BPF_PROG_TYPE_TRACEPOINT); }},
    Attempt{"perf-self", "measure itself (perf)", behind::capabilities,
            [](const Targets&) { return measure(0, -1); }},
    Attempt{"perf-host", "measure everything that a CPU of the host does", behind::capabilities,
            [](const Targets&) { return measure(-1, 0); }},
    Attempt{"io-uring", "make an io_uring, which does system calls past seccomp", behind::nothing,
            [](const Targets&) {
              io_uring_params parameters{};
              return called(SYS_io_uring_setup, 8, &parameters);
            }},
    Attempt{"aio", "make a context for asynchronous I/O", behind::nothing,
            [](const Targets&) {
              aio_context_t context = 0;
              return called(SYS_io_setup, 8, &context);
            }},
    Attempt{"kernel-log", "read the kernel's log", behind::capabilities,
            [](const Targets&) {
              std::array<char, 64> text{};
              constexpr int read_all = 3;
              return outcome_of(::klogctl(read_all, text.data(), text.size()));
            }},
    Attempt{"io-ports", "take the right to use I/O ports", behind::capabilities,
            [](const Targets&) { return outcome_of(::iopl(3)); }},
    Attempt{"one-io-port", "take the right to use one I/O port", behind::capabilities,
            [](const Targets&) { return outcome_of(::ioperm(0x80, 1, 1)); }},
    Attempt{"segments", "change its segment descriptors (modify_ldt)", behind::nothing,
            [](const Targets&) {
              std::array<char, 64> table{};
              return called(SYS_modify_ldt, 0, table.data(), table.size());
            }},
    Attempt{"set-clock", "set the host's clock", behind::capabilities, set_clock},
    Attempt{"disturb-clock", "make the host's clock run faster", behind::capabilities, disturb_clock},
    Attempt{"accounting", "switch process accounting off", behind::capabilities,
            [](const Targets&) { return called(SYS_acct, nullptr); }},
    Attempt{"swap-off", "switch the host's swap off", behind::capabilities,
            [](const Targets&) { return got_through(EINVAL, SYS_swapoff, "/etc/passwd"); }},
    Attempt{"swap-on", "make the host swap to a file", behind::capabilities,
            [](const Targets&) { return got_through(EINVAL, SYS_swapon, "/etc/passwd", 0); }},
    Attempt{"quota", "change the quotas of a disk", behind::root,
            [](const Targets&) {
              return got_through(ESRCH, SYS_quotactl, QCMD(Q_QUOTAOFF, USRQUOTA), "/dev/vda", 0, nullptr);
            }},
    Attempt{"hang-up", "hang up the terminal", behind::capabilities,
            [](const Targets&) { return called(SYS_vhangup); }},
    Attempt{"seccomp-listener", "answer its own system calls in the kernel's place (seccomp notify)",
            behind::nothing,
            [](const Targets&) {
              std::array<sock_filter, 1> allow{{BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)}};
              const sock_fprog program{.len = allow.size(), .filter = allow.data()};
              return called(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
            }},
    Attempt{"32-bit-call", "use the 32-bit system calls, which have other numbers", behind::nothing,
            [](const Targets&) {
              long result = 20;  // getpid
              asm volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
              return result > 0 ? had_effect() : had_no_effect(static_cast<int>(-result));
            }},
};

}  // namespace

const std::span<const Attempt> kernel_attempts{attempts};

}  // namespace immure::hostile
