#include "policy/toml/host_policy.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace immure::policy;
using Catch::Matchers::ContainsSubstring;

namespace {

std::string errors(const std::string& text) {
  const auto record = parse_host_policy(text, "host.toml");
  return record ? "accepted" : record.error().message;
}

}  // namespace

TEST_CASE("an empty host policy is the default one", "[policy]") {
  const auto record = parse_host_policy("", "host.toml");
  REQUIRE(record);
  CHECK(record->host == default_host_policy());
  CHECK(record->tenant_count == 0);
}

TEST_CASE("every key of the host policy arrives in its field", "[policy]") {
  const auto record = parse_host_policy(R"(
selinux = "optional"
[uids]
base = 100000
count = 200
[limits]
vcpus = 2
memory = "1 GiB"
guests = 100
swap = "1 GiB"
realtime_priority = 5
memory_merge = true
[cpus]
allowed = "2-7"
core_scheduling = "required"
[images]
directories = ["/srv/a", "/srv/b"]
[networks]
taps = ["tap0"]
bridges = ["br0", "br1"]
metadata = true
require_addresses = true
addresses = ["192.0.2.0/28", "2001:db8::/64"]
passt = true
vhost = true
forward_addresses = ["127.0.0.1", "192.0.2.1", "::"]
[attestation]
measure = "required"
require_signature = true
signers = "/etc/immure/signers.pem"
revoked = "/etc/immure/revoked"
tpm = "/dev/tpmrm0"
pcr = 11
nv_index = 0x01800100
)",
                                        "host.toml");
  REQUIRE(record);
  CHECK(record->host.selinux == SelinuxMode::optional);
  CHECK(record->host.uid_base == 100'000);
  CHECK(record->host.uid_count == 200);
  CHECK(record->host.max_vcpus == 2);
  CHECK(record->host.max_memory_bytes == 1ULL << 30);
  CHECK(record->host.max_guests == 100);
  CHECK(record->host.max_swap_bytes == 1ULL << 30);
  CHECK(record->host.max_realtime_priority == 5);
  CHECK(record->host.memory_merge_allowed == Switch::on);
  CHECK(list_text(record->host.cpus) == "2-7");
  CHECK(record->host.core_scheduling == CoreScheduling::required);
  CHECK(record->host.anti_spoofing == Switch::on);
  CHECK(record->host.metadata_allowed == Switch::on);
  CHECK(record->host.addresses_required == Switch::on);
  CHECK(record->host.addresses.text() == "192.0.2.0/28, 2001:db8::/64");
  REQUIRE(record->host.image_directory_count == 2);
  CHECK(record->host.image_directories[1].view() == "/srv/b");
  REQUIRE(record->host.tap_count == 1);
  CHECK(record->host.taps[0].view() == "tap0");
  REQUIRE(record->host.bridge_count == 2);
  CHECK(record->host.bridges[1].view() == "br1");
  CHECK(record->host.passt == Switch::on);
  CHECK(record->host.vhost == Switch::on);
  REQUIRE(record->host.forward_address_count == 3);
  CHECK(ip_text(record->host.forward_addresses[1]) == "192.0.2.1");
  CHECK(ip_text(record->host.forward_addresses[2]) == "::");
  const auto& attestation = record->host.attestation;
  CHECK(attestation.measure == MeasureMode::required);
  CHECK(attestation.signature_required == Switch::on);
  CHECK(attestation.signers.view() == "/etc/immure/signers.pem");
  CHECK(attestation.revoked.view() == "/etc/immure/revoked");
  CHECK(attestation.tpm.view() == "/dev/tpmrm0");
  CHECK(attestation.pcr == 11);
  CHECK(attestation.nv_index == 0x0180'0100);
}

TEST_CASE("mistakes in the host policy are told like those of a specification", "[policy]") {
  CHECK(errors("selinux = \"off\"\n") ==
        "host.toml:1:11: selinux: \"off\" is not a mode; allowed: \"required\" or \"optional\"");
  CHECK_THAT(errors("[cpus]\ncore_scheduling = \"on\"\n"),
             ContainsSubstring("cpus.core_scheduling: \"on\" is not"));
  CHECK_THAT(errors("[cpus]\nallowed = \"7-2\"\n"), ContainsSubstring("cpus.allowed: \"7-2\" is not a list"));
  CHECK_THAT(errors("[limits]\nrealtime_priority = 100\n"),
             ContainsSubstring("realtime_priority: 100 is out"));
  CHECK_THAT(errors("[attestation]\nmeasure = true\n"), ContainsSubstring("attestation.measure"));
  CHECK_THAT(errors("[attestation]\nmeasure = \"on\"\n"), ContainsSubstring("\"on\" is not a mode"));
  CHECK_THAT(errors("[attestation]\nsigners = \"keys\"\n"), ContainsSubstring("not a path in normal form"));
  CHECK_THAT(errors("[attestation]\nrequire_signature = true\n"), ContainsSubstring("whose signature?"));
  CHECK_THAT(errors("[attestation]\nrequire_signature = 1\n"), ContainsSubstring("require_signature"));
  CHECK_THAT(errors("[attestation]\npcr = 16\n"), ContainsSubstring("attestation.pcr"));
  for (const auto* index : {"0x0180000", "0x017fffff", "0x01c00002", "0"}) {
    CHECK_THAT(errors("[attestation]\nmeasure = \"required\"\ntpm = \"/dev/tpm0\"\nnv_index = " +
                      std::string(index)),
               ContainsSubstring("attestation.nv_index"));
  }
  CHECK_THAT(errors("[attestation]\nnv_index = 0x01800100\n"),
             ContainsSubstring("nv_index: there is no tpm"));
  CHECK_THAT(errors("[attestation]\ntpm = \"/dev/tpmrm0\"\n"), ContainsSubstring("attestation.measure"));
  CHECK_THAT(errors("[uids]\nbase = 1000\n"), ContainsSubstring("uids.base: 1000 is out of range"));
  CHECK_THAT(errors("[uids]\nbase = 70001\n"), ContainsSubstring("an even number"));
  CHECK_THAT(errors("[uids]\ncount = 3\n"), ContainsSubstring("uids.count: 3 is out of range"));
  CHECK_THAT(errors("[uids]\ncount = 4000000000\n"), ContainsSubstring("uids.count"));
  CHECK_THAT(errors("[uids]\nbase = 2147483000\n"), ContainsSubstring("uids.count"));
  CHECK_THAT(errors("[limits]\nvcpus = 65\n"), ContainsSubstring("limits.vcpus"));
  CHECK_THAT(errors("[limits]\nmemory = \"1 MiB\"\n"), ContainsSubstring("limits.memory"));
  CHECK_THAT(errors("[limits]\nguests = 0\n"), ContainsSubstring("limits.guests"));
  CHECK_THAT(errors("[limits]\nguest = 1\n"), ContainsSubstring("did you mean \"guests\"?"));
  CHECK_THAT(errors("[images]\ndirectories = \"/srv\"\n"),
             ContainsSubstring("images.directories: this is a text"));
  CHECK_THAT(errors("[images]\ndirectories = [1]\n"),
             ContainsSubstring("images.directories: this is a whole number"));
  CHECK_THAT(errors("[images]\ndirectories = [\"srv\"]\n"),
             ContainsSubstring("\"srv\" is not a path in normal form"));
  CHECK_THAT(errors("[networks]\nbridges = [\"a/b\"]\n"),
             ContainsSubstring("networks.bridges: \"a/b\" is not the name of an interface"));
  CHECK_THAT(errors("[networks]\nanti_spoofing = \"off\"\n"),
             ContainsSubstring("networks.anti_spoofing: this is a text"));
  CHECK_THAT(errors("[networks]\nanti_spoofing = false\nrequire_addresses = true\n"),
             ContainsSubstring("3:21: networks.require_addresses: nobody would look at them"));
  CHECK_THAT(errors("[networks]\nanti_spoofing = false\naddresses = [\"::/0\"]\n"),
             ContainsSubstring("3:13: networks.addresses: nobody would look at them"));
  CHECK_THAT(errors("[networks]\naddresses = [\"192.0.2.1/28\"]\n"),
             ContainsSubstring("2:13: networks.addresses: \"192.0.2.1/28\" is not a prefix"));
  CHECK_THAT(errors("[networks]\nbridge = [\"a\"]\n"), ContainsSubstring("did you mean \"bridges\"?"));
  std::string many = "[images]\ndirectories = [";
  for (int i = 0; i < 17; ++i) many += "\"/d" + std::to_string(i) + "\",";
  CHECK_THAT(errors(many + "]\n"), ContainsSubstring("images.directories: 17 are too many"));
}

TEST_CASE("every key of a tenant arrives in its field", "[policy]") {
  const auto file = parse_host_policy(R"(
owners = ["root-by-sudo"]
[[tenants]]
name = "acme"
users = ["alice", "bob"]
groups = ["acme"]
guest_names = "acme-"
directories = ["/srv/acme"]
taps = ["tap0"]
bridges = ["br0"]
addresses = ["198.51.100.0/24"]
passt = true
vhost = true
forward_addresses = ["127.0.0.2"]
vcpus = 4
memory = "2 GiB"
swap = "1 GiB"
realtime_priority = 2
memory_merge = true
guests = 20
total_vcpus = 40
total_memory = "64 GiB"
signers = "/etc/immure/acme.pem"
[[tenants]]
name = "umbrella"
)",
                                      "host.toml");
  REQUIRE(file);
  REQUIRE(file->owner_count == 1);
  CHECK(file->owners[0].view() == "root-by-sudo");
  REQUIRE(file->tenant_count == 2);
  const auto& acme = file->tenants[0];
  CHECK(acme.limits.name.view() == "acme");
  REQUIRE(acme.user_count == 2);
  CHECK(acme.users[1].view() == "bob");
  REQUIRE(acme.group_count == 1);
  CHECK(acme.groups[0].view() == "acme");
  CHECK(acme.limits.guest_names.view() == "acme-");
  REQUIRE(acme.limits.directory_count == 1);
  CHECK(acme.limits.directories[0].view() == "/srv/acme");
  CHECK(acme.taps[0].view() == "tap0");
  CHECK(acme.bridges[0].view() == "br0");
  CHECK(acme.passt == Switch::on);
  CHECK(acme.vhost == Switch::on);
  REQUIRE(acme.forward_address_count == 1);
  CHECK(ip_text(acme.forward_addresses[0]) == "127.0.0.2");
  CHECK(file->tenants[1].passt == Switch::off);
  CHECK(file->tenants[1].vhost == Switch::off);
  CHECK(file->tenants[1].forward_address_count == 0);
  CHECK(acme.max_vcpus == 4);
  CHECK(acme.max_memory_bytes == 2ULL << 30);
  CHECK(acme.max_swap_bytes == 1ULL << 30);
  CHECK(acme.max_realtime_priority == 2);
  CHECK(acme.limits.memory_merge_allowed == Switch::on);
  CHECK(acme.limits.max_guests == 20);
  CHECK(acme.limits.max_total_vcpus == 40);
  CHECK(acme.limits.max_total_memory == 64ULL << 30);
  CHECK(acme.signers.view() == "/etc/immure/acme.pem");
  CHECK(acme.addresses.text() == "198.51.100.0/24");
  CHECK(file->tenants[1].addresses.empty());
  CHECK(file->tenants[1].signers.empty());
  CHECK(file->tenants[1].limits.max_guests == max_host_guests);
  CHECK(file->tenants[1].max_swap_bytes == 0);
}

