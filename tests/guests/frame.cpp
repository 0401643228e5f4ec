// For the guests' init, whose busybox sends no frames of its own making:
//   frame INTERFACE HEX    sends these bytes as a frame
#include <cstdint>
#include <cstdlib>
#include <string>

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::string hex = argv[2];
  std::string frame;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    frame += static_cast<char>(std::strtoul(hex.substr(i, 2).c_str(), nullptr, 16));
  const int fd = ::socket(AF_PACKET, SOCK_RAW, 0);
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(::if_nametoindex(argv[1]));
  const auto sent =
      ::sendto(fd, frame.data(), frame.size(), 0, reinterpret_cast<sockaddr*>(&address), sizeof address);
  return sent == static_cast<ssize_t>(frame.size()) ? 0 : 1;
}
