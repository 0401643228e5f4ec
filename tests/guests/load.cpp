// For the guests' init: keeps a disk or a network busy, and prints how many nanoseconds that took.
//   load random|sequential DEVICE BLOCK DEPTH COUNT    COUNT reads of BLOCK bytes past the page cache, DEPTH
//   of them at once load net ADDRESS PORT TO-HOST FROM-HOST            says "FROM-HOST\n", reads as many
//   bytes, then sends TO-HOST, then waits for the end
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

namespace {

std::uint64_t number(const char* text) { return std::strtoull(text, nullptr, 10); }

std::uint64_t nanoseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
}

/// The reads' places: one after the other, or all over the disk, the same ones in each guest.
class Places {
 public:
  Places(bool is_random, std::uint64_t blocks) : is_random_(is_random), blocks_(blocks) {}
  std::uint64_t next() {
    state_ = is_random_ ? state_ * 6364136223846793005U + 1442695040888963407U : state_ + 1;
    return (is_random_ ? state_ >> 33 : state_) % blocks_;
  }

 private:
  bool is_random_;
  std::uint64_t blocks_;
  std::uint64_t state_ = 0;
};

bool read_disk(bool is_random, const char* device, std::uint64_t block, std::uint64_t depth,
               std::uint64_t count) {
  const int fd = ::open(device, O_RDONLY | O_DIRECT);
  std::uint64_t bytes = 0;
  aio_context_t context = 0;
  if (fd < 0 || ::ioctl(fd, BLKGETSIZE64, &bytes) != 0 || ::syscall(SYS_io_setup, depth, &context) != 0)
    return false;
  Places places(is_random, bytes / block);
  std::vector<iocb> requests(depth);
  const auto submit = [&](iocb& request) {
    request.aio_offset = static_cast<std::int64_t>(places.next() * block);
    iocb* const one = &request;
    return ::syscall(SYS_io_submit, context, 1, &one) == 1;
  };
  std::uint64_t started = 0;
  for (auto& request : requests) {
    request.aio_lio_opcode = IOCB_CMD_PREAD;
    request.aio_fildes = static_cast<std::uint32_t>(fd);
    auto* const buffer = std::aligned_alloc(4096, block);
    std::memset(buffer, 0, block);
    request.aio_buf = reinterpret_cast<std::uint64_t>(buffer);
    request.aio_nbytes = block;
    request.aio_data = reinterpret_cast<std::uint64_t>(&request);
    if (started++ < count && !submit(request)) return false;
  }
  std::vector<io_event> done(depth);
  for (std::uint64_t ended = 0; ended < count;) {
    const auto events = ::syscall(SYS_io_getevents, context, 1, depth, done.data(), nullptr);
    if (events < 1) return false;
    for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(events); ++i, ++ended) {
      if (done[i].res != static_cast<std::int64_t>(block)) return false;
      if (started < count && (++started, !submit(*reinterpret_cast<iocb*>(done[i].data)))) return false;
    }
  }
  return true;
}

bool use_net(const char* host, std::uint64_t port, std::uint64_t to_host, const char* from_host) {
  static char buffer[256 << 10];
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  if (::inet_pton(AF_INET, host, &address.sin_addr) != 1) return false;
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return false;
  if (::dprintf(fd, "%s\n", from_host) < 0) return false;
  for (auto left = number(from_host); left > 0;) {
    const auto count = ::read(fd, buffer, sizeof buffer);
    if (count <= 0 || static_cast<std::uint64_t>(count) > left) return false;
    left -= static_cast<std::uint64_t>(count);
  }
  for (auto left = to_host; left > 0;) {
    const auto count = ::write(fd, buffer, left < sizeof buffer ? left : sizeof buffer);
    if (count <= 0) return false;
    left -= static_cast<std::uint64_t>(count);
  }
  return ::shutdown(fd, SHUT_WR) == 0 && ::read(fd, buffer, 1) == 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const std::string_view what = argv[1];
  const auto start = nanoseconds();
  bool is_done = false;
  if (what == "net" && argc == 6)
    is_done = use_net(argv[2], number(argv[3]), number(argv[4]), argv[5]);
  else if ((what == "random" || what == "sequential") && argc == 6)
    is_done = read_disk(what == "random", argv[2], number(argv[3]), number(argv[4]), number(argv[5]));
  if (!is_done) return 1;
  std::printf("%llu\n", static_cast<unsigned long long>(nanoseconds() - start));
  return 0;
}
