#include "cli/launch/service_manager.hpp"

#include <cstddef>
#include <cstdlib>
#include <string>

#include <sys/socket.h>
#include <sys/un.h>

#include "base/unique_fd.hpp"

namespace immure::cli {

Result<void> tell_service_manager(std::string_view state) {
  const char* const variable = std::getenv("NOTIFY_SOCKET");
  if (variable == nullptr) return {};
  const std::string_view name(variable);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  // A path, or "@" for the abstract name space, where the name starts with a NUL (unix(7)).
  if (name.size() < 2 || name.size() >= sizeof(address.sun_path) || (name[0] != '/' && name[0] != '@')) {
    return invalid("NOTIFY_SOCKET is \"" + std::string(name) +
                   "\", which is no address of a service manager");
  }
  name.copy(address.sun_path, name.size());
  if (name[0] == '@') address.sun_path[0] = '\0';
  const UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) return system_error("socket");
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  const auto sent = ::sendto(socket.get(), state.data(), state.size(), MSG_NOSIGNAL,
                             reinterpret_cast<const sockaddr*>(&address), length);
  if (sent != static_cast<ssize_t>(state.size())) return system_error("tell the service manager");
  return {};
}

}  // namespace immure::cli
