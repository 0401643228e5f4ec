#include "policy/host_policy_record.hpp"

#include <functional>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "tests/unit/policy/test_records.hpp"

using namespace immure;
using namespace immure::policy;
using Catch::Matchers::ContainsSubstring;
using test::networked_guest;
using test::text;

namespace {

std::string verdict(const std::function<void(HostPolicyRecord&)>& change) {
  auto host = default_host_policy();
  change(host);
  const auto checked = check(host);
  return checked ? "accepted" : checked.error().message;
}

std::string admission(const std::function<void(GuestRecord&, HostPolicyRecord&)>& change) {
  auto guest = networked_guest();
  auto host = default_host_policy();
  host.tap_count = host.bridge_count = 1;
  host.taps[0] = text<InterfaceName>("tap7");
  host.bridges[0] = text<InterfaceName>("br0");
  change(guest, host);
  const auto admitted = admit(guest, host);
  return admitted ? "admitted" : admitted.error().message;
}

void allow_directory(HostPolicyRecord& host, std::string_view directory) {
  host.image_directories[host.image_directory_count++] = text<HostPath>(directory);
}

}  // namespace

TEST_CASE("the default host policy is valid and demands SELinux", "[policy]") {
  CHECK(check(default_host_policy()));
  CHECK(default_host_policy().selinux == SelinuxMode::required);
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
  CHECK_THAT(verdict([](auto& h) { h.image_directory_count = 17; }), ContainsSubstring("images.directories"));
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

TEST_CASE("a guest within the host policy is admitted", "[policy]") {
  CHECK(admission([](auto&, auto&) {}) == "admitted");
  CHECK(admission([](auto&, auto& h) { allow_directory(h, "/srv/images"); }) == "admitted");
  CHECK(admission([](auto& g, auto& h) {
          allow_directory(h, "/other");
          allow_directory(h, "/srv");
          g.initrd = {};
        }) == "admitted");
}

TEST_CASE("a guest with more than the host allows is not admitted, and both values are told", "[policy]") {
  CHECK(admission([](auto&, auto& h) { h.max_vcpus = 1; }) == "cpu.count is 2, the host policy allows 1");
  CHECK_THAT(admission([](auto&, auto& h) { h.max_memory_bytes = 32ULL << 20; }),
             ContainsSubstring("memory.size is 67108864 bytes, the host policy allows 33554432"));
}

TEST_CASE("an image outside the host's directories is not admitted, and both are told", "[policy]") {
  const auto only = [](std::string_view directory) {
    return [directory](auto&, auto& h) { allow_directory(h, directory); };
  };
  CHECK(admission(only("/other")) ==
        "boot.kernel \"/srv/images/vmlinuz\" is outside the image directories of the host policy (/other)");
  // A directory is a prefix up to a '/', not a prefix of letters.
  CHECK_THAT(admission(only("/srv/image")), ContainsSubstring("is outside"));
  CHECK_THAT(admission(only("/srv/images/vmlinuz")), ContainsSubstring("boot.kernel"));
  const auto elsewhere = [](auto change) {
    return [change](auto& g, auto& h) {
      allow_directory(h, "/srv");
      change(g);
    };
  };
  CHECK_THAT(admission(elsewhere([](auto& g) { g.initrd = text<HostPath>("/tmp/i"); })),
             ContainsSubstring("boot.initrd \"/tmp/i\""));
  CHECK_THAT(admission(elsewhere([](auto& g) { g.disks[1].path = text<HostPath>("/dev/sda"); })),
             ContainsSubstring("disks[1].path \"/dev/sda\""));
}

TEST_CASE("a network that the host's owner did not name is not admitted", "[policy]") {
  CHECK(admission([](auto&, auto& h) { h.bridge_count = 0; }) ==
        "nets[0].bridge \"br0\" is not in networks.bridges of the host policy (which allows none)");
  CHECK(admission([](auto&, auto& h) { h.taps[0] = text<InterfaceName>("tap8"); }) ==
        "nets[1].tap \"tap7\" is not in networks.taps of the host policy (tap8)");
  // A name is allowed for what it is: a tap called as a bridge is allowed is not.
  CHECK_THAT(admission([](auto& g, auto&) { g.nets[1].host = text<InterfaceName>("br0"); }),
             ContainsSubstring("nets[1].tap \"br0\" is not in networks.taps"));
}
