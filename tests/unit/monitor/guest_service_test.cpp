#include "monitor/guest_service.hpp"

#include <fstream>
#include <sstream>

#include <catch2/catch_test_macros.hpp>

#include "monitor/guest_interface_text.hpp"
#include "monitor/varlink_call.hpp"

using namespace immure;
using namespace immure::monitor;
using nlohmann::json;
using policy::ControlKind;

namespace {

GuestFacts a_guest() {
  GuestFacts facts;
  facts.record.memory_bytes = 64 << 20;
  facts.record.vcpus = 2;
  facts.record.balloon = policy::Switch::on;
  facts.record.disk_count = 1;
  facts.record.disks[0].id = BoundedString<32>::from("root", "id").value();
  facts.record.net_count = 1;
  facts.record.nets[0].id = BoundedString<32>::from("lan", "id").value();
  facts.phase = GuestPhase::running;
  facts.starts = 3;
  return facts;
}

/// The parameters come as text, which makes numbers without a sign unsigned.
Decision decision_on(const std::string& method, const json& parameters = json::object(), bool more = false) {
  return decide({.method = method, .parameters = json::parse(parameters.dump()), .wants_more = more},
                a_guest());
}
json answer_to(const std::string& method, const json& parameters = json::object()) {
  const auto decision = decision_on(method, parameters);
  REQUIRE(std::holds_alternative<std::string>(decision));
  return json::parse(std::get<std::string>(decision));
}
json error(const std::string& name, const json& parameters = json::object()) {
  return {{"error", name}, {"parameters", parameters}};
}
json invalid_parameter(const char* name) {
  return error("org.varlink.service.InvalidParameter", {{"parameter", name}});
}
const json no_limit{
    {"bytes_per_second", 0}, {"bytes_burst", 0}, {"operations_per_second", 0}, {"operations_burst", 0}};

}  // namespace

TEST_CASE("the service says who it is and describes its interfaces", "[varlink]") {
  const auto info = answer_to("org.varlink.service.GetInfo")["parameters"];
  CHECK(info["product"] == "immure");
  CHECK(info["version"] == IMMURE_VERSION);
  REQUIRE(info["interfaces"] == json{"org.varlink.service", "io.immure.Guest"});
  for (const auto& name : info["interfaces"]) {
    const auto text = answer_to("org.varlink.service.GetInterfaceDescription",
                                {{"interface", name}})["parameters"]["description"];
    CHECK(text.get<std::string>().contains("\ninterface " + name.get<std::string>() + "\n"));
  }
}

TEST_CASE("the description names every counter and every method", "[varlink]") {
  const auto has = [](const std::string& text) { return guest_interface_text.contains(text); };
  for (const auto& field : policy::disk_fields) CHECK(has(std::string("  ") + field.name + ": int"));
  for (const auto& field : policy::net_fields) CHECK(has(std::string("  ") + field.name + ": int"));
  for (const auto& field : policy::vcpu_fields) CHECK(has(std::string("  ") + field.name + ": int"));
  for (const auto& field : policy::machine_fields) CHECK(has(std::string("  ") + field.name + ": int"));
  for (const auto& field : policy::guest_memory_fields) CHECK(has(std::string("  ") + field.name + ": int"));
  for (const auto* method :
       {"GetState", "GetStatistics", "PowerButton", "Reset", "SetBalloon", "SetLimit", "Subscribe"}) {
    CHECK(has(std::string("\nmethod ") + method + "("));
    const auto decision = decision_on(std::string("io.immure.Guest.") + method);
    const auto* text = std::get_if<std::string>(&decision);
    CHECK_FALSE((text != nullptr && text->contains("MethodNotFound")));
  }
}

TEST_CASE("the documentation names every method and every error", "[varlink]") {
  std::ostringstream page;
  page << std::ifstream(IMMURE_SOURCE_DIR "/docs/control.md").rdbuf();
  std::istringstream lines{std::string(guest_interface_text)};
  int named = 0;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("method ") && !line.starts_with("error ")) continue;
    std::istringstream words(line);
    std::string name;
    words >> name >> name;
    CAPTURE(name);
    CHECK(page.str().contains("`" + name.substr(0, name.find('('))));
    ++named;
  }
  CHECK(named == 12);
}

