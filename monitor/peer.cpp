#include "monitor/peer.hpp"

#include <sys/socket.h>

namespace immure::monitor {

bool is_allowed(int fd, uid_t owner) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || size != sizeof peer) return false;
  return peer.uid == 0 || peer.uid == owner;
}

}  // namespace immure::monitor
