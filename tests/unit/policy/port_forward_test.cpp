#include "policy/port_forward.hpp"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "policy/passt_arguments.hpp"

using namespace immure;
using namespace immure::policy;
using Catch::Matchers::ContainsSubstring;

namespace {

PortForward parsed(std::string_view text) { return parse_forward(text).value(); }
std::string error_of(std::string_view text) {
  const auto forward = parse_forward(text);
  return forward ? "accepted" : forward.error().message;
}

}  // namespace

TEST_CASE("a forwarded port is read and written in one way", "[policy]") {
  for (const auto* text : {"tcp:127.0.0.1:8080:80", "udp:0.0.0.0:5353:53", "tcp:[::1]:8443:443",
                           "tcp:[2001:db8::7]:65535:65535", "udp:[::]:1024:1"}) {
    CHECK(forward_text(parsed(text)) == text);
    CHECK(check(parsed(text), "f"));
  }
  CHECK(parsed("tcp:127.0.0.1:8080:80") == PortForward{.address = loopback_v4,
                                                       .protocol = ForwardProtocol::tcp,
                                                       .host_port = 8080,
                                                       .guest_port = 80,
                                                       .reserved = 0});
  CHECK(parsed("udp:[::1]:8080:80").address == loopback_v6);
}

TEST_CASE("what is no forwarded port is told with the part that is wrong", "[policy]") {
  for (const auto* text :
       {"", "tcp", "tcp:127.0.0.1", "tcp:127.0.0.1:80", "8080:80", "tcp:[::1:8080:80", "tcp:[::1]8080:80"}) {
    INFO(text);
    CHECK_THAT(error_of(text), ContainsSubstring("it is not PROTOCOL:ADDRESS:PORT:GUEST-PORT"));
  }
  CHECK_THAT(error_of("sctp:127.0.0.1:8080:80"), ContainsSubstring("\"sctp\" is neither tcp nor udp"));
  for (const auto* address : {"localhost", "127.0.0", "256.0.0.1", "", "0x7f.1", "[::ffff:127.0.0.1]",
                              "[fe80::1%eth0]", " 127.0.0.1"}) {
    INFO(address);
    CHECK_THAT(error_of("tcp:" + std::string(address) + ":8080:80"),
               ContainsSubstring("is no address of the host"));
  }
  for (const auto* ports : {"0:80", "65536:80", "x:80", "+1:80", "-1:80", " 1:80"})
    CHECK_THAT(error_of("tcp:127.0.0.1:" + std::string(ports)), ContainsSubstring("is no port: 1 to 65535"));
  for (const auto* ports : {"8080:0", "8080:", "8080:80:90", "8080:80 "})
    CHECK_THAT(error_of("tcp:127.0.0.1:" + std::string(ports)), ContainsSubstring("is no port: 1 to 65535"));
}

TEST_CASE("a record of a forwarded port is checked whoever made it", "[policy]") {
  const auto verdict = [](auto change) {
    auto forward = parsed("tcp:127.0.0.1:8080:80");
    change(forward);
    const auto checked = check(forward, "nets[0].forward[1]");
    return checked ? "accepted" : checked.error().message;
  };
  CHECK(verdict([](PortForward&) {}) == "accepted");
  CHECK_THAT(verdict([](PortForward& f) { f.protocol = ForwardProtocol{1}; }),
             ContainsSubstring("nets[0].forward[1] is neither tcp nor udp"));
  CHECK_THAT(verdict([](PortForward& f) { f.host_port = 1023; }),
             ContainsSubstring("takes port 1023 of the host: those below 1024 need a privilege"));
  CHECK_THAT(verdict([](PortForward& f) { f.guest_port = 0; }), ContainsSubstring("port 0 of the guest"));
  CHECK_THAT(verdict([](PortForward& f) { f.reserved = 1; }), ContainsSubstring("reserved"));
}

TEST_CASE("two forwards collide where both would listen at one place", "[policy]") {
  const auto both = [](const char* left, const char* right) { return collide(parsed(left), parsed(right)); };
  CHECK(both("tcp:127.0.0.1:8080:80", "tcp:127.0.0.1:8080:81"));
  CHECK(both("tcp:127.0.0.1:8080:80", "tcp:0.0.0.0:8080:80"));
  CHECK(both("udp:[::]:8080:80", "udp:[::1]:8080:80"));
  CHECK_FALSE(both("tcp:127.0.0.1:8080:80", "udp:127.0.0.1:8080:80"));
  CHECK_FALSE(both("tcp:127.0.0.1:8080:80", "tcp:127.0.0.1:8081:80"));
  CHECK_FALSE(both("tcp:127.0.0.1:8080:80", "tcp:127.0.0.2:8080:80"));
  CHECK_FALSE(both("tcp:127.0.0.1:8080:80", "tcp:[::1]:8080:80"));
  CHECK_FALSE(both("tcp:0.0.0.0:8080:80", "tcp:[::]:8080:80"));
}

TEST_CASE("passt is told each forwarded port, and that there are no others", "[policy]") {
  using Arguments = std::vector<std::string>;
  const auto ports = [](std::initializer_list<const char*> forwards) {
    NetRecord net;
    for (const auto* forward : forwards) net.forwards.at(net.forward_count++) = parsed(forward);
    const auto all = passt_arguments(net);
    return Arguments(std::ranges::find(all, "--tcp-ports"), all.end());
  };
  CHECK(ports({}) == Arguments{"--tcp-ports", "none", "--udp-ports", "none"});
  CHECK(ports({"tcp:127.0.0.1:8080:80"}) ==
        Arguments{"--tcp-ports", "127.0.0.1/8080:80", "--udp-ports", "none"});
  CHECK(ports({"udp:[::1]:5353:53", "tcp:0.0.0.0:2222:22", "tcp:[::1]:2222:22"}) ==
        Arguments{"--tcp-ports", "0.0.0.0/2222:22", "--tcp-ports", "::1/2222:22", "--udp-ports",
                  "::1/5353:53"});
  const auto all = passt_arguments(NetRecord{});
  for (const auto* option : {"--foreground", "--no-map-gw", "--mac-addr"})
    CHECK(std::ranges::find(all, option) != all.end());
}
