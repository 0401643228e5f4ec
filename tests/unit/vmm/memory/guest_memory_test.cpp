#include "vmm/memory/guest_memory.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include <catch2/catch_test_macros.hpp>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

using namespace immure;
using namespace immure::vmm;

TEST_CASE("guest memory: the last byte is reachable, the one behind it is not", "[memory]") {
  const auto memory = GuestMemory::create(32 << 20).value();
  CHECK(memory.write_object(GuestAddress{(32 << 20) - 1}, '!'));
  CHECK_FALSE(memory.write_object(GuestAddress{32 << 20}, '!'));
}

TEST_CASE("guest memory: an access that crosses the end of a region is refused", "[memory]") {
  const auto memory = GuestMemory::create(32 << 20).value();
  std::array<std::byte, 16> bytes{};
  CHECK_FALSE(memory.read(GuestAddress{(32 << 20) - 15}, bytes));
  CHECK_FALSE(memory.io_slice(GuestAddress{(32 << 20) - 15}, 16, GuestAccess::device_reads));
}

TEST_CASE("guest memory: address plus length that wraps is refused", "[memory]") {
  const auto memory = GuestMemory::create(32 << 20).value();
  constexpr auto top = std::numeric_limits<std::uint64_t>::max();
  CHECK_FALSE(memory.io_slice(GuestAddress{0x1000}, top, GuestAccess::device_reads));
  CHECK_FALSE(memory.io_slice(GuestAddress{top}, 2, GuestAccess::device_reads));
}

TEST_CASE("guest memory: what does not fit below 3 GiB continues at 4 GiB", "[memory]") {
  const auto memory = GuestMemory::create(4ULL << 30).value();
  REQUIRE(memory.regions().size() == 2);
  CHECK(memory.regions()[0].size == 3ULL << 30);
  CHECK(raw(memory.regions()[1].start) == 4ULL << 30);
  CHECK(memory.regions()[1].size == 1ULL << 30);
  CHECK_FALSE(memory.write_object(GuestAddress{3ULL << 30}, '!'));
}

TEST_CASE("guest memory: a huge page of the guest can be one of the host", "[memory]") {
  const auto memory = GuestMemory::create(32 << 20).value();
  CHECK(reinterpret_cast<std::uintptr_t>(memory.regions()[0].host) % (2 << 20) == 0);
}

TEST_CASE("guest memory: prefaulted memory is there before it is touched", "[memory]") {
  const auto resident = [](const GuestMemory& memory) {
    std::vector<unsigned char> pages((32 << 20) / 4096);
    REQUIRE(::mincore(memory.regions()[0].host, 32 << 20, pages.data()) == 0);
    return std::ranges::count_if(pages, [](unsigned char page) { return (page & 1) != 0; });
  };
  const auto lazy = GuestMemory::create(32 << 20, {.pages = policy::MemoryPages::small}).value();
  CHECK(resident(lazy) == 0);
  const auto full =
      GuestMemory::create(32 << 20, {.pages = policy::MemoryPages::small, .prefault = policy::Switch::on});
  REQUIRE(full);
  CHECK(resident(*full) == (32 << 20) / 4096);
}

TEST_CASE("guest memory: memory that may not be locked is refused", "[memory]") {
  if (::geteuid() == 0) SKIP("root may lock any amount of memory");
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_MEMLOCK, &before) == 0);
  const rlimit little{.rlim_cur = 0, .rlim_max = before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_MEMLOCK, &little) == 0);
  const auto memory = GuestMemory::create(32 << 20, {.lock = policy::Switch::on});
  REQUIRE(::setrlimit(RLIMIT_MEMLOCK, &before) == 0);
  REQUIRE_FALSE(memory);
  CHECK(memory.error().message.contains("memory.lock"));
}

TEST_CASE("guest memory: huge pages that the host does not have end the launch, and say what to do",
          "[memory]") {
  // More than any host has in reserve.
  const auto memory = GuestMemory::create(1ULL << 40, {.pages = policy::MemoryPages::huge_2m});
  REQUIRE_FALSE(memory);
  CHECK(memory.error().message.contains("nr_hugepages"));
}
