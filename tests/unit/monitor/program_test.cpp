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
#include "base/sealed_memfd.hpp"
#include "base/unique_fd.hpp"
#include "policy/control_message.hpp"
#include "policy/fd_layout.hpp"
#include "policy/vmm_record.hpp"

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

struct Given {
  int fd = -1;
  int number = -1;  ///< as policy/fd_layout.hpp has it
};

/// Between fork and exec: the fds get their numbers, and there are no others.
[[noreturn]] void become_monitor(std::array<Given, 6> given) {
  for (auto& each : given) each.fd = ::fcntl(each.fd, F_DUPFD_CLOEXEC, 100);
  ::close_range(3, 99, 0);
  for (const auto& each : given) ::dup2(each.fd, each.number);
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  ::execl(IMMURE_MONITOR, IMMURE_MONITOR, nullptr);
  ::_exit(127);
}

void say(int fd, MonitorKind kind) {
  const MonitorMessage message{.header = policy::header_of<MonitorMessage>(), .kind = kind};
  REQUIRE(::send(fd, &message, sizeof message, MSG_NOSIGNAL) == sizeof message);
}

/// A socket that listens at an abstract address (unix(7)), and that address.
struct Listener {
  explicit Listener(int type) : fd(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0)) {
    REQUIRE(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(sa_family_t)) == 0);
    REQUIRE(::listen(fd.get(), 4) == 0);
    size = sizeof address;
    REQUIRE(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
  }
  [[nodiscard]] UniqueFd connect(int type) const {
    UniqueFd client(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
    const timeval patience{.tv_sec = 20, .tv_usec = 0};
    REQUIRE(::setsockopt(client.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0);
    REQUIRE(::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0);
    return client;
  }
  UniqueFd fd;
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  socklen_t size = 0;
};

/// Sends a call, and yields the text of its answer; the test is the VMM that is asked meanwhile.
std::string call(int client, const std::string& method, int vmm) {
  const auto text = "{\"method\":\"" + method + "\"}" + '\0';
  REQUIRE(::send(client, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size()));
  if (vmm >= 0) {
    ControlMessage request{};
    REQUIRE(::recv(vmm, &request, sizeof request, 0) == sizeof request);
    REQUIRE(::send(vmm, &request, sizeof request, 0) == sizeof request);
  }
  std::array<char, 4096> answer{};
  REQUIRE(::recv(client, answer.data(), answer.size(), 0) > 0);
  return answer.data();
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

TEST_CASE("the program serves console, log and varlink behind its filter, and ends with the VMM",
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
  Listener listener(SOCK_SEQPACKET);
  Listener varlink(SOCK_STREAM);
  policy::GuestRecord guest;
  guest.vcpus = 1;
  guest.memory_bytes = policy::min_memory_bytes;
  auto record = make_sealed_memfd("record", bytes_of(policy::make_vmm_record(guest))).value();

  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    become_monitor({Given{log_in.get(), monitor_fd::log}, Given{console[1].get(), monitor_fd::console},
                    Given{control[1].get(), monitor_fd::control},
                    Given{listener.fd.get(), monitor_fd::listener},
                    Given{varlink.fd.get(), monitor_fd::varlink}, Given{record.get(), monitor_fd::record}});
  }
  for (auto* ours : {&log_in, &console[1], &control[1], &listener.fd, &varlink.fd, &record}) ours->reset();

  const std::string text = "login: ";
  REQUIRE(write_all(console[0].get(), std::as_bytes(std::span(text))));
  const auto client = listener.connect(SOCK_SEQPACKET);
  say(client.get(), MonitorKind::read_log);
  CHECK(hear(client.get()).kind == MonitorKind::done);
  say(client.get(), MonitorKind::attach);
  CHECK(hear(client.get()).kind == MonitorKind::attached);
  CHECK(hear(client.get()).kind == MonitorKind::console_data);
  CHECK(status_line(child, "Seccomp") == "2");

  const auto caller = varlink.connect(SOCK_STREAM);
  CHECK(call(caller.get(), "io.immure.Guest.PowerButton", control[0].get()) == R"({"parameters":{}})");
  CHECK(call(caller.get(), "io.immure.Guest.GetState", -1).contains(R"("state":"starting")"));

  console[0].reset();
  CHECK(hear(client.get()).kind == MonitorKind::closed);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}
