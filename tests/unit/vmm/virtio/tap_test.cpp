#include "vmm/virtio/tap.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <fcntl.h>
#include <sys/eventfd.h>

using namespace immure;
using namespace immure::vmm::virtio;

TEST_CASE("a descriptor that is no tap is refused", "[net]") {
  const auto tap = Tap::create(UniqueFd(::eventfd(0, EFD_CLOEXEC)));
  REQUIRE_FALSE(tap);
  CHECK_THAT(tap.error().message, Catch::Matchers::ContainsSubstring("ask a tap for its interface"));
}

TEST_CASE("a tap that no interface is attached to is refused", "[net]") {
  UniqueFd fd(::open("/dev/net/tun", O_RDWR | O_CLOEXEC));
  if (!fd) SKIP("this machine has no /dev/net/tun that we may open");
  const auto tap = Tap::create(std::move(fd));
  CHECK_FALSE(tap);
}
