// The program itself, with the fds that it is born with and behind its real seccomp filter.
#include <array>
#include <fstream>
#include <string>

#include <catch2/catch_test_macros.hpp>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.hpp"
#include "base/unique_fd.hpp"
#include "policy/control_message.hpp"
#include "policy/fd_layout.hpp"

using namespace immure;
namespace monitor_fd = policy::monitor_fd;
using policy::ControlMessage;
using policy::MonitorKind;
using policy::MonitorMessage;

namespace {

std::array<UniqueFd, 2> pair_of(int type) {
  std::array<int, 2> fds{};
  REQUIRE(::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds.data()) == 0);
  return {UniqueFd(fds[0]), UniqueFd(fds[1])};
}

/// Between fork and exec: `fds` become 3, 4, 5, ... as policy/fd_layout.hpp has them.
[[noreturn]] void become_monitor(const std::array<int, 4>& fds) {
  std::array<int, 4> high{};
  for (std::size_t i = 0; i < fds.size(); ++i) high[i] = ::fcntl(fds[i], F_DUPFD_CLOEXEC, 100);
  for (std::size_t i = 0; i < fds.size(); ++i) ::dup2(high[i], monitor_fd::log + static_cast<int>(i));
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  ::execl(IMMURE_MONITOR, IMMURE_MONITOR, nullptr);
  ::_exit(127);
}

void say(int fd, MonitorKind kind) {
  const MonitorMessage message{.header = policy::header_of<MonitorMessage>(), .kind = kind};
  REQUIRE(::send(fd, &message, sizeof message, MSG_NOSIGNAL) == sizeof message);
}

MonitorMessage hear(int fd) {
  MonitorMessage message{};
  REQUIRE(::recv(fd, &message, sizeof message, 0) == sizeof message);
  return message;
}

std::string status_line(pid_t pid, const std::string& name) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name + ":")) return line.substr(name.size() + 2);
  }
  return {};
}

}  // namespace

TEST_CASE("the program serves console, log and power button behind its filter, and ends with the VMM",
          "[monitor]") {
#ifdef IMMURE_SANITIZED
  SKIP("the sanitizers' own system calls are on no profile");
#endif
  std::array<int, 2> pipe{};
  REQUIRE(::pipe2(pipe.data(), O_CLOEXEC) == 0);
  UniqueFd log_in(pipe[0]);
  const UniqueFd log_out(pipe[1]);
  auto console = pair_of(SOCK_STREAM);
  auto control = pair_of(SOCK_SEQPACKET);
  UniqueFd listener(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  socklen_t size = sizeof(sa_family_t);
  REQUIRE(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(::listen(listener.get(), 4) == 0);
  size = sizeof address;
  REQUIRE(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);

  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) become_monitor({log_in.get(), console[1].get(), control[1].get(), listener.get()});
  for (auto* ours : {&log_in, &console[1], &control[1], &listener}) ours->reset();

  const std::string text = "login: ";
  REQUIRE(write_all(console[0].get(), std::as_bytes(std::span(text))));
  const UniqueFd client(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  const timeval patience{.tv_sec = 20, .tv_usec = 0};
  REQUIRE(::setsockopt(client.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0);
  REQUIRE(::connect(client.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
  say(client.get(), MonitorKind::read_log);
  CHECK(hear(client.get()).kind == MonitorKind::done);
  say(client.get(), MonitorKind::attach);
  CHECK(hear(client.get()).kind == MonitorKind::attached);
  CHECK(hear(client.get()).kind == MonitorKind::console_data);
  CHECK(status_line(child, "Seccomp") == "2");

  say(client.get(), MonitorKind::power_button);
  ControlMessage press{};
  REQUIRE(::recv(control[0].get(), &press, sizeof press, 0) == sizeof press);
  REQUIRE(::send(control[0].get(), &press, sizeof press, 0) == sizeof press);
  CHECK(hear(client.get()).kind == MonitorKind::done);

  console[0].reset();
  CHECK(hear(client.get()).kind == MonitorKind::closed);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}
