#include "policy/admission.hpp"

#include <functional>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "policy/guest_claim.hpp"
#include "tests/unit/policy/test_records.hpp"

using namespace immure;
using namespace immure::policy;
using Catch::Matchers::ContainsSubstring;
using test::networked_guest;
using test::text;

namespace {

std::string admission(const std::function<void(GuestRecord&, HostPolicyRecord&)>& change) {
  auto guest = networked_guest();
  auto host = default_host_policy();
  host.tap_count = host.bridge_count = 1;
  host.taps[0] = text<InterfaceName>("tap7");
  host.bridges[0] = text<InterfaceName>("br0");
  change(guest, host);
  const auto admitted = require(evaluate(guest, host));
  return admitted ? "admitted" : admitted.error().message;
}

void allow_directory(HostPolicyRecord& host, std::string_view directory) {
  host.image_directories[host.image_directory_count++] = text<HostPath>(directory);
}

/// The same for a tenant who has a directory of his own.
std::string tenants_admission(const std::function<void(GuestRecord&, HostPolicyRecord&)>& change) {
  return admission([&](auto& guest, auto& host) {
    host.requester = text<AccountName>("alice");
    host.tenant.name = text<TenantName>("acme");
    host.tenant.directories[0] = text<HostPath>("/srv/images");
    host.tenant.directory_count = 1;
    allow_directory(host, "/srv/images");
    change(guest, host);
  });
}

}  // namespace

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
  CHECK(admission([](auto&, auto& h) { h.max_vcpus = 1; }) ==
        "cpu.count is 2, the host policy allows at most 1 (limits.vcpus)");
  CHECK_THAT(admission([](auto&, auto& h) { h.max_memory_bytes = 32ULL << 20; }),
             ContainsSubstring("memory.size is 67108864 bytes, the host policy allows at most 33554432"));
}

TEST_CASE("an image outside the host's directories is not admitted, and both are told", "[policy]") {
  const auto only = [](std::string_view directory) {
    return [directory](auto&, auto& h) { allow_directory(h, directory); };
  };
  CHECK(admission(only("/other")) ==
        "boot.kernel is \"/srv/images/vmlinuz\", the host policy allows below /other (images.directories)");
  // A directory is a prefix up to a '/', not a prefix of letters.
  CHECK_THAT(admission(only("/srv/image")), ContainsSubstring("boot.kernel is"));
  CHECK_THAT(admission(only("/srv/images/vmlinuz")), ContainsSubstring("boot.kernel"));
  const auto elsewhere = [](auto change) {
    return [change](auto& g, auto& h) {
      allow_directory(h, "/srv");
      change(g);
    };
  };
  CHECK_THAT(admission(elsewhere([](auto& g) { g.initrd = text<HostPath>("/tmp/i"); })),
             ContainsSubstring("boot.initrd is \"/tmp/i\""));
  CHECK_THAT(admission(elsewhere([](auto& g) { g.disks[1].path = text<HostPath>("/dev/sda"); })),
             ContainsSubstring("disks[1].path is \"/dev/sda\""));
}

TEST_CASE("a network that the host's owner did not name is not admitted", "[policy]") {
  CHECK(admission([](auto&, auto& h) { h.bridge_count = 0; }) ==
        "nets[0].bridge is \"br0\", the host policy allows none (networks.bridges)");
  CHECK(admission([](auto&, auto& h) { h.taps[0] = text<InterfaceName>("tap8"); }) ==
        "nets[1].tap is \"tap7\", the host policy allows tap8 (networks.taps)");
  // A name is allowed for what it is: a tap called as a bridge is allowed is not.
  CHECK_THAT(admission([](auto& g, auto&) { g.nets[1].host = text<InterfaceName>("br0"); }),
             ContainsSubstring("nets[1].tap is \"br0\""));
}

TEST_CASE("where the host policy wants addresses, a network without them is not admitted", "[policy]") {
  CHECK(admission([](auto&, auto& h) { h.addresses_required = Switch::on; }) ==
        "nets[0].addresses is missing, the host policy allows any, but named (networks.require_addresses)");
  CHECK_THAT(admission([](auto& g, auto& h) {
               h.addresses_required = Switch::on;
               g.nets[0].addresses[0] = *parse_ip("192.0.2.2");
             }),
             ContainsSubstring("nets[1].addresses is missing"));
  CHECK(admission([](auto& g, auto& h) {
          h.addresses_required = Switch::on;
          g.nets[0].addresses[0] = *parse_ip("192.0.2.2");
          g.nets[1].addresses[0] = *parse_ip("2001:db8::2");
        }) == "admitted");
}

