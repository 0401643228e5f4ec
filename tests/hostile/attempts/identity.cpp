#include <array>
#include <cstdint>

#include <linux/capability.h>
#include <linux/prctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "tests/hostile/catalogue.hpp"

namespace immure::hostile {
namespace {

// The calls themselves, as the C library's ask all threads to make them.

template <typename... Arguments>
Outcome called(long number, Arguments... arguments) {
  return outcome_of(::syscall(number, arguments...));
}

Outcome take_all_capabilities(const Targets&) {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, 2> all{};
  constexpr std::uint32_t high = 0x1ff;  // up to CAP_CHECKPOINT_RESTORE
  all[0] = {.effective = 0xffffffff, .permitted = 0xffffffff, .inheritable = 0};
  all[1] = {.effective = high, .permitted = high, .inheritable = 0};
  return called(SYS_capset, &header, all.data());
}

Outcome raise_limit(int resource) {
  const rlimit none{.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
  return outcome_of(::setrlimit(static_cast<__rlimit_resource>(resource), &none));
}

// include/uapi/linux/lsm.h of Linux 6.8, which has the calls that need no /proc.
constexpr long lsm_set_self_attr = 460;
constexpr std::uint32_t attribute_current = 100, attribute_exec = 101, attribute_socket_create = 105;

Outcome take_label(std::uint32_t attribute, const std::string& label) {
  struct {
    std::uint64_t id = 101;  // LSM_ID_SELINUX
    std::uint64_t flags = 0, length = 0, label_length = 0;
    std::array<char, 64> label{};
  } context;
  label.copy(context.label.data(), context.label.size() - 1);
  context.label_length = label.size() + 1;
  context.length = sizeof context;
  return called(lsm_set_self_attr, attribute, &context, sizeof context, 0);
}

Outcome label_file(const std::string& path, const std::string& label) {
  return outcome_of(::setxattr(path.c_str(), "security.selinux", label.c_str(), label.size() + 1, 0));
}

Outcome label_own(int fd, const std::string& label) {
  return outcome_of(::fsetxattr(fd, "security.selinux", label.c_str(), label.size() + 1, 0));
}

Outcome give_disk_capabilities(const Targets& t) {
  const vfs_cap_data data{
      .magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE,
      .data = {{.permitted = 0xffffffff, .inheritable = 0}, {.permitted = 0, .inheritable = 0}}};
  return outcome_of(::fsetxattr(t.disk, "security.capability", &data, sizeof data, 0));
}

constexpr std::array attempts{
    Attempt{"become-root", "become root", behind::capabilities,
            [](const Targets&) { return called(SYS_setuid, 0); }},
    Attempt{"become-root-by-io", "the same, from the thread that serves disks and networks",
            behind::capabilities, [](const Targets&) { return called(SYS_setuid, 0); }, Thread::io},
    Attempt{"become-next-guest", "take the uid of the next guest", behind::capabilities,
            [](const Targets&) {
              const auto next = ::syscall(SYS_getuid) + 2;
              return called(SYS_setresuid, next, next, next);
            }},
    Attempt{"root-group", "take root's group", behind::capabilities,
            [](const Targets&) { return called(SYS_setresgid, 0, 0, 0); }},
    Attempt{"disk-group", "take the group that may read all disks", behind::capabilities,
            [](const Targets&) {
              const gid_t disk = 6;
              return called(SYS_setgroups, 1, &disk);
            }},
    Attempt{"capabilities", "take all capabilities", behind::capabilities, take_all_capabilities},
    Attempt{"secure-bits", "unlock the secure bits", behind::capabilities,
            [](const Targets&) { return outcome_of(::prctl(PR_SET_SECUREBITS, 0)); }},
    Attempt{"process-image", "change what the kernel says its program is (PR_SET_MM)", behind::capabilities,
            [](const Targets&) {
              const char here = 0;
              return outcome_of(::prctl(PR_SET_MM, PR_SET_MM_START_STACK, &here, 0, 0));
            }},
    Attempt{"dumpable", "let others of its uid look into its memory", behind::nothing,
            [](const Targets&) { return outcome_of(::prctl(PR_SET_DUMPABLE, 1)); }},
    Attempt{"core-dump", "have its memory, the guest's too, written to a file when it ends", behind::rlimits,
            [](const Targets&) { return raise_limit(RLIMIT_CORE); }},
    Attempt{"label-launcher", "take the launcher's label", behind::capabilities,
            [](const Targets& t) { return take_label(attribute_current, t.launcher_label); }},
    Attempt{"label-at-exec", "take the launcher's label at its next exec", behind::capabilities,
            [](const Targets& t) { return take_label(attribute_exec, t.launcher_label); }},
    Attempt{"label-of-sockets", "take the launcher's label for its next sockets", behind::capabilities,
            [](const Targets& t) { return take_label(attribute_socket_create, t.launcher_label); }},
    Attempt{"label-other-disk", "give another guest's disk a label that every guest may use", behind::root,
            [](const Targets& t) { return label_file(t.victim_disk, t.image_label); }},
    Attempt{"label-own-disk", "give its own disk such a label", behind::capabilities,
            [](const Targets& t) { return label_own(t.disk, t.image_label); }, Thread::io},
    Attempt{"label-record", "give its record such a label", behind::capabilities,
            [](const Targets& t) { return label_own(t.record, t.image_label); }},
    Attempt{"disk-with-capabilities", "make a file of its disk that gives capabilities when run",
            behind::capabilities, give_disk_capabilities, Thread::io},
    Attempt{"set-uid-disk", "make its disk a set-uid program", behind::not_owner,
            [](const Targets& t) { return outcome_of(::fchmod(t.disk, 04755)); }, Thread::io},
    Attempt{"own-disk-owner", "make itself the owner of its disk", behind::capabilities,
            [](const Targets& t) { return outcome_of(::fchown(t.disk, 0, 0)); }, Thread::io},
};

}  // namespace

const std::span<const Attempt> identity_attempts{attempts};

}  // namespace immure::hostile
