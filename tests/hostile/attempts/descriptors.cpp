#include <array>
#include <cstring>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "policy/fd_layout.hpp"
#include "tests/hostile/catalogue.hpp"

namespace immure::hostile {
namespace {

constexpr std::size_t page = 4096;

Outcome written(int fd) { return outcome_of(::write(fd, "owned", 5)); }

Outcome written_at(int fd) {
  char text[] = "owned";
  const iovec bytes{.iov_base = text, .iov_len = 5};
  return outcome_of(::pwritev(fd, &bytes, 1, 0));
}

Outcome mapped_writable(int fd) {
  void* const memory = ::mmap(nullptr, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  return memory == MAP_FAILED ? outcome_of(-1) : had_effect();
}

Outcome made_writable(int fd) {
  void* const memory = ::mmap(nullptr, page, PROT_READ, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) return outcome_of(-1);
  return outcome_of(::mprotect(memory, page, PROT_READ | PROT_WRITE));
}

Outcome punch(int fd) {
  return outcome_of(::fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, page));
}

/// A descriptor beside a byte. What the receiver has afterwards is for the host to see.
Outcome pass_descriptor(int socket, int fd) {
  char byte = '\n';
  iovec data{.iov_base = &byte, .iov_len = 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof fd);
  std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  return seen_from_outside(::sendmsg(socket, &message, MSG_NOSIGNAL));
}

Outcome unlock_disk(const Targets& t) {
  flock lock{};
  lock.l_type = F_UNLCK;
  return outcome_of(::fcntl(t.disk, F_OFD_SETLK, &lock));
}

constexpr std::array attempts{
    Attempt{"write-record", "change the record that says what it is", behind::seals,
            [](const Targets& t) { return written(t.record); }, Thread::io},
    Attempt{"write-record-at", "the same with the call that writes disks", behind::seals,
            [](const Targets& t) { return written_at(t.record); }, Thread::io},
    Attempt{"punch-record", "the same with the call that frees space of disks", behind::seals,
            [](const Targets& t) { return punch(t.record); }, Thread::io},
    Attempt{"cut-record", "cut its record off", behind::seals,
            [](const Targets& t) { return outcome_of(::ftruncate(t.record, 0)); }},
    Attempt{"map-record", "map its record for writing", behind::seals,
            [](const Targets& t) { return mapped_writable(t.record); }},
    Attempt{"make-record-writable", "map its record for reading, then ask for more", behind::seals,
            [](const Targets& t) { return made_writable(t.record); }},
    Attempt{"write-kernel", "change the kernel that it was given to boot", behind::seals,
            [](const Targets& t) { return written_at(t.kernel_image); }, Thread::io},
    Attempt{"map-kernel", "map that kernel for writing", behind::seals,
            [](const Targets& t) { return mapped_writable(t.kernel_image); }},
    Attempt{"write-shared-disk", "write a disk that it was given to read, as others were", behind::read_only,
            [](const Targets& t) { return written_at(t.shared_disk); }, Thread::io},
    Attempt{"punch-shared-disk", "empty that disk", behind::read_only,
            [](const Targets& t) { return punch(t.shared_disk); }, Thread::io},
    Attempt{"map-shared-disk", "map that disk for writing", behind::read_only,
            [](const Targets& t) { return mapped_writable(t.shared_disk); }},
    Attempt{"unlock-disk", "give up the lock of its disk, so that a second guest can start on it",
            behind::nothing, unlock_disk, Thread::io},
    Attempt{"pass-disk-to-monitor", "pass its disk to its monitor", behind::monitor,
            [](const Targets& t) { return pass_descriptor(t.control, t.disk); }, Thread::control,
            Unwalled::left_out},
    Attempt{"pass-kvm-to-monitor", "pass /dev/kvm to its monitor by the console", behind::monitor,
            [](const Targets& t) { return pass_descriptor(t.console, t.kvm); }, Thread::control,
            Unwalled::left_out},
};

}  // namespace

const std::span<const Attempt> descriptor_attempts{attempts};

}  // namespace immure::hostile
