#include "vmm/gate.hpp"

#include <array>

#include <catch2/catch_test_macros.hpp>
#include <sys/socket.h>

#include "base/unique_fd.hpp"
#include "policy/vmm_record.hpp"

using namespace immure;
using namespace immure::vmm;

namespace {

struct Fixture {
  Fixture() {
    std::array<int, 2> pair{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair.data()) == 0);
    vmm.reset(pair[0]);
    keeper.reset(pair[1]);
  }
  UniqueFd vmm;
  UniqueFd keeper;
};

}  // namespace

TEST_CASE("gate: the keeper is told the number of threads, and its word lets the guest run", "[vmm]") {
  Fixture f;
  const policy::VmmGo go{.header = policy::header_of<policy::VmmGo>()};
  REQUIRE(::send(f.keeper.get(), &go, sizeof(go), 0) == sizeof(go));
  REQUIRE(pass_gate(f.vmm.get(), 7));
  policy::VmmReady ready;
  REQUIRE(::recv(f.keeper.get(), &ready, sizeof(ready), 0) == sizeof(ready));
  CHECK(policy::check_header(ready, "ready"));
  CHECK(ready.threads == 7);
}

TEST_CASE("gate: the guest does not run where the keeper's word is anything else", "[vmm]") {
  Fixture f;
  SECTION("nothing: the keeper is gone after it was told") { ::shutdown(f.keeper.get(), SHUT_WR); }
  SECTION("too short") { REQUIRE(::send(f.keeper.get(), "go", 2, 0) == 2); }
  SECTION("of another kind") {
    const policy::VmmReady other{.header = policy::header_of<policy::VmmReady>()};
    REQUIRE(::send(f.keeper.get(), &other, sizeof(policy::VmmGo), 0) == sizeof(policy::VmmGo));
  }
  CHECK_FALSE(pass_gate(f.vmm.get(), 2));
}
