#include "policy/host_policy_file.hpp"

#include <functional>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "tests/unit/policy/test_records.hpp"

using namespace immure;
using namespace immure::policy;
using Catch::Matchers::ContainsSubstring;
using test::text;

namespace {

/// Two tenants: acme has a user and a group, umbrella a group that acme's user is in, too.
HostPolicyFile two_tenants() {
  auto file = default_host_policy_file();
  file.host.max_vcpus = 8;
  file.host.max_swap_bytes = 1 << 20;
  file.host.bridge_count = 1;
  file.host.passt = file.host.vhost = file.host.memory_merge_allowed = Switch::on;
  file.host.max_realtime_priority = 5;
  file.host.bridges[0] = text<InterfaceName>("br0");
  file.host.image_directory_count = 1;
  file.host.image_directories[0] = text<HostPath>("/srv/shared");
  file.owner_count = 1;
  file.owners[0] = text<AccountName>("root-by-sudo");
  file.tenant_count = 2;
  auto& acme = file.tenants[0];
  acme.limits.name = text<TenantName>("acme");
  acme.limits.directory_count = 1;
  acme.limits.directories[0] = text<HostPath>("/srv/acme");
  acme.user_count = acme.group_count = 1;
  acme.users[0] = text<AccountName>("alice");
  acme.groups[0] = text<AccountName>("acme");
  acme.max_vcpus = 2;
  acme.tap_count = 1;
  acme.taps[0] = text<InterfaceName>("tap-acme");
  auto& umbrella = file.tenants[1];
  umbrella.limits.name = text<TenantName>("umbrella");
  umbrella.group_count = 1;
  umbrella.groups[0] = text<AccountName>("everybody");
  umbrella.max_vcpus = 16;
  return file;
}

std::string verdict(const std::function<void(HostPolicyFile&)>& change) {
  auto file = two_tenants();
  change(file);
  const auto checked = check(file);
  return checked ? "accepted" : checked.error().message;
}

}  // namespace

TEST_CASE("a tenant's guests name addresses of the tenant's, or else those of everybody", "[policy]") {
  auto file = two_tenants();
  file.host.addresses.prefixes[0] = *parse_prefix("192.0.2.0/24");
  file.tenants[0].addresses.prefixes[0] = *parse_prefix("198.51.100.0/24");
  CHECK(policy_for(file, Requester{"alice", {}}).addresses.text() == "198.51.100.0/24");
  CHECK(policy_for(file, Requester{"carol", {"everybody"}}).addresses.text() == "192.0.2.0/24");
  CHECK_THAT(verdict([](auto& f) {
               f.host.anti_spoofing = Switch::off;
               f.tenants[0].addresses.prefixes[0] = *parse_prefix("198.51.100.0/24");
             }),
             ContainsSubstring("tenants.addresses need networks.anti_spoofing"));
}

TEST_CASE("a user, and a member of a group, have what their tenant has", "[policy]") {
  for (const auto& requester : {Requester{"alice", {"everybody"}}, Requester{"bob", {"x", "acme"}}}) {
    const auto record = policy_for(two_tenants(), requester);
    CHECK(check(record));
    CHECK(record.requester_allowed == Switch::on);
    CHECK(record.requester.view() == requester.user);
    CHECK(record.tenant.name.view() == "acme");
    CHECK(record.max_vcpus == 2);
    CHECK(record.max_swap_bytes == 0);
    CHECK(record.max_realtime_priority == 0);
    CHECK(record.memory_merge_allowed == Switch::off);
    CHECK(record.bridge_count == 0);
    CHECK(record.passt == Switch::off);
    CHECK(record.vhost == Switch::off);
    CHECK(record.forward_address_count == 0);
    REQUIRE(record.tap_count == 1);
    CHECK(record.taps[0].view() == "tap-acme");
    REQUIRE(record.image_directory_count == 2);
    CHECK(record.image_directories[0].view() == "/srv/shared");
    CHECK(record.image_directories[1].view() == "/srv/acme");
  }
}

TEST_CASE("a tenant never has more than the host allows one guest", "[policy]") {
  CHECK(policy_for(two_tenants(), Requester{"carol", {"everybody"}}).max_vcpus == 8);
}

