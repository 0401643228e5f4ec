#include <array>

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <sched.h>
#include <selinux/selinux.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "launcher/real_kernel.hpp"
#include "selinux/preflight.hpp"

namespace immure::launcher {
namespace {

constexpr unsigned long locked_down = MS_NOSUID | MS_NODEV | MS_NOEXEC;

/// landlock(7) of ABI 6; the header of the build machine may be older than the kernel.
struct LandlockRuleset {
  std::uint64_t handled_access_fs = 0;
  std::uint64_t handled_access_net = 0;
  std::uint64_t scoped = 0;
};

/// Everything that a Landlock of this version can forbid.
LandlockRuleset everything(int version) {
  constexpr std::array<int, 6> fs_rights{0, 13, 14, 15, 15, 16};  // How many LANDLOCK_ACCESS_FS_* bits.
  const int known = version < 5 ? version : 5;
  return {.handled_access_fs = (1ULL << fs_rights[static_cast<std::size_t>(known)]) - 1,
          .handled_access_net = version >= 4 ? 3ULL : 0,  // Bind and connect of TCP.
          .scoped = version >= 6 ? 3ULL : 0};             // Abstract sockets and signals.
}

}  // namespace

Result<Selinux> RealKernel::check_selinux(policy::SelinuxMode mode) {
  selinux::KernelPolicyOracle oracle;
  if (mode == policy::SelinuxMode::optional && !oracle.is_enabled()) return Selinux::absent;
  IMMURE_TRY(selinux::check_wall(oracle));
  return Selinux::enforcing;
}

Result<void> RealKernel::enter_cgroup_namespace() {
  if (::unshare(CLONE_NEWCGROUP) != 0) return system_error("unshare the cgroup namespace");
  return {};
}

Result<void> RealKernel::set_host_name(const std::string& name) {
  if (::sethostname(name.c_str(), name.size()) != 0) return system_error("sethostname");
  return {};
}

Result<void> RealKernel::make_mounts_private() {
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    return system_error("make mounts private");
  return {};
}

Result<void> RealKernel::mount_empty_root(const std::string& at) {
  if (::mount("immure", at.c_str(), "tmpfs", locked_down, "mode=0555,size=4k,nr_inodes=1") != 0) {
    return system_error("mount an empty tmpfs at " + at);
  }
  return {};
}

Result<void> RealKernel::pivot_root(const std::string& to) {
  // pivot_root(".", ".") stacks the old root over the new one: pivot_root(2), NOTES.
  if (::chdir(to.c_str()) != 0) return system_error("chdir " + to);
  if (::syscall(SYS_pivot_root, ".", ".") != 0) return system_error("pivot_root");
  if (::umount2(".", MNT_DETACH) != 0) return system_error("detach the old root");
  if (::chdir("/") != 0) return system_error("chdir /");
  return {};
}

Result<void> RealKernel::remount_root_read_only() {
  if (::mount(nullptr, "/", nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY | locked_down, nullptr) != 0) {
    return system_error("remount / read-only");
  }
  return {};
}

Result<void> RealKernel::set_exec_context(const std::string& context) {
  if (::setexeccon_raw(context.c_str()) != 0) return system_error("setexeccon " + context);
  return {};
}

Result<std::string> RealKernel::exec_context() {
  char* context = nullptr;
  if (::getexeccon_raw(&context) != 0) return system_error("getexeccon");
  std::string text = context != nullptr ? context : "";
  ::freecon(context);
  return text;
}

Result<void> RealKernel::set_limit(int resource, std::uint64_t limit) {
  const rlimit both{limit, limit};
  if (::setrlimit(static_cast<__rlimit_resource>(resource), &both) != 0) {
    return system_error("setrlimit " + std::to_string(resource));
  }
  return {};
}

Result<void> RealKernel::join_new_keyring() {
  // A kernel without keyrings has nothing to inherit.
  if (::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr) < 0 && errno != ENOSYS) {
    return system_error("join a new session keyring");
  }
  return {};
}

Result<Capability> RealKernel::last_capability() {
  for (unsigned cap = CAP_LAST_CAP;; ++cap) {
    if (::prctl(PR_CAPBSET_READ, cap + 1, 0, 0, 0) < 0) return Capability{cap};
  }
}

Result<void> RealKernel::lock_secure_bits() {
  constexpr unsigned long bits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP_LOCKED |
                                 SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE |
                                 SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
  if (::prctl(PR_SET_SECUREBITS, bits, 0, 0, 0) != 0) return system_error("lock the secure bits");
  return {};
}

Result<void> RealKernel::drop_bounding(Capability capability) {
  if (::prctl(PR_CAPBSET_DROP, static_cast<unsigned long>(capability), 0, 0, 0) != 0) {
    return system_error("drop from the bounding set");
  }
  return {};
}

Result<void> RealKernel::clear_groups() {
  if (::setgroups(0, nullptr) != 0) return system_error("setgroups");
  return {};
}

Result<void> RealKernel::set_ids(uid_t uid, gid_t gid) {
  if (::setresgid(gid, gid, gid) != 0) return system_error("setresgid");
  if (::setresuid(uid, uid, uid) != 0) return system_error("setresuid");
  return {};
}

Result<void> RealKernel::clear_capabilities() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  const std::array<__user_cap_data_struct, 2> none{};
  if (::syscall(SYS_capset, &header, none.data()) != 0) return system_error("capset");
  if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0)
    return system_error("clear ambient set");
  return {};
}

Result<bool> RealKernel::has_any_capability() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, 2> sets{};
  if (::syscall(SYS_capget, &header, sets.data()) != 0) return system_error("capget");
  for (const auto& set : sets) {
    if ((set.effective | set.permitted | set.inheritable) != 0) return true;
  }
  for (unsigned long cap = 0; ::prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; ++cap) {
    if (::prctl(PR_CAPBSET_READ, cap, 0, 0, 0) != 0) return true;
    if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0) > 0) return true;
  }
  return false;
}

Result<void> RealKernel::set_no_new_privs() {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return system_error("set no_new_privs");
  return {};
}

Result<void> RealKernel::set_undumpable() {
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return system_error("PR_SET_DUMPABLE");
  return {};
}

Result<int> RealKernel::landlock_version() {
  const auto version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return version < 0 ? 0 : static_cast<int>(version);
}

Result<void> RealKernel::restrict_to_executing(int landlock_version, int program_fd) {
  const auto ruleset = everything(landlock_version);
  const UniqueFd fd(static_cast<int>(::syscall(SYS_landlock_create_ruleset, &ruleset, sizeof(ruleset), 0)));
  if (!fd) return system_error("landlock_create_ruleset");
  // exec opens the program for reading, too: fs/exec.c, do_open_execat().
  landlock_path_beneath_attr rule{.allowed_access = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE,
                                  .parent_fd = program_fd};
  if (::syscall(SYS_landlock_add_rule, fd.get(), LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) {
    return system_error("landlock_add_rule");
  }
  if (::syscall(SYS_landlock_restrict_self, fd.get(), 0) != 0) return system_error("landlock_restrict_self");
  return {};
}

Result<void> RealKernel::install_filter(std::span<const sock_filter> filter) {
  const sock_fprog program{.len = static_cast<unsigned short>(filter.size()),
                           .filter = const_cast<sock_filter*>(filter.data())};
  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) return system_error("seccomp");
  return {};
}

}  // namespace immure::launcher
