#include "policy/host_policy_record.hpp"

#include <functional>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "tests/unit/policy/test_records.hpp"

using namespace immure;
using namespace immure::policy;
using Catch::Matchers::ContainsSubstring;
using test::text;

namespace {

std::string verdict(const std::function<void(HostPolicyRecord&)>& change) {
  auto host = default_host_policy();
  change(host);
  const auto checked = check(host);
  return checked ? "accepted" : checked.error().message;
}

void allow_directory(HostPolicyRecord& host, std::string_view directory) {
  host.image_directories[host.image_directory_count++] = text<HostPath>(directory);
}

}  // namespace

TEST_CASE("the default host policy is valid and demands SELinux", "[policy]") {
  CHECK(check(default_host_policy()));
  CHECK(default_host_policy().selinux == SelinuxMode::required);
  CHECK(default_host_policy().anti_spoofing == Switch::on);
  CHECK(default_host_policy().metadata_allowed == Switch::off);
}

TEST_CASE("a host policy out of range is refused by its key", "[policy]") {
  CHECK_THAT(verdict([](auto& h) { h.header.magic = 0; }), ContainsSubstring("magic"));
  CHECK_THAT(verdict([](auto& h) { h.selinux = SelinuxMode{0}; }), ContainsSubstring("selinux must be"));
  CHECK_THAT(verdict([](auto& h) { h.selinux = SelinuxMode{3}; }), ContainsSubstring("selinux must be"));
  CHECK_THAT(verdict([](auto& h) { h.max_vcpus = 0; }), ContainsSubstring("limits.vcpus"));
  CHECK_THAT(verdict([](auto& h) { h.max_vcpus = 65; }), ContainsSubstring("limits.vcpus"));
  CHECK_THAT(verdict([](auto& h) { h.max_memory_bytes = 0; }), ContainsSubstring("limits.memory"));
  CHECK_THAT(verdict([](auto& h) { h.max_memory_bytes = ~0ULL; }), ContainsSubstring("limits.memory"));
  CHECK_THAT(verdict([](auto& h) { h.max_guests = 0; }), ContainsSubstring("limits.guests"));
  CHECK_THAT(verdict([](auto& h) { h.max_guests = max_host_guests + 1; }),
             ContainsSubstring("limits.guests"));
  CHECK_THAT(verdict([](auto& h) { h.max_swap_bytes = max_memory_bytes + 1; }),
             ContainsSubstring("limits.swap"));
  CHECK_THAT(verdict([](auto& h) { h.max_realtime_priority = 100; }), ContainsSubstring("realtime_priority"));
  CHECK_THAT(verdict([](auto& h) { h.core_scheduling = CoreScheduling{3}; }),
             ContainsSubstring("core_scheduling"));
  CHECK_THAT(verdict([](auto& h) { h.anti_spoofing = Switch{2}; }), ContainsSubstring("networks: a switch"));
  CHECK_THAT(verdict([](auto& h) { h.metadata_allowed = Switch{2}; }),
             ContainsSubstring("networks: a switch"));
  CHECK_THAT(verdict([](auto& h) { h.vhost = Switch{2}; }), ContainsSubstring("networks: a switch"));
  CHECK_THAT(
      verdict([](auto& h) {
        h.anti_spoofing = Switch::off;
        h.addresses_required = Switch::on;
      }),
      ContainsSubstring("networks.require_addresses and networks.addresses need networks.anti_spoofing"));
  CHECK_THAT(verdict([](auto& h) { h.image_directory_count = 25; }), ContainsSubstring("images.directories"));
  CHECK_THAT(verdict([](auto& h) { h.image_directory_count = 1; }),
             ContainsSubstring("images.directories[0]"));
  CHECK_THAT(verdict([](auto& h) { allow_directory(h, "/srv/"); }),
             ContainsSubstring("images.directories[0]"));
}

TEST_CASE("the guests' uids lie above people's and below the sign bit, in pairs", "[policy]") {
  CHECK_THAT(verdict([](auto& h) { h.uid_base = 0; }), ContainsSubstring("uids.base"));
  CHECK_THAT(verdict([](auto& h) { h.uid_base = first_guest_uid - 2; }), ContainsSubstring("uids.base"));
  CHECK_THAT(verdict([](auto& h) { h.uid_base += 1; }), ContainsSubstring("uids.base"));
  CHECK_THAT(verdict([](auto& h) { h.uid_base = 0x7fff'fffe; }), ContainsSubstring("uids.base"));
  CHECK_THAT(verdict([](auto& h) { h.uid_base = 0xffff'fffe; }), ContainsSubstring("uids.base"));
  CHECK_THAT(verdict([](auto& h) { h.uid_count = 0; }), ContainsSubstring("uids.count"));
  CHECK_THAT(verdict([](auto& h) { h.uid_count = 3; }), ContainsSubstring("uids.count"));
  CHECK_THAT(verdict([](auto& h) { h.uid_count = ~1U; }), ContainsSubstring("uids.count"));
}

TEST_CASE("what the host policy says of signatures fits together", "[policy]") {
  const auto keys = text<HostPath>("/etc/immure/signers.pem");
  CHECK_THAT(verdict([](auto& h) { h.attestation.measure = MeasureMode{0}; }),
             ContainsSubstring("attestation.measure"));
  CHECK_THAT(verdict([](auto& h) { h.attestation.measure = MeasureMode{4}; }),
             ContainsSubstring("attestation.measure"));
  CHECK_THAT(verdict([](auto& h) { h.attestation.signature_required = Switch{2}; }),
             ContainsSubstring("require_signature"));
  CHECK_THAT(verdict([](auto& h) { h.attestation.signature_required = Switch::on; }),
             ContainsSubstring("whose signature?"));
  CHECK_THAT(verdict([&](auto& h) { h.attestation.revoked = keys; }),
             ContainsSubstring("needs attestation.signers"));
  CHECK_THAT(verdict([](auto& h) { h.attestation.signers = text<HostPath>("keys"); }),
             ContainsSubstring("normal form"));
  CHECK(verdict([&](auto& h) {
          h.attestation.signature_required = Switch::on;
          h.attestation.signers = h.attestation.revoked = keys;
        }) == "accepted");
}