TEST_CASE("a guest names the addresses that the host policy gives, and names some", "[policy]") {
  const auto with = [](const char* first, const char* second) {
    return admission([&](auto& g, auto& h) {
      h.addresses.prefixes = {*parse_prefix("192.0.2.0/28"), *parse_prefix("2001:db8::/64")};
      g.nets[0].addresses[0] = *parse_ip(first);
      if (second != nullptr) g.nets[1].addresses = {*parse_ip("192.0.2.3"), *parse_ip(second)};
    });
  };
  CHECK(with("192.0.2.2", "2001:db8::2") == "admitted");
  CHECK(with("192.0.2.16", "2001:db8::2") ==
        "nets[0].addresses has 192.0.2.16, the host policy allows 192.0.2.0/28, 2001:db8::/64 "
        "(networks.addresses)");
  CHECK_THAT(with("192.0.2.2", "2001:db8:0:1::2"),
             ContainsSubstring("nets[1].addresses has 2001:db8:0:1::2"));
  CHECK_THAT(with("192.0.2.2", nullptr), ContainsSubstring("nets[1].addresses is missing"));
}

TEST_CASE("what costs other guests something is denied unless the host policy gives it", "[policy]") {
  CHECK_THAT(admission([](auto& g, auto&) { g.resources.swap = 4096; }),
             ContainsSubstring("resources.swap is 4096 bytes, the host policy allows at most 0"));
  CHECK_THAT(admission([](auto& g, auto&) { g.resources.realtime_priority = 1; }),
             ContainsSubstring("cpu.realtime_priority is 1, the host policy allows at most 0"));
  CHECK_THAT(admission([](auto& g, auto&) { g.resources.memory_merge = Switch::on; }),
             ContainsSubstring("memory.merge is true, the host policy allows false"));
  CHECK(admission([](auto& g, auto& h) {
          g.resources.swap = h.max_swap_bytes = 4096;
          g.resources.memory_merge = h.memory_merge_allowed = Switch::on;
          g.resources.realtime_priority = h.max_realtime_priority = 1;
        }) == "admitted");
}

TEST_CASE("a guest gets no CPU that the host policy keeps from guests", "[policy]") {
  const auto asked = [](const char* cpus, std::uint16_t pinned) {
    return admission([&](auto& g, auto& h) {
      h.cpus = parse_list("2-7").value();
      if (*cpus != 0) g.resources.cpus = parse_list(cpus).value();
      g.resources.pinned_cpus[0] = pinned;
    });
  };
  CHECK(asked("", 0) == "admitted");
  CHECK(asked("2,7", 8) == "admitted");
  CHECK_THAT(asked("1-2", 0), ContainsSubstring("with cpu.pinning is 1-2, the host policy allows 2-7"));
  CHECK_THAT(asked("", 1), ContainsSubstring("with cpu.pinning is 0, the host policy allows 2-7"));
}

TEST_CASE("a tenant writes only to disks in directories of his own, and reads shared ones, too", "[policy]") {
  CHECK(tenants_admission([](auto&, auto&) {}) == "admitted");
  CHECK(tenants_admission([](auto& g, auto& h) {
          allow_directory(h, "/srv/shared");
          g.kernel = text<HostPath>("/srv/shared/vmlinuz");
          g.disks[1].path = text<HostPath>("/srv/shared/base.raw");
        }) == "admitted");
  CHECK_THAT(
      tenants_admission([](auto& g, auto& h) {
        allow_directory(h, "/srv/shared");
        g.disks[0].path = text<HostPath>("/srv/shared/base.raw");
      }),
      ContainsSubstring("disks[0].path is \"/srv/shared/base.raw\", the host policy allows below /srv/images "
                        "(tenants.directories)"));
  CHECK_THAT(tenants_admission([](auto&, auto& h) { h.tenant.directory_count = 0; }),
             ContainsSubstring("the host policy allows nowhere (tenants.directories)"));
  CHECK_THAT(tenants_admission([](auto&, auto& h) { h.image_directory_count = 0; }),
             ContainsSubstring("boot.kernel is \"/srv/images/vmlinuz\", the host policy allows nowhere"));
}

TEST_CASE("a tenant's guests have names of his, and who is nobody's starts none", "[policy]") {
  CHECK_THAT(tenants_admission([](auto&, auto& h) { h.tenant.guest_names = text<GuestName>("acme-"); }),
             ContainsSubstring("name is \"web-1\", the host policy allows names that begin with \"acme-\""));
  CHECK(tenants_admission([](auto&, auto& h) { h.tenant.guest_names = text<GuestName>("web-"); }) ==
        "admitted");
  CHECK_THAT(tenants_admission([](auto&, auto& h) { h.requester_allowed = Switch::off; }),
             ContainsSubstring("the user who asks for tenant \"acme\" is \"alice\""));
}

