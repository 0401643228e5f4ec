#include "tests/hostile/emulator.hpp"

#include <array>
#include <charconv>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.hpp"
#include "base/unique_fd.hpp"
#include "policy/fd_layout.hpp"
#include "tests/hostile/console.hpp"
#include "tests/hostile/orders.hpp"
#include "tests/hostile/stand_ins.hpp"

namespace immure::hostile {
namespace {

constexpr auto qemu = "/usr/bin/qemu-system-x86_64";
constexpr std::string_view own_name = "hostile-emulator", of_hostile_guest = "guest=hostile";

/// Of the "-name guest=NAME,..." that libvirt gives; empty where it starts something else.
std::string_view name_of_hostile_guest(char** arguments) {
  for (; *arguments != nullptr; ++arguments) {
    const std::string_view argument = *arguments;
    if (!argument.starts_with(of_hostile_guest)) continue;
    const auto name = argument.substr(argument.find('=') + 1);
    return name.substr(0, name.find(','));
  }
  return {};
}

/// A console that has the host at its other end, at its number.
Result<void> wait_for_host(std::string_view guest) {
  const UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto length = guest.copy(address.sun_path + 1, sizeof address.sun_path - 1);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + length);
  IMMURE_TRY(checked(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), size), "bind"));
  IMMURE_TRY(checked(::listen(listener.get(), 1), "listen"));
  const UniqueFd connection(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  IMMURE_TRY(checked(connection.get(), "accept"));
  return checked(::dup2(connection.get(), policy::vmm_fd::console), "dup2");
}

/// Of the instructions as they are in memory.
Result<Filter> filter_of(std::string_view hex) {
  Filter filter(hex.size() / (2 * sizeof(sock_filter)));
  const auto bytes = std::as_writable_bytes(std::span(filter));
  if (hex.empty() || hex.size() != 2 * bytes.size()) return invalid("a filter that is not one");
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto* const digits = hex.data() + 2 * i;
    unsigned char value = 0;
    if (std::from_chars(digits, digits + 2, value, 16).ptr != digits + 2)
      return invalid("a filter that is not one");
    bytes[i] = std::byte{value};
  }
  return filter;
}

Result<void> stand_in(std::string_view guest) {
  // What libvirt gave QEMU, such as the socket that it is asked on, is QEMU's; of the log it is known what it
  // is.
  IMMURE_TRY(checked(::close_range(STDERR_FILENO + 1, ~0U, 0), "close_range"));
  IMMURE_TRY(wait_for_host(guest));
  Targets targets;
  Surroundings surroundings;
  std::string shared_disk;
  for (const auto& word : next_command()) {
    const std::string_view text = word;
    take(targets, text);
    const auto value = text.substr(text.find('=') + 1);
    if (text.starts_with("shared_disk=")) shared_disk = value;
    if (text.starts_with("filter=")) surroundings.filters.push_back(IMMURE_TRY(filter_of(value)));
  }
  IMMURE_TRY(open_as_qemu(targets.own_disk.c_str(), shared_disk.c_str()));
  say({"ready"});
  obey(targets, surroundings);
  return {};
}

/// A child whose parent is nobody who would wait for it.
void leave_behind(std::string_view guest) {
  const auto child = ::fork();
  if (child == 0) {
    if (::fork() != 0) ::_exit(0);
    ::signal(SIGPIPE, SIG_IGN);
    if (const auto done = stand_in(guest); !done) log_line(done.error().message);
    ::_exit(0);
  }
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace

bool is_emulator(const char* program) { return std::string_view(program).ends_with(own_name); }

void run_as_emulator(char** arguments) {
  if (const auto guest = name_of_hostile_guest(arguments); !guest.empty()) leave_behind(guest);
  ::execv(qemu, arguments);
  log_line("start QEMU: " + std::string(std::strerror(errno)));
  ::_exit(1);
}

}  // namespace immure::hostile
