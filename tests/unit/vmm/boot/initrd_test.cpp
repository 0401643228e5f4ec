#include "vmm/boot/initrd.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/vmm/boot/boot_fixture.hpp"

using namespace immure;
using namespace immure::vmm;
using test::Bytes;
using test::Images;

namespace {

constexpr std::uint64_t mib = 1 << 20;

struct Fixture {
  GuestMemory memory = GuestMemory::create(32 * mib).value();
  Images images{Bytes(1)};
};

}  // namespace

TEST_CASE("initrd: it lies as high as the limit allows, on a page boundary", "[boot]") {
  Fixture f;
  f.images.set_initrd(Bytes(mib + 1));
  CHECK(boot::load_initrd(f.memory, f.images.request(), mib, 64 * mib)->start == 31 * mib - 4096);
  CHECK(boot::load_initrd(f.memory, f.images.request(), mib, 16 * mib)->start == 15 * mib - 4096);
}

TEST_CASE("initrd: one that would reach into the kernel is refused", "[boot]") {
  Fixture f;
  f.images.set_initrd(Bytes(2 * mib));
  CHECK(boot::load_initrd(f.memory, f.images.request(), 30 * mib, 64 * mib));
  CHECK_FALSE(boot::load_initrd(f.memory, f.images.request(), 30 * mib + 1, 64 * mib));
}

TEST_CASE("initrd: one that is larger than RAM or than the limit is refused", "[boot]") {
  Fixture f;
  f.images.set_initrd(Bytes(33 * mib));
  CHECK_FALSE(boot::load_initrd(f.memory, f.images.request(), mib, 64 * mib));
  f.images.set_initrd(Bytes(mib));
  CHECK_FALSE(boot::load_initrd(f.memory, f.images.request(), mib, 1));
}

TEST_CASE("initrd: an empty one is refused, and says so", "[boot]") {
  Fixture f;
  f.images.set_initrd({});
  const auto outcome = boot::load_initrd(f.memory, f.images.request(), mib, 64 * mib);
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().message == "initrd: is empty");
}

TEST_CASE("initrd: one that was cut off is refused before it is loaded", "[boot]") {
  Fixture f;
  Bytes cut;
  test::put(cut, 0, std::to_array("0707010000"));
  f.images.set_initrd(cut);
  const auto outcome = boot::load_initrd(f.memory, f.images.request(), mib, 64 * mib);
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().message.starts_with("initrd: was cut off at byte 11"));
}
