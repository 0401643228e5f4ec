#include <thread>

#include "tests/unit/monitor/varlink_fixture.hpp"

using namespace immure;
using namespace immure::monitor;
using namespace immure::monitor::test;
using nlohmann::json;
using policy::ControlKind;
using policy::ControlMessage;

namespace {

const std::string get_state = "io.immure.Guest.GetState";
const std::string get_statistics = "io.immure.Guest.GetStatistics";
const std::string power_button = "io.immure.Guest.PowerButton";

ControlMessage said(ControlKind kind, std::uint64_t token = 0, std::int32_t result = 0,
                    std::uint64_t value = 0) {
  return {.header = policy::header_of<ControlMessage>(),
          .kind = kind,
          .result = result,
          .token = token,
          .value = value};
}

UniqueFd subscriber(VarlinkFixture& f) {
  auto fd = f.connect();
  f.call(fd, "io.immure.Guest.Subscribe", {{"more", true}});
  REQUIRE(f.answers(fd).at(0)["parameters"]["event"]["what"] == "subscribed");
  return fd;
}

}  // namespace

TEST_CASE("varlink: a call is answered", "[varlink]") {
  VarlinkFixture f;
  const auto client = f.connect();
  f.call(client, get_state);
  const auto answers = f.answers(client);
  REQUIRE(answers.size() == 1);
  CHECK(answers[0]["parameters"]["state"] == "starting");
  CHECK(answers[0]["parameters"]["disks"] == json{"root"});
  CHECK_FALSE(f.spins());
}

TEST_CASE("varlink: messages may come in parts, or several at once", "[varlink]") {
  VarlinkFixture f;
  const auto client = f.connect();
  for (const char c : VarlinkFixture::call_text(get_state)) f.send(client, {&c, 1});
  CHECK(f.answers(client).size() == 1);
  const auto one = VarlinkFixture::call_text(get_state);
  f.send(client, one + one + one.substr(0, 10));
  CHECK(f.answers(client).size() == 2);
  f.send(client, one.substr(10));
  CHECK(f.answers(client).size() == 1);
}

TEST_CASE("varlink: statistics are the VMM's numbers", "[varlink]") {
  VarlinkFixture f;
  const auto client = f.connect();
  f.call(client, get_statistics);
  CHECK(f.hear(client).empty());
  const auto request = f.request();
  REQUIRE(request);
  CHECK(request->kind == ControlKind::statistics);
  f.tell(f.statistics(request->token));
  const auto answers = f.answers(client);
  REQUIRE(answers.size() == 1);
  CHECK(answers[0]["parameters"]["disks"][0]["reads"] == 11);
}

TEST_CASE("varlink: calls that came together are asked of the VMM one after the other", "[varlink]") {
  VarlinkFixture f;
  const auto client = f.connect();
  const auto one = VarlinkFixture::call_text(get_statistics);
  f.send(client, one + one);
  const auto first = f.request();
  REQUIRE(first);
  CHECK_FALSE(f.request());
  f.tell(f.statistics(first->token));
  CHECK(f.answers(client).size() == 1);
  const auto second = f.request();
  REQUIRE(second);
  CHECK(second->token != first->token);
  f.tell(f.statistics(second->token));
  CHECK(f.answers(client).size() == 1);
}

TEST_CASE("varlink hostile: a VMM's answer that cannot be is no answer", "[varlink][hostile]") {
  VarlinkFixture f;
  const auto client = f.connect();
  f.call(client, get_statistics);
  const auto token = f.request()->token;
  auto wrong = f.statistics(token);
  SECTION("to nobody's question") { f.tell(f.statistics(token + 1)); }
  SECTION("of another kind") { f.tell(said(ControlKind::power_button, token)); }
  SECTION("without its statistics") { f.tell(said(ControlKind::statistics, token)); }
  SECTION("of a machine with more disks") {
    wrong.disk_count = 2;
    f.tell(wrong);
  }
  SECTION("of a machine with no vCPU") {
    wrong.vcpu_count = 0;
    f.tell(wrong);
  }
  SECTION("beyond what can be") {
    wrong.disks[0].reads = ~0ULL;
    f.tell(wrong);
  }
  SECTION("of another version") {
    wrong.header.version = 9;
    f.tell(wrong);
  }
  SECTION("of another size") { f.tell(std::array<char, 100>{}); }
  SECTION("of far too many bytes") { f.tell(std::array<char, 1 << 16>{}); }
  CHECK(f.hear(client).empty());
  f.tell(f.statistics(token));
  CHECK(f.answers(client).size() == 1);
}

