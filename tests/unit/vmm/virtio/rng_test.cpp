#include "vmm/virtio/rng.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/vmm/virtio/direct_queue.hpp"

using namespace immure;
using namespace immure::vmm;
using namespace immure::vmm::virtio;
using namespace immure::vmm::test;

namespace {

constexpr std::uint64_t data = 0x40000;

}  // namespace

TEST_CASE_METHOD(DirectQueue, "an entropy request is filled with random bytes", "[rng]") {
  Rng rng;
  driver.add({writable(data, 32), writable(data + 0x1000, 32)});
  REQUIRE(serve(rng));
  CHECK(last_written() == 64);
  CHECK(get_text(memory, data, 32) != std::string(32, '\0'));
  CHECK(get_text(memory, data + 0x1000, 32) != std::string(32, '\0'));
  CHECK(get_text(memory, data + 32, 32) == std::string(32, '\0'));
}

TEST_CASE_METHOD(DirectQueue, "hostile: a large entropy request gets a bounded answer", "[rng][hostile]") {
  Rng rng;
  driver.add({writable(data, 0x80000)});
  REQUIRE(serve(rng));
  CHECK(last_written() == Rng::max_bytes);
  CHECK(get_text(memory, data + Rng::max_bytes, 64) == std::string(64, '\0'));
}

TEST_CASE_METHOD(DirectQueue, "hostile: an entropy request without room", "[rng][hostile]") {
  Rng rng;
  driver.add({readable(data, 64)});
  REQUIRE(serve(rng));
  CHECK(last_written() == 0);
}

TEST_CASE("one wake-up serves a bounded number of requests and says that there are more", "[rng]") {
  const auto memory = FakeQueue::must(GuestMemory::create(1 << 20));
  FakeQueue driver(memory, 0x10000, 256);
  auto queue = FakeQueue::must(Virtqueue::create(memory, driver.setup(), feature::common));
  Rng rng;
  for (int i = 0; i < 100; ++i) driver.add({writable(data, 16)});
  CHECK(FakeQueue::must(rng.serve(0, queue)) == Progress::more);
  CHECK(driver.used_index() == Device::budget);
  CHECK(FakeQueue::must(rng.serve(0, queue)) == Progress::idle);
  CHECK(driver.used_index() == 100);
}
