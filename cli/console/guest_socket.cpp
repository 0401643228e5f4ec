#include "cli/console/guest_socket.hpp"

#include <algorithm>

#include <fmt/core.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "cli/console/socket_label.hpp"
#include "cli/state/guest_directory.hpp"

namespace immure::cli {

Expected<UniqueFd> connect_to_guest(std::string_view guest, std::string_view file, int type) {
  IMMURE_TRY(require_guest_name(guest));
  const auto path = fmt::format("{}/{}/{}", policy::guests_directory, guest, file);
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  if (path.size() >= sizeof address.sun_path) {
    return fail(ExitCode::failure, "connect to the monitor: " + path + ": the path is too long");
  }
  std::ranges::copy(path, address.sun_path);
  // The monitor may only use a socket with its guest's categories: ours must have them before it connects.
  // Where the record cannot be read, the label is not ours to know and connect(2) says what is wrong.
  if (const auto state = read_guest_state(policy::guests_directory, guest); state && !state->label.empty()) {
    IMMURE_TRY(label_sockets_for(std::string(state->label.view())));
  }
  UniqueFd fd(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
  if (!fd) return system_error("make a socket");
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  if (errno == ENOENT || errno == ECONNREFUSED) return no_such_guest(guest);
  const auto error = system_error("connect to the monitor: " + path).error();
  const bool denied = error.error_number == EACCES || error.error_number == EPERM;
  return fail(denied ? ExitCode::not_permitted : ExitCode::failure, error.message,
              denied ? "root, or the owner of the guest, may do this" : "");
}

}  // namespace immure::cli