TEST_CASE("the host itself and its owners are nobody's tenants", "[policy]") {
  const auto file = two_tenants();
  CHECK(policy_for(file, std::nullopt) == file.host);
  const auto owner = policy_for(file, Requester{"root-by-sudo", {"acme"}});
  CHECK(owner.tenant.name.empty());
  CHECK(owner.requester_allowed == Switch::on);
  CHECK(owner.max_vcpus == 8);
}

TEST_CASE("who is in no tenant is denied as soon as there is one", "[policy]") {
  auto file = two_tenants();
  CHECK(policy_for(file, Requester{"mallory", {"mallory"}}).requester_allowed == Switch::off);
  file.tenant_count = 0;
  CHECK(policy_for(file, Requester{"mallory", {"mallory"}}).requester_allowed == Switch::on);
}

TEST_CASE("a host policy with a tenant that cannot be is refused", "[policy]") {
  CHECK(verdict([](auto&) {}) == "accepted");
  CHECK_THAT(verdict([](auto& f) { f.tenant_count = 33; }), ContainsSubstring("tenants: too many"));
  CHECK_THAT(verdict([](auto& f) { f.owner_count = 17; }), ContainsSubstring("owners: too many"));
  CHECK_THAT(verdict([](auto& f) { f.owner_count = 2; }), ContainsSubstring("owners has a name"));
  CHECK_THAT(verdict([](auto& f) { f.tenants[1].limits.name = f.tenants[0].limits.name; }),
             ContainsSubstring("\"acme\" is used twice"));
  CHECK_THAT(verdict([](auto& f) { f.tenants[1].limits.name = {}; }),
             ContainsSubstring("tenants.name is missing"));
  CHECK_THAT(verdict([](auto& f) { f.tenants[0].user_count = 2; }), ContainsSubstring("tenants.users"));
  CHECK_THAT(verdict([](auto& f) { f.tenants[0].user_count = 33; }),
             ContainsSubstring("tenants.users: too many"));
  CHECK_THAT(verdict([](auto& f) { f.tenants[0].tap_count = 2; }), ContainsSubstring("tenants.taps"));
  CHECK_THAT(verdict([](auto& f) { f.tenants[0].limits.directory_count = 9; }),
             ContainsSubstring("tenants.directories"));
  CHECK_THAT(verdict([](auto& f) { f.tenants[0].limits.directories[0] = text<HostPath>("/srv/"); }),
             ContainsSubstring("tenants.directories"));
  CHECK_THAT(verdict([](auto& f) { f.tenants[0].max_vcpus = max_vcpus + 1; }),
             ContainsSubstring("tenants.vcpus"));
  CHECK_THAT(verdict([](auto& f) { f.tenants[0].max_memory_bytes = min_memory_bytes - 1; }),
             ContainsSubstring("tenants.memory"));
  CHECK_THAT(verdict([](auto& f) { f.tenants[0].max_swap_bytes = max_memory_bytes + 1; }),
             ContainsSubstring("tenants.swap"));
  CHECK_THAT(verdict([](auto& f) { f.host.tenant = f.tenants[0].limits; }),
             ContainsSubstring("one of a tenant"));
}

TEST_CASE("a tenant with signers of his own has his guests signed by them, and nobody else", "[policy]") {
  auto file = two_tenants();
  file.host.attestation.signers = text<HostPath>("/etc/immure/signers.pem");
  file.tenants[0].signers = text<HostPath>("/etc/immure/acme.pem");
  const auto acme = policy_for(file, Requester{"alice", {}}).attestation;
  CHECK(acme.signers.view() == "/etc/immure/acme.pem");
  CHECK(acme.signature_required == Switch::on);
  const auto umbrella = policy_for(file, Requester{"carol", {"everybody"}}).attestation;
  CHECK(umbrella.signers.view() == "/etc/immure/signers.pem");
  CHECK(umbrella.signature_required == Switch::off);
  CHECK_THAT(verdict([](auto& f) { f.tenants[0].signers = text<HostPath>("acme.pem"); }),
             ContainsSubstring("tenants.signers"));
}