TEST_CASE("what is unknown is named, as varlink.org has it", "[varlink]") {
  CHECK(answer_to("io.immure.Guest.Explode") ==
        error("org.varlink.service.MethodNotFound", {{"method", "io.immure.Guest.Explode"}}));
  CHECK(answer_to("org.example.Other.Do") ==
        error("org.varlink.service.InterfaceNotFound", {{"interface", "org.example.Other"}}));
  CHECK(answer_to("nothing") == error("org.varlink.service.InterfaceNotFound", {{"interface", ""}}));
  CHECK(answer_to("org.varlink.service.GetInterfaceDescription", {{"interface", "a.b"}}) ==
        error("org.varlink.service.InterfaceNotFound", {{"interface", "a.b"}}));
  CHECK(answer_to("io.immure.Guest.GetState", {{"nonsense", 1}}) == invalid_parameter("nonsense"));
  CHECK(answer_to("io.immure.Guest.GetState", {{"", 1}}) == invalid_parameter(""));
  const auto upgrade = decide({.method = "io.immure.Guest.GetState", .wants_upgrade = true}, a_guest());
  CHECK(json::parse(std::get<std::string>(upgrade)) ==
        error("org.varlink.service.MethodNotImplemented", {{"method", "io.immure.Guest.GetState"}}));
}

TEST_CASE("the state is what the launcher and the VMM said", "[varlink]") {
  CHECK(answer_to("io.immure.Guest.GetState")["parameters"] == json{{"state", "running"},
                                                                    {"starts", 3},
                                                                    {"vcpus", 2},
                                                                    {"memory_bytes", 64 << 20},
                                                                    {"balloon", true},
                                                                    {"disks", {"root"}},
                                                                    {"nets", {"lan"}}});
}

TEST_CASE("what the VMM has to do is asked of it", "[varlink]") {
  const auto kind_of = [](const Decision& decision) { return std::get<VmmRequest>(decision).kind; };
  CHECK(kind_of(decision_on("io.immure.Guest.PowerButton")) == ControlKind::power_button);
  CHECK(kind_of(decision_on("io.immure.Guest.Reset")) == ControlKind::reset);
  CHECK(kind_of(decision_on("io.immure.Guest.GetStatistics")) == ControlKind::statistics);
  const auto balloon = std::get<VmmRequest>(decision_on("io.immure.Guest.SetBalloon", {{"bytes", 4096}}));
  CHECK(balloon.kind == ControlKind::balloon);
  CHECK(balloon.value == 4096);
  auto limit = no_limit;
  limit["bytes_per_second"] = 1 << 20;
  limit["operations_burst"] = 0;
  const auto change = std::get<VmmRequest>(
      decision_on("io.immure.Guest.SetLimit", {{"device", "disk:root"}, {"limit", limit}}));
  CHECK(change.kind == ControlKind::limit);
  CHECK(change.limit.device.view() == "disk root");
  CHECK(change.limit.limit == policy::RateLimit{.bytes_per_second = 1 << 20});
}

TEST_CASE("hostile: parameters that cannot be are refused by their name", "[varlink][hostile]") {
  const auto balloon = [](const json& parameters) {
    return answer_to("io.immure.Guest.SetBalloon", parameters);
  };
  for (const json& bytes :
       {json(-1), json(1.5), json("4096"), json(nullptr), json((64 << 20) + 1), json(true)}) {
    CAPTURE(bytes.dump());
    CHECK(balloon({{"bytes", bytes}}) == invalid_parameter("bytes"));
  }
  CHECK(balloon(json::object()) == invalid_parameter("bytes"));
  const auto limit = [](const json& device, const json& value) {
    return answer_to("io.immure.Guest.SetLimit", {{"device", device}, {"limit", value}});
  };
  CHECK(limit(7, no_limit) == invalid_parameter("device"));
  CHECK(limit(std::string(40, 'x'), no_limit) == invalid_parameter("device"));
  CHECK(limit("disk:\033", no_limit) == invalid_parameter("device"));
  CHECK(limit(std::string("disk\0root", 9), no_limit) == invalid_parameter("device"));
  CHECK(limit("rng", json::array()) == invalid_parameter("limit"));
  CHECK(limit("rng", json::object()) == invalid_parameter("limit.bytes_per_second"));
  auto wrong = no_limit;
  wrong["more"] = 1;
  CHECK(limit("rng", wrong) == invalid_parameter("limit.more"));
  wrong = no_limit;
  wrong["operations_burst"] = 5;  // without a rate
  CHECK(limit("rng", wrong) == invalid_parameter("limit"));
  wrong["operations_burst"] = -5;
  CHECK(limit("rng", wrong) == invalid_parameter("limit.operations_burst"));
}

