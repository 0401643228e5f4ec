#include "tests/hostile/stand_ins.hpp"

#include <array>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "policy/fd_layout.hpp"

namespace immure::hostile {
namespace {

namespace fds = policy::vmm_fd;

// Above everything that a VMM is born with.
constexpr int first_spare = 64;
constexpr int terminal = 10;

/// Takes a new descriptor to its number.
Result<void> place(int fd, int number) {
  IMMURE_TRY(checked(fd, "make a descriptor"));
  if (fd == number) return {};
  IMMURE_TRY(checked(::dup2(fd, number), "dup2"));
  return checked(::close(fd), "close");
}

Result<void> place_open(const char* path, int number, int how = O_RDWR) {
  const int fd = ::open(path, how | O_NOCTTY);
  IMMURE_TRY(checked(fd, path));
  return place(::fcntl(fd, F_DUPFD, first_spare), number);
}

Result<void> place_memory(int number) {
  const int memory = ::fcntl(::memfd_create("stand-in", 0), F_DUPFD, first_spare);
  IMMURE_TRY(checked(::ftruncate(memory, 4096), "ftruncate"));
  return place(memory, number);
}

}  // namespace

Result<void> make_stand_ins(const char* disk, const char* shared_disk) {
  IMMURE_TRY(checked(::dup2(STDIN_FILENO, fds::console), "dup2"));
  IMMURE_TRY(place_open("/dev/kvm", fds::kvm));
  IMMURE_TRY(place_open(disk, fds::first_disk));
  IMMURE_TRY(place_open(shared_disk, fds::first_disk + 1));
  IMMURE_TRY(place_memory(fds::record));
  IMMURE_TRY(place_memory(fds::kernel));

  // The other ends stay open, or these would be of no use.
  std::array<int, 2> pair{};
  IMMURE_TRY(checked(::socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair.data()), "socketpair"));
  IMMURE_TRY(place(::fcntl(pair[0], F_DUPFD, first_spare), fds::control));
  IMMURE_TRY(checked(::fcntl(pair[1], F_DUPFD, first_spare), "dup"));
  IMMURE_TRY(checked(::pipe(pair.data()), "pipe"));
  IMMURE_TRY(checked(::fcntl(pair[0], F_DUPFD, first_spare), "dup"));
  IMMURE_TRY(place(::fcntl(pair[1], F_DUPFD, first_spare), fds::log));

  const int master = ::posix_openpt(O_RDWR | O_NOCTTY);
  if (master < 0 || ::grantpt(master) != 0 || ::unlockpt(master) != 0) return system_error("make a terminal");
  IMMURE_TRY(checked(::fcntl(master, F_DUPFD, first_spare), "dup"));
  return place_open(::ptsname(master), terminal);
}

Result<void> open_as_qemu(const char* disk, const char* shared_disk) {
  IMMURE_TRY(place_open("/dev/kvm", fds::kvm));
  IMMURE_TRY(place_open(disk, fds::first_disk));
  return place_open(shared_disk, fds::first_disk + 1, O_RDONLY);
}

}  // namespace immure::hostile
