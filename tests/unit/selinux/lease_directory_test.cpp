#include "selinux/lease_directory.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/selinux/scratch_directory.hpp"

using namespace immure::selinux;

TEST_CASE("a lease is taken once and names its owner", "[selinux]") {
  const test::ScratchDirectory scratch;
  const auto leases = LeaseDirectory::open(scratch / "leases");
  REQUIRE(leases);
  CHECK(*leases->claim(LeaseKind::name, "web1", "owner-a") == Claim::taken);
  CHECK(*leases->claim(LeaseKind::name, "web1", "owner-b") == Claim::busy);
  CHECK(*leases->claim(LeaseKind::uid, "web1", "owner-b") == Claim::taken);
  CHECK(*leases->owner_of(LeaseKind::name, "web1") == "owner-a");
  CHECK(*leases->owner_of(LeaseKind::name, "web2") == std::nullopt);
}

TEST_CASE("only its owner gives a lease back, and may do so twice", "[selinux]") {
  const test::ScratchDirectory scratch;
  const auto leases = LeaseDirectory::open(scratch / "leases");
  REQUIRE(leases);
  REQUIRE(leases->claim(LeaseKind::categories, "c1,c2", "owner-a"));
  CHECK(leases->release(LeaseKind::categories, "c1,c2", "owner-b"));
  CHECK(*leases->owner_of(LeaseKind::categories, "c1,c2") == "owner-a");
  CHECK(leases->release(LeaseKind::categories, "c1,c2", "owner-a"));
  CHECK(leases->release(LeaseKind::categories, "c1,c2", "owner-a"));
  CHECK(*leases->owner_of(LeaseKind::categories, "c1,c2") == std::nullopt);
}

TEST_CASE("a leased value cannot lead out of the lease directory", "[selinux]") {
  const test::ScratchDirectory scratch;
  const auto leases = LeaseDirectory::open(scratch / "leases");
  REQUIRE(leases);
  for (const std::string value : {"", ".", "..", "../x", "a/b"}) {
    CAPTURE(value);
    CHECK_FALSE(leases->claim(LeaseKind::name, value, "owner"));
  }
  CHECK_FALSE(leases->claim(LeaseKind::name, "web1", ""));
}
