#include <array>
#include <csignal>

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/hostile/catalogue.hpp"

namespace immure::hostile {
namespace {

Outcome left(int namespaces) { return outcome_of(::unshare(namespaces)); }

Outcome cloned(unsigned long flags) {
  const auto child = ::syscall(SYS_clone, flags | SIGCHLD, nullptr, nullptr, nullptr, nullptr);
  if (child == 0) ::_exit(0);
  return outcome_of(child);
}

Outcome cloned_by_clone3(const Targets&) {
  clone_args arguments{};
  arguments.flags = CLONE_NEWUSER | CLONE_NEWNS;
  arguments.exit_signal = SIGCHLD;
  const auto child = ::syscall(SYS_clone3, &arguments, sizeof arguments);
  if (child == 0) ::_exit(0);
  return outcome_of(child);
}

Outcome enter_namespaces_of(pid_t pid) {
  const auto process = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (process < 0) return outcome_of(process);
  return outcome_of(::setns(process, CLONE_NEWNS | CLONE_NEWNET));
}

Outcome mounted(const char* source, const char* target, const char* type, unsigned long flags) {
  return outcome_of(::mount(source, target, type, flags, nullptr));
}

/// The mount calls that work on descriptors.
Outcome new_mount(const char* type) {
  const int context = ::fsopen(type, FSOPEN_CLOEXEC);
  if (context < 0) return outcome_of(context);
  if (::fsconfig(context, FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) return outcome_of(-1);
  return outcome_of(::fsmount(context, FSMOUNT_CLOEXEC, 0));
}

constexpr std::array attempts{
    Attempt{"new-user-namespace", "become root in a user namespace of its own", behind::nothing,
            [](const Targets&) { return left(CLONE_NEWUSER); }},
    Attempt{"new-mount-namespace", "make a mount namespace", behind::capabilities,
            [](const Targets&) { return left(CLONE_NEWNS); }},
    Attempt{"new-network-namespace", "make a network namespace", behind::capabilities,
            [](const Targets&) { return left(CLONE_NEWNET); }},
    Attempt{"new-pid-namespace", "make a PID namespace", behind::capabilities,
            [](const Targets&) { return left(CLONE_NEWPID); }},
    Attempt{"new-cgroup-namespace", "make a cgroup namespace", behind::capabilities,
            [](const Targets&) { return left(CLONE_NEWCGROUP); }},
    Attempt{"new-time-namespace", "make a time namespace", behind::capabilities,
            [](const Targets&) { return left(CLONE_NEWTIME); }},
    Attempt{"clone-user-namespace", "start a process in a user namespace", behind::nothing,
            [](const Targets&) { return cloned(CLONE_NEWUSER); }},
    Attempt{"clone-network-namespace", "start a process in a network namespace", behind::capabilities,
            [](const Targets&) { return cloned(CLONE_NEWNET); }},
    Attempt{"clone3", "the same with the newer call, whose flags no filter sees", behind::nothing,
            cloned_by_clone3},
    Attempt{"enter-other-vmm", "enter the namespaces of another VMM", behind::pid_namespace,
            [](const Targets& t) { return enter_namespaces_of(t.victim); }},
    Attempt{"enter-host", "enter the namespaces of its keeper, which are the host's", behind::pid_namespace,
            [](const Targets& t) { return enter_namespaces_of(t.keeper); }},
    Attempt{"mount-proc", "mount /proc", behind::capabilities,
            [](const Targets&) { return mounted("proc", "/", "proc", 0); }},
    Attempt{"mount-devices", "mount the host's /dev", behind::capabilities,
            [](const Targets&) { return mounted("dev", "/", "devtmpfs", 0); }},
    Attempt{"mount-cgroups", "mount the host's cgroups", behind::capabilities,
            [](const Targets&) { return mounted("cgroup", "/", "cgroup2", 0); }},
    Attempt{"mount-tmpfs", "mount an empty file system to write to", behind::capabilities,
            [](const Targets&) { return mounted("tmpfs", "/", "tmpfs", 0); }},
    Attempt{"bind-root", "mount its root somewhere else", behind::capabilities,
            [](const Targets&) { return mounted("/", "/", nullptr, MS_BIND); }},
    Attempt{"share-root", "have its mounts appear on the host", behind::capabilities,
            [](const Targets&) { return mounted(nullptr, "/", nullptr, MS_SHARED); }},
    Attempt{"write-root", "make its root writable", behind::capabilities,
            [](const Targets&) { return mounted(nullptr, "/", nullptr, MS_REMOUNT | MS_BIND); }},
    Attempt{"write-root-by-attribute", "the same with the newer call", behind::capabilities,
            [](const Targets&) {
              mount_attr attributes{};
              attributes.attr_clr = MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID;
              return outcome_of(::mount_setattr(AT_FDCWD, "/", 0, &attributes, sizeof attributes));
            }},
    Attempt{"unmount-root", "take its root away, for what may lie under it", behind::capabilities,
            [](const Targets&) {
              // Of a root, this only makes it read-only where it is not in use: fs/namespace.c, do_umount().
              return outcome_of(::umount2("/", MNT_DETACH));
            },
            Thread::control, Unwalled::left_out},
    Attempt{"new-mount", "make a mount without a place for it", behind::capabilities,
            [](const Targets&) { return new_mount("tmpfs"); }},
    Attempt{"clone-mounts", "copy the mount of its root", behind::capabilities,
            [](const Targets&) {
              return outcome_of(::open_tree(AT_FDCWD, "/", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
            }},
    Attempt{"change-root", "change its root, the old way out of one", behind::root,
            [](const Targets&) { return outcome_of(::chroot("/")); }},
    Attempt{"pivot-root", "put another root in the place of its own", behind::capabilities,
            [](const Targets&) { return outcome_of(::syscall(SYS_pivot_root, "/run", "/run")); },
            Thread::control, Unwalled::left_out},
    Attempt{"leave-by-directory", "leave its root through the directory that it started in", behind::root,
            [](const Targets&) { return outcome_of(::chdir("../../../../etc")); }},
    Attempt{"host-name", "change the host's name", behind::capabilities,
            [](const Targets&) { return outcome_of(::sethostname("owned", 5)); }},
};

}  // namespace

const std::span<const Attempt> namespace_attempts{attempts};

}  // namespace immure::hostile
