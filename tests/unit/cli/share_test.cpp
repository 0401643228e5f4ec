#include "cli/policy/share.hpp"

#include <filesystem>

#include <catch2/catch_test_macros.hpp>

#include "base/io.hpp"
#include "tests/unit/cli/scratch.hpp"

using namespace immure;
using namespace immure::cli;

namespace {

void write_claim(const Scratch& scratch, const std::string& guest, const char* tenant, std::uint32_t vcpus) {
  std::filesystem::create_directory(scratch.path() + "/" + guest);
  const policy::GuestClaim claim{.header = policy::header_of<policy::GuestClaim>(),
                                 .tenant = policy::TenantName::fitting(tenant),
                                 .vcpus = vcpus,
                                 .memory_bytes = 1 << 20};
  const auto bytes = bytes_of(claim);
  static_cast<void>(scratch.write(guest + "/claim",
                                  std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size())));
}

}  // namespace

TEST_CASE("guests are counted as a whole and by tenant", "[cli]") {
  const Scratch scratch;
  write_claim(scratch, "a", "acme", 2);
  write_claim(scratch, "b", "acme", 3);
  write_claim(scratch, "c", "", 4);
  std::filesystem::create_directory(scratch.path() + "/just-coming");
  const auto shares = read_shares(policy::TenantName::fitting("acme"), scratch.path());
  REQUIRE(shares);
  CHECK(shares->guests == 4);
  CHECK(shares->tenants.guests == 2);
  CHECK(shares->tenants.vcpus == 5);
  CHECK(shares->tenants.memory_bytes == 2 << 20);
}

TEST_CASE("a host where no guest ever ran has none", "[cli]") {
  const Scratch scratch;
  const auto shares = read_shares({}, scratch.path() + "/missing");
  REQUIRE(shares);
  CHECK(shares->guests == 0);
}

TEST_CASE("a claim that is cut off is not counted as nothing", "[cli]") {
  const Scratch scratch;
  std::filesystem::create_directory(scratch.path() + "/a");
  static_cast<void>(scratch.write("a/claim", "IMMC"));
  CHECK_FALSE(read_shares({}, scratch.path()));
}
