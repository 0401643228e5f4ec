#include "policy/net_filter_record.hpp"

#include <functional>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "tests/unit/policy/test_records.hpp"

using namespace immure;
using namespace immure::policy;
using Catch::Matchers::ContainsSubstring;
using test::text;

namespace {

NetFilterRecord good_record() {
  auto guest = test::networked_guest();
  guest.nets[0].addresses[0] = *parse_ip("192.0.2.2");
  return make_net_filter_record(guest, default_host_policy(), {"immure0", "tap7"});
}

std::string verdict(const std::function<void(NetFilterRecord&)>& change) {
  auto record = good_record();
  change(record);
  const auto checked = check(record);
  return checked ? "accepted" : checked.error().message;
}

}  // namespace

TEST_CASE("the record of a network filter says what the guest's says", "[policy]") {
  const auto guest = test::networked_guest();
  const auto record = good_record();
  REQUIRE(check(record));
  CHECK(record.guest == guest.name);
  CHECK(record.net_count == 2);
  CHECK(record.nets[0].tap.view() == "immure0");
  CHECK(record.nets[1].mac == guest.nets[1].mac);
  CHECK(record.metadata_allowed == Switch::off);
}

TEST_CASE("a guest has a filter where it has a network, unless the host policy wants none", "[policy]") {
  auto host = default_host_policy();
  CHECK(has_net_filter(test::networked_guest(), host));
  CHECK_FALSE(has_net_filter(test::good_guest(), host));
  host.anti_spoofing = Switch::off;
  CHECK_FALSE(has_net_filter(test::networked_guest(), host));
}

TEST_CASE("a network filter's record that is malformed is refused", "[policy]") {
  CHECK(verdict([](auto&) {}) == "accepted");
  CHECK_THAT(verdict([](auto& r) { r.header.version = 2; }), ContainsSubstring("wrong magic"));
  CHECK_THAT(verdict([](auto& r) { r.guest = text<GuestName>("Web { }"); }),
             ContainsSubstring("names no guest"));
  CHECK_THAT(verdict([](auto& r) { r.metadata_allowed = Switch{2}; }), ContainsSubstring("a switch"));
  CHECK_THAT(verdict([](auto& r) { r.net_count = 0; }), ContainsSubstring("no network"));
  CHECK_THAT(verdict([](auto& r) { r.net_count = ~0U; }), ContainsSubstring("too many"));
  CHECK_THAT(verdict([](auto& r) { r.net_count = 1; }), ContainsSubstring("unused slot"));
  CHECK_THAT(verdict([](auto& r) { r.nets[1].id = text<BoundedString<32>>("a b"); }),
             ContainsSubstring("nets[1].id"));
  CHECK_THAT(verdict([](auto& r) { r.nets[1].id = r.nets[0].id; }), ContainsSubstring("the same id"));
  CHECK_THAT(verdict([](auto& r) { r.nets[1].tap = r.nets[0].tap; }), ContainsSubstring("or interface"));
  CHECK_THAT(verdict([](auto& r) { r.nets[0].mac = {}; }), ContainsSubstring("nets[0].mac"));
  CHECK_THAT(verdict([](auto& r) { r.nets[0].reserved = 1; }), ContainsSubstring("reserved"));
  CHECK_THAT(verdict([](auto& r) { r.nets[0].addresses[1] = metadata_v4; }),
             ContainsSubstring("nets[0].addresses must be"));
}

TEST_CASE("an interface whose name would mean something in a rule is not filtered, and not started",
          "[policy]") {
  for (const auto* name : {"tap\"0", "tap*", "tap;0", "tap{0}", "tap\\0", "tap$0", "t,u"}) {
    INFO(name);
    CHECK_THAT(verdict([&](auto& r) { r.nets[0].tap = text<InterfaceName>(name); }),
               ContainsSubstring("letters, digits") && ContainsSubstring("rename it"));
  }
  CHECK(verdict([](auto& r) { r.nets[0].tap = text<InterfaceName>("vnet0.1_A-b"); }) == "accepted");
}

TEST_CASE("a report counts where it says that the filter is in force", "[policy]") {
  NetFilterReport report;
  CHECK_FALSE(check(report));
  report.header = header_of<NetFilterReport>();
  report.message = text<decltype(report.message)>("no nf_tables");
  CHECK(check(report).error().message == "no nf_tables");
  report.in_force = Switch::on;
  CHECK(check(report));
  report.in_force = Switch{2};
  CHECK_FALSE(check(report));
}