TEST_CASE("events come to those who say that they take more than one answer", "[varlink]") {
  CHECK(std::holds_alternative<Subscription>(decision_on("io.immure.Guest.Subscribe", json::object(), true)));
  CHECK(answer_to("io.immure.Guest.Subscribe") == error("org.varlink.service.ExpectedMore"));
}

TEST_CASE("the VMM's answers become answers of the interface", "[varlink]") {
  const auto answer = [](ControlKind kind, std::int32_t result) {
    VmmRequest request{.kind = kind};
    request.limit.device = BoundedString<32>::from("disk root", "device").value();
    return json::parse(answer_text(request, result, nullptr, a_guest()));
  };
  CHECK(answer(ControlKind::power_button, 0) == json{{"parameters", json::object()}});
  CHECK(answer(ControlKind::balloon, ENODEV) == error("io.immure.Guest.NoBalloon"));
  CHECK(answer(ControlKind::limit, ENODEV) ==
        error("io.immure.Guest.NoSuchDevice", {{"device", "disk:root"}}));
  CHECK(answer(ControlKind::statistics, ETIMEDOUT) == error("io.immure.Guest.VmmSilent"));
  CHECK(answer(ControlKind::limit, EAGAIN) == error("io.immure.Guest.TooMany"));
  CHECK(answer(ControlKind::limit, EINVAL) ==
        error("io.immure.Guest.Refused", {{"reason", "Invalid argument"}}));
}

TEST_CASE("statistics have the names of the launcher's record", "[varlink]") {
  policy::StatisticsMessage statistics{.header = policy::header_of<policy::StatisticsMessage>()};
  statistics.disk_count = statistics.net_count = 1;
  statistics.vcpu_count = 2;
  statistics.disks[0].written_bytes = 4096;
  statistics.nets[0].sent_frames = 5;
  statistics.vcpus[1].memory_exits = 6;
  statistics.machine.uptime_usec = 7;
  statistics.boot.guest = 8;
  statistics.boot.disks[0] = 9;
  const auto answer =
      json::parse(answer_text({.kind = ControlKind::statistics}, 0, &statistics, a_guest()))["parameters"];
  CHECK(answer["disks"][0]["id"] == "root");
  CHECK(answer["disks"][0]["written_bytes"] == 4096);
  CHECK(answer["nets"][0]["id"] == "lan");
  CHECK(answer["nets"][0]["sent_frames"] == 5);
  CHECK(answer["vcpus"].size() == 2);
  CHECK(answer["vcpus"][1]["memory_exits"] == 6);
  CHECK(answer["machine"]["uptime_usec"] == 7);
  // What did not happen yet is not there.
  CHECK(answer["boot"] == json{{{"what", "guest"}, {"usec", 8}}, {{"what", "disk:root"}, {"usec", 9}}});
}

TEST_CASE("events say what happened", "[varlink]") {
  const auto event = [](const std::string& text) { return json::parse(text)["parameters"]["event"]; };
  CHECK(json::parse(subscribed_text())["continues"] == true);
  CHECK(event(subscribed_text()) == json{{"what", "subscribed"}});
  CHECK(event(started_text()) == json{{"what", "started"}});
  CHECK(event(ended_text(policy::EndCause::watchdog)) == json{{"what", "ended"}, {"cause", "watchdog"}});
  CHECK(event(ended_text(policy::EndCause{999})) == json{{"what", "ended"}, {"cause", "failure"}});
  CHECK(event(*event_text({.kind = ControlKind::balloon, .value = 4096})) ==
        json{{"what", "balloon"}, {"bytes", 4096}});
  VmmRequest limit{.kind = ControlKind::limit};
  limit.limit.device = BoundedString<32>::from("net lan", "device").value();
  CHECK(event(*event_text(limit)) == json{{"what", "limit"}, {"device", "net:lan"}, {"limit", no_limit}});
  CHECK_FALSE(event_text({.kind = ControlKind::statistics}));
}
