// For the guests' init, whose busybox knows no vsock and serves no datagrams:
//   vsock echo PORT       accepts one connection and sends back what comes, until its end
//   vsock connect PORT    connects to the host, sends what is on its input, then prints what comes
//   vsock datagrams PORT  sends back each datagram that comes to this port of UDP
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include <arpa/inet.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

sockaddr_vm address_of(unsigned cid, const char* port) {
  sockaddr_vm address{};
  address.svm_family = AF_VSOCK;
  address.svm_cid = cid;
  address.svm_port = static_cast<unsigned>(std::strtoul(port, nullptr, 10));
  return address;
}

/// Copies until the end; false where a call failed.
bool copy(int from, int to) {
  static char buffer[65536];
  for (;;) {
    const auto count = ::read(from, buffer, sizeof buffer);
    if (count <= 0) return count == 0;
    for (ssize_t done = 0; done < count;) {
      const auto written = ::write(to, buffer + done, static_cast<std::size_t>(count - done));
      if (written < 0) return false;
      done += written;
    }
  }
}

int serve_datagrams(const char* port) {
  const int fd = ::socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::strtoul(port, nullptr, 10)));
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return 1;
  for (;;) {
    char buffer[2048];
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    const auto count = ::recvfrom(fd, buffer, sizeof buffer, 0, reinterpret_cast<sockaddr*>(&peer), &size);
    if (count < 0) return 1;
    if (::sendto(fd, buffer, static_cast<std::size_t>(count), 0, reinterpret_cast<sockaddr*>(&peer), size) <
        0)
      return 1;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  if (std::strcmp(argv[1], "datagrams") == 0) return serve_datagrams(argv[2]);
  const int fd = ::socket(AF_VSOCK, SOCK_STREAM, 0);
  if (std::strcmp(argv[1], "echo") == 0) {
    const auto address = address_of(VMADDR_CID_ANY, argv[2]);
    if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || ::listen(fd, 1) != 0)
      return 1;
    const int peer = ::accept(fd, nullptr, nullptr);
    return copy(peer, peer) ? 0 : 1;
  }
  const auto address = address_of(VMADDR_CID_HOST, argv[2]);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return 1;
  if (!copy(STDIN_FILENO, fd) || ::shutdown(fd, SHUT_WR) != 0) return 1;
  return copy(fd, STDOUT_FILENO) ? 0 : 1;
}
