#include <cstring>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "launcher/keeper.hpp"
#include "launcher/plan.hpp"
#include "tests/unit/launcher/test_host.hpp"

using namespace immure;
using namespace immure::launcher;
using namespace immure::launcher::test;

namespace {

/// A launch whose guest has a cgroup and its networks' taps.
Launch attached(Host& host) {
  auto launch = host.launch();
  launch.null = UniqueFd(::open("/dev/null", O_RDWR | O_CLOEXEC));
  REQUIRE(make_cgroup(launch));
  REQUIRE(attach_networks(launch));
  return launch;
}

}  // namespace

TEST_CASE("a new tap joins its bridge once the rules for it are in force", "[launcher]") {
  Host host;
  auto launch = attached(host);
  REQUIRE(filter_networks(launch));
  REQUIRE(join_networks(launch));
  const auto& kernel = host.kernel;
  CHECK(kernel.first("make_tap") < kernel.first("make_sealed net-filter"));
  CHECK(kernel.first("make_sealed net-filter") < kernel.first("clone"));
  CHECK(kernel.first("clone") < kernel.first("receive"));
  CHECK(kernel.first("receive") < kernel.first("join_bridge immure7 br0"));
  CHECK(launch.net_filter.pid == 4999);
  REQUIRE(launch.ledger.undo(host.kernel));
}

TEST_CASE("the owner of the rules is told each network's interface and addresses", "[launcher]") {
  Host host;
  host.guest.nets[1].addresses[0] = *policy::parse_ip("192.0.2.2");
  auto launch = attached(host);
  launch.host.metadata_allowed = policy::Switch::on;
  REQUIRE(filter_networks(launch));
  policy::NetFilterRecord record;
  REQUIRE(host.kernel.sealed["net-filter"].size() == sizeof(record));
  std::memcpy(&record, host.kernel.sealed["net-filter"].data(), sizeof(record));
  REQUIRE(policy::check(record));
  CHECK(record.guest.view() == "web1");
  CHECK(record.metadata_allowed == policy::Switch::on);
  REQUIRE(record.net_count == 2);
  CHECK(record.nets[0].tap.view() == "tap0");
  CHECK(record.nets[1].tap.view() == "immure7");
  CHECK(record.nets[1].id == host.guest.nets[1].id);
  CHECK(record.nets[1].mac == host.guest.nets[1].mac);
  CHECK(record.nets[1].addresses == host.guest.nets[1].addresses);
  REQUIRE(launch.ledger.undo(host.kernel));
}

TEST_CASE("without rules in force no tap joins a bridge", "[launcher]") {
  Host host;
  std::string expected = "bind the networks to their addresses: ";
  SECTION("the owner says why") {
    host.kernel.net_filter.in_force = policy::Switch::off;
    host.kernel.net_filter.message = decltype(host.kernel.net_filter.message)::fitting("no nf_tables here");
    expected += "no nf_tables here";
  }
  SECTION("the owner is of another version") {
    host.kernel.net_filter.header.version = 7;
    expected += "the network filter's report has a wrong magic";
  }
  SECTION("the owner ends without a word") {
    host.kernel.fail_on = "receive";
    expected += "told to fail";
  }
  SECTION("the owner is not installed") {
    host.kernel.missing = host.paths.net;
    expected += "open " + host.paths.net;
  }
  auto launch = attached(host);
  const auto filtered = filter_networks(launch);
  REQUIRE_FALSE(filtered);
  CHECK(filtered.error().message.starts_with(expected));
  host.kernel.fail_on.clear();
  REQUIRE(launch.ledger.undo(host.kernel));
}

TEST_CASE("there are no rules where the host policy wants none, or the guest has no network", "[launcher]") {
  Host host;
  const auto without_networks = GENERATE(true, false);
  auto launch = host.launch();
  if (without_networks) {
    launch.guest.net_count = 0;
    launch.guest.nets = {};
  } else {
    launch.host.anti_spoofing = policy::Switch::off;
  }
  REQUIRE(make_cgroup(launch));
  REQUIRE(attach_networks(launch));
  REQUIRE(filter_networks(launch));
  CHECK(host.kernel.first("clone") == host.kernel.calls.size());
  CHECK(host.kernel.first("make_directory " + host.paths.cgroups + "/immure/web1/net") ==
        host.kernel.calls.size());
  REQUIRE(join_networks(launch));
  CHECK((without_networks || host.kernel.first("join_bridge") < host.kernel.calls.size()));
  REQUIRE(launch.ledger.undo(host.kernel));
}

TEST_CASE("a VMM is dead before the rules of what it may send go", "[launcher]") {
  Host host;
  auto launch = attached(host);
  host.kernel.calls.clear();
  REQUIRE(launch.ledger.undo(host.kernel));
  const auto cgroup = host.paths.cgroups + "/immure/web1";
  CHECK(host.kernel.first("write_file " + cgroup + "/vmm/cgroup.kill") <
        host.kernel.first("read_file " + cgroup + "/vmm/cgroup.events"));
  CHECK(host.kernel.first("read_file " + cgroup + "/vmm/cgroup.events") <
        host.kernel.first("write_file " + cgroup + "/cgroup.kill"));
}
