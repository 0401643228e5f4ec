#include <fstream>

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cli/commands/commands.hpp"
#include "cli/launch/launch_process.hpp"
#include "cli/launch_log/chain.hpp"
#include "cli/state/guest_directory.hpp"
#include "policy/launch_entry.hpp"

namespace immure::cli {
namespace {

constexpr int for_ever = -1;

/// How the launch log says that this launch ended; an abandoned one has no end of its own.
ExitCode ending_of(std::string_view uuid) {
  std::ifstream log(policy::launch_log_path, std::ios::binary);
  auto code = ExitCode::failure;
  while (const auto text = next_line(log)) {
    const auto line = read_line(*text);
    if (!line || line->entry["uuid"] != uuid || !line->entry.contains("exit_code")) continue;
    if (line->entry["exit_code"].is_number_integer())
      code = exit_code_of(line->entry["exit_code"].get<int>());
  }
  return code;
}

}  // namespace

Expected<ExitCode> wait_command(const std::string& name) {
  IMMURE_TRY(require_root("wait"));
  // The fd first: what is found of the keeper afterwards is of the process that the fd names.
  auto guest = IMMURE_TRY(find_guest(name));
  const UniqueFd keeper(static_cast<int>(::syscall(SYS_pidfd_open, guest.state.keeper_pid, 0)));
  guest = IMMURE_TRY(find_guest(name));
  if (keeper && guest.liveness != Liveness::abandoned) {
    pollfd ended{.fd = keeper.get(), .events = POLLIN, .revents = 0};
    while (::poll(&ended, 1, for_ever) < 0) {
      if (errno != EINTR) return system_error("wait for the keeper");
    }
  }
  return ending_of(policy::uuid_text(guest.state.uuid));
}

}  // namespace immure::cli
