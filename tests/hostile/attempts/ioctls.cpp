#include <array>
#include <cstdint>

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/hostile/catalogue.hpp"

namespace immure::hostile {
namespace {

constexpr int highest_descriptor = 63;

/// On every descriptor that it has, until one takes it.
template <typename Argument>
Outcome on_any(unsigned long request, Argument argument) {
  auto outcome = had_no_effect(EBADF);
  for (int fd = 0; fd <= highest_descriptor && outcome.effect == Outcome::Effect::none; ++fd) {
    if (const auto here = outcome_of(::ioctl(fd, request, argument)); here.error_number != EBADF)
      outcome = here;
  }
  return outcome;
}

template <typename Argument>
Outcome asked(int fd, unsigned long request, Argument argument) {
  return outcome_of(::ioctl(fd, request, argument));
}

Outcome make_device(const Targets& t) {
  kvm_create_device device{};
  device.type = KVM_DEV_TYPE_VFIO;
  return asked(t.vm, KVM_CREATE_DEVICE, &device);
}

Outcome filter_registers(const Targets& t) {
  kvm_msr_filter filter{};
  return asked(t.vm, KVM_X86_SET_MSR_FILTER, &filter);
}

constexpr std::array attempts{
    Attempt{"type-into-terminal", "type a command into the terminal of whoever started it (TIOCSTI)",
            behind::descriptors, [](const Targets&) { return on_any(TIOCSTI, "\n"); }},
    Attempt{"line-discipline", "give a terminal another line discipline, which loads a module",
            behind::descriptors,
            [](const Targets&) {
              const int plain = 0;
              return on_any(TIOCSETD, &plain);
            }},
    Attempt{"console-paste", "take the text that is selected on the host's console (TIOCLINUX)",
            behind::descriptors,
            [](const Targets&) {
              char paste = 3;
              return on_any(TIOCLINUX, &paste);
            },
            Thread::control, Unwalled::left_out},
    Attempt{"signal-on-input", "have signals sent when its console has input (FIOASYNC)", behind::nothing,
            [](const Targets& t) {
              const int on = 1;
              return asked(t.console, FIOASYNC, &on);
            }},
    Attempt{"freeze-file-system", "freeze the host's file system that its disk is on", behind::capabilities,
            [](const Targets& t) { return asked(t.disk, FIFREEZE, 0); }, Thread::io, Unwalled::left_out},
    Attempt{"shut-file-system-down", "shut that file system down", behind::capabilities,
            [](const Targets& t) {
              constexpr auto shutdown = _IOR('X', 125, std::uint32_t);  // EXT4_IOC_SHUTDOWN
              std::uint32_t flags = 0;
              return asked(t.disk, shutdown, &flags);
            },
            Thread::io, Unwalled::left_out},
    Attempt{"disk-layout", "ask where on the host's disk its own disk lies (FIEMAP)", behind::nothing,
            [](const Targets& t) {
              // struct fiemap (linux/fiemap.h) of the first 4 KiB, without room for extents.
              std::array<std::uint64_t, 4> map{0, 4096, 0, 0};
              constexpr auto get_map = _IOWR('f', 11, decltype(map));  // FS_IOC_FIEMAP
              return asked(t.disk, get_map, map.data());
            },
            Thread::io},
    Attempt{"disk-block", "the same block by block (FIBMAP)", behind::capabilities,
            [](const Targets& t) {
              int block = 0;
              return asked(t.disk, FIBMAP, &block);
            },
            Thread::io},
    Attempt{"disk-project", "count its disk on somebody else's quota", behind::capabilities,
            [](const Targets& t) {
              fsxattr attributes{};
              attributes.fsx_xflags = FS_XFLAG_NOATIME;
              return asked(t.disk, FS_IOC_FSSETXATTR, &attributes);
            },
            Thread::io},
    Attempt{"second-machine", "make a second virtual machine", behind::nothing,
            [](const Targets& t) { return asked(t.kvm, KVM_CREATE_VM, 0); }, Thread::vcpu},
    Attempt{"kvm-attributes", "ask /dev/kvm what the VMM never asks: its attributes", behind::nothing,
            [](const Targets& t) {
              std::uint64_t features = 0;
              kvm_device_attr attribute{};
              attribute.addr = reinterpret_cast<std::uintptr_t>(&features);
              return asked(t.kvm, KVM_GET_DEVICE_ATTR, &attribute);
            },
            Thread::vcpu},
    Attempt{"kvm-device", "have KVM make a device (VFIO)", behind::nothing, make_device, Thread::vcpu},
    Attempt{"kvm-statistics", "read KVM's statistics", behind::nothing,
            [](const Targets& t) { return asked(t.vm, KVM_GET_STATS_FD, 0); }, Thread::vcpu},
    Attempt{"kvm-registers", "let the guest have every model-specific register", behind::nothing,
            filter_registers, Thread::vcpu},
};

}  // namespace

const std::span<const Attempt> ioctl_attempts{attempts};

}  // namespace immure::hostile
