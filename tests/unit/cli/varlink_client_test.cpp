#include "cli/control/varlink_client.hpp"

#include <array>
#include <thread>

#include <catch2/catch_test_macros.hpp>
#include <sys/socket.h>

using namespace immure;
using namespace immure::cli;
using nlohmann::json;

namespace {

/// The client, and a monitor that has already said this when it is asked.
struct Pair {
  explicit Pair(std::string_view said) {
    std::array<int, 2> fds{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()) == 0);
    client.emplace(UniqueFd(fds[0]));
    monitor = UniqueFd(fds[1]);
    REQUIRE(::send(monitor.get(), said.data(), said.size(), 0) == static_cast<ssize_t>(said.size()));
  }
  explicit Pair(const json& said) : Pair(std::string_view(said.dump() + '\0')) {}

  std::string asked() const {
    std::array<char, 4096> text{};
    const auto count = ::recv(monitor.get(), text.data(), text.size(), MSG_DONTWAIT);
    return {text.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
  }

  std::optional<VarlinkClient> client;
  UniqueFd monitor;
};

std::string failure_of(Pair& pair) {
  const auto answer = pair.client->call("Do");
  return answer ? "" : answer.error().message;
}

}  // namespace

TEST_CASE("a call names its method and interface and ends with a NUL", "[cli]") {
  Pair pair(json{{"parameters", {{"n", 5}}}});
  const auto answer = pair.client->call("Do", {{"x", 1}});
  REQUIRE(answer);
  REQUIRE(*answer);
  CHECK(**answer == json{{"n", 5}});
  const auto asked = pair.asked();
  CHECK(asked.back() == '\0');
  CHECK(json::parse(asked.substr(0, asked.size() - 1)) ==
        json{{"method", "io.immure.Guest.Do"}, {"parameters", {{"x", 1}}}});
}

TEST_CASE("errors of the interface are told in words", "[cli]") {
  const auto said = [](const char* error, const json& parameters = json::object()) {
    Pair pair(json{{"error", error}, {"parameters", parameters}});
    return failure_of(pair);
  };
  CHECK(said("io.immure.Guest.NoBalloon") == "Do: the guest has no balloon");
  CHECK(said("io.immure.Guest.NoSuchDevice", {{"device", "disk:a"}}).contains("no device disk:a"));
  CHECK(said("io.immure.Guest.VmmSilent").contains("does not answer"));
  CHECK(said("io.immure.Guest.Refused", {{"reason", "\033[2J"}}).contains("refused: ?[2J"));
  CHECK(said("org.example.Other").contains("org.example.Other"));
}

TEST_CASE("hostile: what a monitor says is bounded and checked", "[cli][hostile]") {
  SECTION("no JSON") {
    Pair pair(std::string_view("nonsense\0", 9));
    CHECK(failure_of(pair).contains("no JSON object"));
  }
  SECTION("no object") {
    Pair pair(json::array());
    CHECK(failure_of(pair).contains("no JSON object"));
  }
  SECTION("parameters that are none") {
    Pair pair(json{{"parameters", 7}});
    CHECK(failure_of(pair).contains("without parameters"));
  }
  SECTION("without end") {
    Pair pair(std::string_view(""));
    const std::string text(64 << 10, ' ');
    std::jthread talker([&] {
      while (::send(pair.monitor.get(), text.data(), text.size(), MSG_NOSIGNAL) > 0) {
      }
    });
    CHECK(failure_of(pair).contains("too long"));
    pair.client.reset();
  }
  SECTION("its end") {
    Pair pair(std::string_view("{"));
    (void)::shutdown(pair.monitor.get(), SHUT_WR);
    const auto answer = pair.client->call("Do");
    REQUIRE(answer);
    CHECK_FALSE(answer->has_value());
  }
}

TEST_CASE("a name that is no guest name is not connected to by varlink", "[cli]") {
  const auto client = VarlinkClient::connect("../../etc");
  REQUIRE_FALSE(client);
  CHECK(client.error().code == ExitCode::usage);
}