TEST_CASE("varlink: each client gets the answer to its own question, in whatever order they come",
          "[varlink]") {
  VarlinkFixture f;
  const auto first = f.connect();
  const auto second = f.connect();
  f.call(first, power_button);
  f.call(second, "io.immure.Guest.SetBalloon", {{"parameters", {{"bytes", 4096}}}});
  const auto one = f.request();
  const auto two = f.request();
  REQUIRE(one);
  REQUIRE(two);
  CHECK(two->value == 4096);
  f.tell(said(ControlKind::balloon, two->token, ENODEV));
  f.tell(said(ControlKind::power_button, one->token));
  CHECK(f.answers(first).at(0) == json{{"parameters", json::object()}});
  CHECK(f.answers(second).at(0)["error"] == "io.immure.Guest.NoBalloon");
}

TEST_CASE("varlink: a VMM that is silent is told of in time, and its late answer goes nowhere", "[varlink]") {
  VarlinkFixture f;
  const auto client = f.connect();
  f.call(client, power_button);
  const auto token = f.request()->token;
  CHECK(f.has_deadline());
  std::this_thread::sleep_for(VarlinkHub::vmm_time + std::chrono::milliseconds(50));
  CHECK(f.answers(client).at(0)["error"] == "io.immure.Guest.VmmSilent");
  CHECK_FALSE(f.has_deadline());
  f.tell(said(ControlKind::power_button, token));
  CHECK(f.hear(client).empty());
}

TEST_CASE("varlink: a VMM that takes no more requests is told of at once", "[varlink]") {
  VarlinkFixture f;
  std::string last;
  for (int i = 0; i < 10'000 && last.empty(); ++i) {
    // A client that waits is not heard; each gives its place away by going.
    const auto client = f.connect();
    f.call(client, power_button);
    last = f.hear(client);
  }
  CHECK(last.contains("io.immure.Guest.TooMany"));
}

TEST_CASE("varlink: a call that wants no answer gets none", "[varlink]") {
  VarlinkFixture f;
  const auto client = f.connect();
  f.call(client, get_state, {{"oneway", true}});
  CHECK(f.hear(client).empty());
  f.call(client, power_button, {{"oneway", true}});
  const auto request = f.request();
  REQUIRE(request);
  f.tell(said(ControlKind::power_button, request->token));
  CHECK(f.hear(client).empty());
  f.call(client, get_state);
  CHECK(f.answers(client).size() == 1);
}

TEST_CASE("varlink: subscribers are told what happens, the others are not", "[varlink]") {
  VarlinkFixture f;
  const auto listener = subscriber(f);
  const auto other = f.connect();
  const auto event = [&] { return f.answers(listener).at(0)["parameters"]["event"]; };
  f.tell(said(ControlKind::started));
  CHECK(event() == json{{"what", "started"}});
  f.call(other, get_state);
  CHECK(f.answers(other).at(0)["parameters"]["state"] == "running");
  f.call(other, "io.immure.Guest.SetBalloon", {{"parameters", {{"bytes", 8192}}}});
  f.tell(said(ControlKind::balloon, f.request()->token));
  CHECK(event() == json{{"what", "balloon"}, {"bytes", 8192}});
  CHECK(f.answers(other).size() == 1);
  f.call(other, "io.immure.Guest.SetBalloon", {{"parameters", {{"bytes", 8192}}}});
  f.tell(said(ControlKind::balloon, f.request()->token, ENODEV));
  CHECK(f.hear(listener).empty());  // it did not happen
  CHECK(f.answers(other).size() == 1);
  f.tell(said(ControlKind::ended, 0, 0, 3));
  CHECK(event() == json{{"what", "ended"}, {"cause", "panic"}});
  CHECK(f.hear(other).empty());
}

TEST_CASE("varlink hostile: who does not speak the protocol is disconnected, the others are served",
          "[varlink][hostile]") {
  VarlinkFixture f;
  const auto good = f.connect();
  const auto bad = f.connect();
  SECTION("no JSON") { f.send(bad, std::string("GET / HTTP/1.0\r\n\r\n") + '\0'); }
  SECTION("no call") { f.send(bad, std::string("{}") + '\0'); }
  SECTION("an empty message") { f.send(bad, std::string(1, '\0')); }
  SECTION("too long a message") { f.send(bad, std::string(max_call_bytes + 1, ' ')); }
  SECTION("too deep a message") { f.send(bad, std::string(max_call_bytes, '[') + '\0'); }
  CHECK(f.hear(bad) == "EOF");
  f.call(good, get_state);
  CHECK(f.answers(good).size() == 1);
}