TEST_CASE("mistakes in a tenant are told with their place", "[policy]") {
  CHECK_THAT(errors("[[tenants]]\nusers = [\"a\"]\n"),
             ContainsSubstring("tenants[0].name: this key is missing"));
  CHECK_THAT(errors("[[tenants]]\nname = \"A\"\n"),
             ContainsSubstring("tenants[0].name: \"A\" cannot be one"));
  CHECK_THAT(errors("[[tenants]]\nname = \"a\"\nusers = [\"\"]\n"),
             ContainsSubstring("tenants[0].users: \"\" is not a name"));
  CHECK_THAT(errors("[[tenants]]\nname = \"a\"\nvcpus = 0\n"),
             ContainsSubstring("tenants[0].vcpus: 0 is out"));
  CHECK_THAT(errors("[[tenants]]\nname = \"a\"\nuser = [\"b\"]\n"),
             ContainsSubstring("did you mean \"users\"?"));
  CHECK_THAT(errors("[[tenants]]\nname = \"a\"\n[[tenants]]\nname = \"a\"\n"),
             ContainsSubstring("is used twice"));
  CHECK_THAT(errors("owners = [1]\n"), ContainsSubstring("owners: this is a whole number"));
}

TEST_CASE(
    "networks through passt are off, and ports are forwarded from the loopback addresses alone, unless said",
    "[policy]") {
  const auto host = [](const char* text) { return parse_host_policy(text, "host.toml").value().host; };
  CHECK(host("").passt == Switch::off);
  CHECK(host("").vhost == Switch::off);
  REQUIRE(host("").forward_address_count == 2);
  CHECK(host("").forward_addresses[0] == loopback_v4);
  CHECK(host("[networks]\npasst = true\n").forward_address_count == 2);
  CHECK(host("[networks]\nforward_addresses = []\n").forward_address_count == 0);
  CHECK(host("[networks]\nforward_addresses = [\"::1\"]\n").forward_addresses[1] == IpAddress{});
  CHECK_THAT(errors("[networks]\npasst = \"yes\"\n"), ContainsSubstring("networks.passt: this is a text"));
  CHECK_THAT(errors("[networks]\nforward_addresses = [\"eth0\"]\n"),
             ContainsSubstring("networks.forward_addresses: \"eth0\" is no address"));
  CHECK_THAT(errors("[networks]\nforward_address = []\n"),
             ContainsSubstring("did you mean \"forward_addresses\"?"));
}
