#include "net/filter.hpp"

#include <cstring>

#include <catch2/catch_test_macros.hpp>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/rules.hpp"
#include "tests/unit/net/records.hpp"

using namespace immure;
using namespace immure::net;

// The kernel's own answers, in a network namespace of the test's, which needs root.

namespace {

constexpr int skipped = 77;

/// In a child: a new network namespace with the tap immure0. Its exit status is what `test` yields, 0 for
/// good.
template <typename Test>
int in_own_network(Test test) {
  const auto child = ::fork();
  if (child == 0) {
    const UniqueFd tap(::unshare(CLONE_NEWNET) == 0 ? ::open("/dev/net/tun", O_RDWR | O_CLOEXEC) : -1);
    ifreq request{};
    request.ifr_flags = IFF_TAP | IFF_NO_PI;
    std::strcpy(request.ifr_name, "immure0");
    if (!tap || ::ioctl(tap.get(), TUNSETIFF, &request) != 0) ::_exit(skipped);
    ::_exit(test());
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void require_good(int status) {
  if (status == skipped) SKIP("needs root and /dev/net/tun");
  CHECK(status == 0);
}

bool has_table() {
  auto other = Nftables::open();
  return other && other->list("immure-web");
}

}  // namespace

TEST_CASE("what the kernel has is what was asked for, word for word", "[net]") {
  require_good(in_own_network([] {
    auto nftables = Nftables::open();
    if (!nftables) return 1;
    if (!put_in_force(*nftables, test::bound_record())) return 2;
    return nftables->list("immure-web").value_or("") == table_text(test::bound_record()) ? 0 : 3;
  }));
}

TEST_CASE("nobody but its owner changes a table, and flushing everything leaves it", "[net]") {
  require_good(in_own_network([] {
    auto owner = Nftables::open();
    auto other = Nftables::open();
    if (!owner || !other || !put_in_force(*owner, test::record())) return 1;
    if (!other->run("flush ruleset")) return 2;
    if (other->list("immure-web").value_or("") != table_text(test::record())) return 3;
    if (other->run("delete table netdev immure-web")) return 4;
    if (other->run("add rule netdev immure-web from.lan accept")) return 5;
    return 0;
  }));
}

TEST_CASE("a table lives as long as somebody holds its socket", "[net]") {
  require_good(in_own_network([] {
    UniqueFd held;
    {
      auto nftables = Nftables::open();
      if (!nftables || !put_in_force(*nftables, test::record())) return 1;
      auto shared = nftables->share_socket();
      if (!shared) return 2;
      held = *std::move(shared);
    }
    if (!has_table()) return 3;
    held.reset();
    return has_table() ? 4 : 0;
  }));
}

TEST_CASE("a table of the name that is there already is left alone, and an error", "[net]") {
  require_good(in_own_network([] {
    auto first = Nftables::open();
    auto second = Nftables::open();
    if (!first || !second || !first->run("create table netdev immure-web")) return 1;
    const auto filtered = put_in_force(*second, test::record());
    if (filtered) return 2;
    return filtered.error().message.find("File exists") != std::string::npos ? 0 : 3;
  }));
}

TEST_CASE("of commands of which one fails, none is done", "[net]") {
  require_good(in_own_network([] {
    auto nftables = Nftables::open();
    if (!nftables) return 1;
    if (nftables->run(table_text(test::record()) + "add rule netdev immure-web nowhere accept\n")) return 2;
    return has_table() ? 3 : 0;
  }));
}