TEST_CASE("varlink: the longest call is taken", "[varlink]") {
  VarlinkFixture f;
  const auto client = f.connect();
  auto text = VarlinkFixture::call_text(get_state);
  text.insert(1, std::string(max_call_bytes + 1 - text.size(), ' '));
  f.send(client, text);
  CHECK(f.answers(client).size() == 1);
}

TEST_CASE("varlink hostile: a client that never reads is not served without end, and holds up nobody",
          "[varlink][hostile]") {
  VarlinkFixture f;
  const auto deaf = f.connect();
  const auto many = VarlinkFixture::call_text("org.varlink.service.GetInterfaceDescription",
                                              {{"parameters", {{"interface", "io.immure.Guest"}}}});
  for (int i = 0; i < 10'000; ++i) {
    if (::send(deaf.get(), many.data(), many.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(many.size()))
      break;
    if (i % 64 == 0) f.turn();
  }
  // Its own socket is full at last: the hub has stopped to read.
  CHECK(::send(deaf.get(), many.data(), many.size(), MSG_NOSIGNAL) < 0);
  const auto client = f.connect();
  f.call(client, get_state);
  CHECK(f.answers(client).size() == 1);
}

TEST_CASE("varlink hostile: a subscriber that does not read is dropped, the others are told",
          "[varlink][hostile]") {
  VarlinkFixture f;
  const auto deaf = subscriber(f);
  const auto good = subscriber(f);
  for (int i = 0; i < 20'000; ++i) {
    f.tell(said(ControlKind::started));
    if (i % 100 == 0) (void)f.hear(good);
  }
  (void)f.hear(good);
  std::string text;
  std::string last;
  while (!(last = f.hear(deaf)).empty() && last != "EOF") text += last;
  CHECK(last == "EOF");
  f.tell(said(ControlKind::started));
  CHECK(f.answers(good).size() == 1);
}

TEST_CASE("varlink: subscriptions are limited", "[varlink]") {
  VarlinkFixture f;
  std::vector<UniqueFd> subscribers;
  for (std::size_t i = 0; i < VarlinkHub::max_subscribers; ++i) subscribers.push_back(subscriber(f));
  const auto late = f.connect();
  f.call(late, "io.immure.Guest.Subscribe", {{"more", true}});
  CHECK(f.answers(late).at(0)["error"] == "io.immure.Guest.TooMany");
  subscribers.pop_back();
  f.turn();
  f.call(late, "io.immure.Guest.Subscribe", {{"more", true}});
  CHECK(f.answers(late).at(0)["parameters"]["event"]["what"] == "subscribed");
}

TEST_CASE("varlink hostile: whoever keeps places for nothing keeps nobody out", "[varlink][hostile]") {
  VarlinkFixture f;
  const auto busy = f.connect();
  f.call(busy, power_button);  // it waits for the VMM
  const auto token = f.request()->token;
  std::vector<UniqueFd> idle;
  for (int i = 0; i < 100; ++i) idle.push_back(f.connect());
  const auto client = f.connect();
  f.call(client, get_state);
  CHECK(f.answers(client).size() == 1);
  CHECK(f.hear(idle.front()) == "EOF");
  f.tell(said(ControlKind::power_button, token));
  CHECK(f.answers(busy).size() == 1);
}

TEST_CASE("varlink: where every place is in use, a newcomer waits", "[varlink]") {
  VarlinkFixture f;
  std::vector<UniqueFd> busy;
  for (std::size_t i = 0; i < VarlinkHub::max_clients; ++i) {
    busy.push_back(f.connect());
    f.call(busy.back(), power_button);
  }
  const auto newcomer = f.connect();
  f.call(newcomer, get_state);
  CHECK(f.hear(newcomer).empty());
  CHECK_FALSE(f.spins());
  busy.pop_back();
  CHECK(f.answers(newcomer).size() == 1);
}

TEST_CASE("varlink: a client that only says and ends is still answered", "[varlink]") {
  VarlinkFixture f;
  const auto client = f.connect();
  const auto text = VarlinkFixture::call_text(power_button);
  REQUIRE(::send(client.get(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
  REQUIRE(::shutdown(client.get(), SHUT_WR) == 0);
  const auto request = f.request();
  REQUIRE(request);
  CHECK_FALSE(f.spins());
  f.tell(said(ControlKind::power_button, request->token));
  CHECK(f.answers(client).size() == 1);
  CHECK(f.hear(client) == "EOF");
}

TEST_CASE("varlink: somebody else than root and the owner is turned away", "[varlink]") {
  if (::getuid() == 0) SKIP("root is always served");
  VarlinkFixture f(::getuid() + 1);
  const auto client = f.connect();
  CHECK(f.hear(client) == "EOF");
}