TEST_CASE("all guests of a host, and all of a tenant, have no more than their share", "[policy]") {
  auto host = default_host_policy();
  host.max_guests = 3;
  const Share three{.guests = 3, .vcpus = 6, .memory_bytes = 192ULL << 20};
  CHECK(require(evaluate_share(3, three, host)));
  Share four = three;
  add(four, make_claim(test::good_guest(), host));
  CHECK(four.guests == 4);
  CHECK(four.vcpus == 8);
  CHECK(four.memory_bytes == 256ULL << 20);
  CHECK(require(evaluate_share(4, four, host)).error().message ==
        "the number of guests is 4, the host policy allows at most 3 (limits.guests)");
  host.max_guests = 100;
  host.tenant.name = text<TenantName>("acme");
  host.tenant.max_guests = 3;
  host.tenant.max_total_vcpus = 6;
  host.tenant.max_total_memory = 192ULL << 20;
  CHECK(require(evaluate_share(4, three, host)));
  const auto refused = [&](auto change) {
    auto share = three;
    change(share);
    return require(evaluate_share(4, share, host)).error().message;
  };
  CHECK_THAT(refused([](Share& s) { ++s.guests; }), ContainsSubstring("tenants.guests"));
  CHECK_THAT(refused([](Share& s) { ++s.vcpus; }), ContainsSubstring("tenants.total_vcpus"));
  CHECK_THAT(refused([](Share& s) { ++s.memory_bytes; }), ContainsSubstring("tenants.total_memory"));
}

TEST_CASE("a guest that has to be signed names its manifest, where it may lie", "[policy]") {
  const auto keys = text<HostPath>("/etc/immure/signers.pem");
  const auto manifest = text<HostPath>("/srv/web.manifest");
  CHECK_THAT(admission([&](auto&, auto& h) {
               h.attestation.signers = keys;
               h.attestation.signature_required = Switch::on;
             }),
             ContainsSubstring("boot.manifest is missing, the host policy allows signed guests only"));
  CHECK_THAT(admission([&](auto& g, auto&) { g.manifest = manifest; }),
             ContainsSubstring("attestation.signers"));
  CHECK(admission([&](auto& g, auto& h) {
          g.manifest = manifest;
          h.attestation.signers = keys;
        }) == "admitted");
  CHECK_THAT(tenants_admission([&](auto& g, auto& h) {
               g.manifest = manifest;
               h.attestation.signers = keys;
             }),
             ContainsSubstring("boot.manifest"));
}

TEST_CASE("the kernel serves a network where the host policy says so", "[policy]") {
  const auto with = [](Switch asked, Switch allowed) {
    return admission([=](auto& g, auto& h) {
      g.nets[1].vhost = asked;
      h.vhost = allowed;
    });
  };
  CHECK(with(Switch::on, Switch::on) == "admitted");
  CHECK(with(Switch::off, Switch::off) == "admitted");
  CHECK(with(Switch::on, Switch::off) ==
        "nets[1].vhost is true, the host policy allows no network through vhost-net (networks.vhost)");
}

TEST_CASE("a guest goes through passt, and has ports of the host, where the host policy says so",
          "[policy]") {
  const auto with = [](auto change) {
    return admission([&](auto& g, auto& h) {
      auto& net = g.nets[1];
      net.kind = NetKind::passt;
      net.host = {};
      net.forward_count = 2;
      net.forwards[0] = parse_forward("tcp:127.0.0.1:8080:80").value();
      net.forwards[1] = parse_forward("tcp:0.0.0.0:8081:80").value();
      h.passt = Switch::on;
      h.forward_addresses[h.forward_address_count++] = parse_ip("0.0.0.0").value();
      change(g, h);
    });
  };
  CHECK(with([](auto&, auto&) {}) == "admitted");
  CHECK(with([](auto&, auto& h) { h.passt = Switch::off; }) ==
        "nets[1].passt is true, the host policy allows no network through passt (networks.passt)");
  // An address is allowed for what it is: "any" is not allowed because one of them is.
  CHECK(with([](auto&, auto& h) { --h.forward_address_count; }) ==
        "nets[1].forward[1] is \"tcp:0.0.0.0:8081:80\", the host policy allows ports of 127.0.0.1, ::1 "
        "(networks.forward_addresses)");
  CHECK_THAT(with([](auto&, auto& h) { h.forward_address_count = 0; }),
             ContainsSubstring("nets[1].forward[0] is") && ContainsSubstring("no address of the host"));
  CHECK(with([](auto& g, auto& h) {
          h.forward_address_count = 0;
          g.nets[1].forward_count = 0;
        }) == "admitted");
}
