#include <array>

#include <cap-ng.h>
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

#include "launcher/kernel.hpp"
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

/// Says what capng_apply(3) is to set. The library remembers whose capabilities they are: 0 is the caller,
/// also in a child of clone3(2), which it does not notice.
void choose(capng_select_t part, capng_type_t sets, Capabilities kept) {
  ::capng_setpid(0);
  ::capng_clear(part);
  for (unsigned cap = 0; cap < 64; ++cap) {
    if ((std::to_underlying(kept) >> cap & 1) != 0) ::capng_update(CAPNG_ADD, sets, cap);
  }
}

}  // namespace

Result<Selinux> Kernel::check_selinux(policy::SelinuxMode mode) {
  selinux::PolicyOracle oracle;
  if (mode == policy::SelinuxMode::optional && !oracle.is_enabled()) return Selinux::absent;
  IMMURE_TRY(selinux::check_wall(oracle));
  return Selinux::enforcing;
}

Result<void> Kernel::enter_cgroup_namespace() {
  return checked(::unshare(CLONE_NEWCGROUP), "unshare the cgroup namespace");
}

Result<void> Kernel::set_host_name(const std::string& name) {
  return checked(::sethostname(name.c_str(), name.size()), "sethostname");
}

Result<void> Kernel::make_mounts_private() {
  return checked(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "make mounts private");
}

Result<void> Kernel::mount_own_proc() {
  return checked(::mount("proc", "/proc", "proc", locked_down, nullptr), "mount /proc");
}

Result<void> Kernel::mount_empty_root(const std::string& at) {
  return checked(::mount("immure", at.c_str(), "tmpfs", locked_down, "mode=0555,size=4k,nr_inodes=1"),
                 "mount an empty tmpfs at " + at);
}

Result<void> Kernel::pivot_root(const std::string& to) {
  // pivot_root(".", ".") stacks the old root over the new one: pivot_root(2), NOTES.
  IMMURE_TRY(checked(::chdir(to.c_str()), "chdir " + to));
  IMMURE_TRY(checked(::syscall(SYS_pivot_root, ".", "."), "pivot_root"));
  IMMURE_TRY(checked(::umount2(".", MNT_DETACH), "detach the old root"));
  return checked(::chdir("/"), "chdir /");
}

Result<void> Kernel::remount_root_read_only() {
  return checked(::mount(nullptr, "/", nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY | locked_down, nullptr),
                 "remount / read-only");
}

Result<void> Kernel::set_exec_context(const std::string& context) {
  return checked(::setexeccon_raw(context.c_str()), "setexeccon " + context);
}

Result<std::string> Kernel::exec_context() {
  char* context = nullptr;
  IMMURE_TRY(checked(::getexeccon_raw(&context), "getexeccon"));
  std::string text = context != nullptr ? context : "";
  ::freecon(context);
  return text;
}

Result<void> Kernel::set_limit(int resource, std::uint64_t limit) {
  const rlimit both{limit, limit};
  return checked(::setrlimit(static_cast<__rlimit_resource>(resource), &both),
                 "setrlimit " + std::to_string(resource));
}

Result<void> Kernel::join_new_keyring() {
  // A kernel without keyrings has nothing to inherit.
  const auto joined = ::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr);
  return tolerate(ENOSYS, checked(joined, "join a new session keyring"));
}

Result<void> Kernel::lock_secure_bits() {
  constexpr unsigned long bits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP_LOCKED |
                                 SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE |
                                 SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
  return checked(::prctl(PR_SET_SECUREBITS, bits, 0, 0, 0), "lock the secure bits");
}

Result<void> Kernel::bound_capabilities(Capabilities kept) {
  choose(CAPNG_SELECT_BOUNDS, CAPNG_BOUNDING_SET, kept);
  return checked(::capng_apply(CAPNG_SELECT_BOUNDS), "reduce the bounding set");
}

Result<void> Kernel::set_ids(uid_t uid, gid_t gid) {
  IMMURE_TRY(checked(::setgroups(0, nullptr), "setgroups"));
  IMMURE_TRY(checked(::setresgid(gid, gid, gid), "setresgid"));
  return checked(::setresuid(uid, uid, uid), "setresuid");
}

Result<void> Kernel::set_ids_keeping(uid_t uid, Capabilities kept) {
  IMMURE_TRY(checked(::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0), "PR_SET_KEEPCAPS"));
  IMMURE_TRY(set_ids(uid, uid));
  choose(CAPNG_SELECT_CAPS, static_cast<capng_type_t>(CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_INHERITABLE),
         kept);
  IMMURE_TRY(checked(::capng_apply(CAPNG_SELECT_CAPS), "keep capabilities"));
  // Exec as another user than root takes all but the ambient ones.
  for (unsigned long cap = 0; cap < 64; ++cap) {
    if ((std::to_underlying(kept) >> cap & 1) == 0) continue;
    IMMURE_TRY(checked(::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0), "PR_CAP_AMBIENT_RAISE"));
  }
  return {};
}

Result<void> Kernel::set_capabilities(Capabilities kept) {
  choose(CAPNG_SELECT_CAPS, static_cast<capng_type_t>(CAPNG_EFFECTIVE | CAPNG_PERMITTED), kept);
  IMMURE_TRY(checked(::capng_apply(CAPNG_SELECT_CAPS), "set the capabilities"));
  return checked(::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "clear the ambient set");
}

// The system calls themselves, not the library that was to carry them out.
Result<bool> Kernel::has_any_capability() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, 2> sets{};
  IMMURE_TRY(checked(::syscall(SYS_capget, &header, sets.data()), "capget"));
  for (const auto& set : sets) {
    if ((set.effective | set.permitted | set.inheritable) != 0) return true;
  }
  for (unsigned long cap = 0; ::prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; ++cap) {
    if (::prctl(PR_CAPBSET_READ, cap, 0, 0, 0) != 0) return true;
    if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0) > 0) return true;
  }
  return false;
}

Result<void> Kernel::set_no_new_privs() {
  return checked(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "set no_new_privs");
}

Result<void> Kernel::set_undumpable() {
  return checked(::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "PR_SET_DUMPABLE");
}

Result<int> Kernel::landlock_version() {
  const auto version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return version < 0 ? 0 : static_cast<int>(version);
}

Result<void> Kernel::restrict_to_executing(int landlock_version, int program_fd) {
  const auto ruleset = everything(landlock_version);
  const UniqueFd fd(static_cast<int>(::syscall(SYS_landlock_create_ruleset, &ruleset, sizeof(ruleset), 0)));
  if (!fd) return system_error("landlock_create_ruleset");
  // exec opens the program for reading, too: fs/exec.c, do_open_execat().
  landlock_path_beneath_attr rule{.allowed_access = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE,
                                  .parent_fd = program_fd};
  IMMURE_TRY(checked(::syscall(SYS_landlock_add_rule, fd.get(), LANDLOCK_RULE_PATH_BENEATH, &rule, 0),
                     "landlock_add_rule"));
  return checked(::syscall(SYS_landlock_restrict_self, fd.get(), 0), "landlock_restrict_self");
}

Result<void> Kernel::install_filter(std::span<const sock_filter> filter) {
  const sock_fprog program{.len = static_cast<unsigned short>(filter.size()),
                           .filter = const_cast<sock_filter*>(filter.data())};
  return checked(::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program), "seccomp");
}

}  // namespace immure::launcher
