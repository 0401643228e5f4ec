#include <array>
#include <cstddef>
#include <cstdint>

#include <fcntl.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "tests/hostile/catalogue.hpp"

namespace immure::hostile {
namespace {

Outcome opened(const std::string& path, int flags) {
  return outcome_of(::open(path.c_str(), flags | O_CLOEXEC));
}

/// Of making a file that was not there; where it was made, it goes again.
Outcome made(long result, const char* path) {
  const auto outcome = outcome_of(result);
  if (outcome.effect == Outcome::Effect::had && ::remove(path) != 0) return had_no_effect(errno);
  return outcome;
}

/// By its number, without a path: the trick that left containers for the host (CVE-2014-3519). Any descriptor
/// on that file system will do, such as that of our own disk.
Outcome open_root_of_disks_file_system(const Targets& t) {
  alignas(file_handle) std::array<std::byte, sizeof(file_handle) + 8> bytes{};
  auto* const handle = reinterpret_cast<file_handle*>(bytes.data());
  handle->handle_bytes = 8;
  handle->handle_type = 1;  // FILEID_INO32_GEN, include/linux/exportfs.h: inode and generation
  handle->f_handle[0] = 2;  // of every root; generation 0 stands for any
  return outcome_of(::open_by_handle_at(t.disk, handle, O_RDONLY | O_CLOEXEC));
}

Outcome watch_other_disk(const Targets& t) {
  const int watcher = ::inotify_init1(IN_CLOEXEC);
  if (watcher < 0) return outcome_of(watcher);
  return outcome_of(::inotify_add_watch(watcher, t.victim_disk.c_str(), IN_ALL_EVENTS));
}

Outcome move_other_socket(const Targets& t) {
  const auto away = t.victim_socket + ".away";
  const auto outcome = outcome_of(::rename(t.victim_socket.c_str(), away.c_str()));
  if (outcome.effect == Outcome::Effect::had)
    return outcome_of(::rename(away.c_str(), t.victim_socket.c_str()));
  return outcome;
}

constexpr std::array attempts{
    Attempt{"read-other-disk", "open another guest's disk to read it", behind::root,
            [](const Targets& t) { return opened(t.victim_disk, O_RDONLY); }},
    Attempt{"write-other-disk", "open another guest's disk to write it", behind::root,
            [](const Targets& t) { return opened(t.victim_disk, O_RDWR); }},
    Attempt{"own-disk-anew", "open its own disk again, by its path on the host", behind::root,
            [](const Targets& t) { return opened(t.own_disk, O_RDWR); }},
    Attempt{"stat-other-disk", "ask for size and times of another guest's disk", behind::root,
            [](const Targets& t) {
              struct stat status{};
              return outcome_of(::stat(t.victim_disk.c_str(), &status));
            }},
    Attempt{"truncate-other-disk", "cut another guest's disk off", behind::root,
            [](const Targets& t) { return outcome_of(::truncate(t.victim_disk.c_str(), 4 << 20)); }},
    Attempt{"chmod-other-disk", "change the mode of another guest's disk", behind::root,
            [](const Targets& t) { return outcome_of(::chmod(t.victim_disk.c_str(), 0700)); }},
    Attempt{"chown-other-disk", "change the owner of another guest's disk", behind::root,
            [](const Targets& t) { return outcome_of(::chown(t.victim_disk.c_str(), 0, 0)); }},
    Attempt{"touch-other-disk", "change the times of another guest's disk", behind::root,
            [](const Targets& t) {
              return outcome_of(::utimensat(AT_FDCWD, t.victim_disk.c_str(), nullptr, 0));
            }},
    Attempt{"link-other-disk", "make a second name for another guest's disk", behind::root,
            [](const Targets& t) {
              const auto path = t.images + "/loot";
              return made(::link(t.victim_disk.c_str(), path.c_str()), path.c_str());
            }},
    Attempt{"watch-other-disk", "watch another guest's disk with inotify", behind::root, watch_other_disk},
    Attempt{"watch-file-system", "watch everything that is opened, with fanotify", behind::capabilities,
            [](const Targets&) { return outcome_of(::fanotify_init(FAN_CLASS_CONTENT, O_RDONLY)); }},
    Attempt{"move-other-socket", "move the socket of another guest's monitor away", behind::root,
            move_other_socket},
    Attempt{"host-disk", "open the disk that the host runs from", behind::root,
            [](const Targets&) { return opened("/dev/vda", O_RDWR); }},
    Attempt{"host-memory", "open the host's memory, /dev/mem", behind::root,
            [](const Targets&) { return opened("/dev/mem", O_RDWR); }},
    Attempt{"host-kernel-log", "write to the kernel's log, /dev/kmsg", behind::root,
            [](const Targets&) { return opened("/dev/kmsg", O_WRONLY); }},
    Attempt{"host-taps", "open /dev/net/tun to attach to somebody's tap", behind::root,
            [](const Targets&) { return opened("/dev/net/tun", O_RDWR); }},
    Attempt{"host-passwords", "read the host's password hashes", behind::root,
            [](const Targets&) { return opened("/etc/shadow", O_RDONLY); }},
    Attempt{"host-command", "open the command that root runs, to change it", behind::root,
            [](const Targets& t) { return opened(t.command, O_RDWR); }},
    Attempt{"host-guests", "list the guests of this host", behind::root,
            [](const Targets& t) { return opened(t.guests, O_RDONLY | O_DIRECTORY); }},
    Attempt{"host-journals", "list the journals of launches", behind::root,
            [](const Targets& t) { return opened(t.journals, O_RDONLY | O_DIRECTORY); }},
    Attempt{"own-root", "open its root directory, to see what is there", behind::landlock,
            [](const Targets&) { return opened("/", O_RDONLY | O_DIRECTORY); }},
    Attempt{
        "create-file", "make a file in its root", behind::root,
        [](const Targets&) { return made(::open("/loot", O_WRONLY | O_CREAT | O_CLOEXEC, 0600), "/loot"); }},
    Attempt{"create-unit", "make a service of the host", behind::root,
            [](const Targets&) {
              constexpr auto* path = "/etc/systemd/system/loot.service";
              return made(::open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600), path);
            }},
    Attempt{"create-directory", "make a directory in its root", behind::root,
            [](const Targets&) { return made(::mkdir("/loot", 0700), "/loot"); }},
    Attempt{"create-link", "make a symbolic link in its root", behind::root,
            [](const Targets&) { return made(::symlink("/proc/1/root", "/loot"), "/loot"); }},
    Attempt{"create-device", "make a device node for the host's disk", behind::root,
            [](const Targets&) { return made(::mknod("/loot", S_IFBLK | 0600, makedev(254, 0)), "/loot"); }},
    Attempt{"open-by-handle", "open the root of its disk's file system by inode number", behind::capabilities,
            open_root_of_disks_file_system},
    Attempt{"sync", "make the host write all its file systems out", behind::nothing,
            [](const Targets&) { return outcome_of(::syscall(SYS_sync)); }},
};

}  // namespace

const std::span<const Attempt> file_attempts{attempts};

}  // namespace immure::hostile
