#include "cli/launch/service_manager.hpp"

#include <cstdlib>

#include <catch2/catch_test_macros.hpp>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/unique_fd.hpp"
#include "tests/unit/cli/scratch.hpp"

using namespace immure;
using namespace immure::cli;

namespace {

/// A service manager's socket, bound as NOTIFY_SOCKET says.
UniqueFd bound_to(const std::string& name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  name.copy(address.sun_path, sizeof(address.sun_path) - 1);
  if (name[0] == '@') address.sun_path[0] = '\0';
  UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), length) == 0);
  ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
  return socket;
}

std::string received(const UniqueFd& socket) {
  std::string text(100, '\0');
  const auto size = ::recv(socket.get(), text.data(), text.size(), 0);
  text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return text;
}

}  // namespace

TEST_CASE("a service manager is told at a path and at an abstract name", "[cli]") {
  const Scratch scratch;
  for (const auto& name : {scratch.path() + "/notify", "@immure-test-" + std::to_string(::getpid())}) {
    const auto socket = bound_to(name);
    CHECK(tell_service_manager("READY=1"));
    CHECK(received(socket) == "READY=1");
  }
  ::unsetenv("NOTIFY_SOCKET");
}

TEST_CASE("without a service manager nobody is told, and one that is not there is an error", "[cli]") {
  ::unsetenv("NOTIFY_SOCKET");
  CHECK(tell_service_manager("READY=1"));
  for (const auto* name : {"", "@", "relative", "/no/such/socket"}) {
    ::setenv("NOTIFY_SOCKET", name, 1);
    CHECK_FALSE(tell_service_manager("READY=1"));
  }
  ::setenv("NOTIFY_SOCKET", ("/" + std::string(200, 'x')).c_str(), 1);
  CHECK_FALSE(tell_service_manager("READY=1"));
  ::unsetenv("NOTIFY_SOCKET");
}
