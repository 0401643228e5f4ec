// DISCARD and WRITE_ZEROES: VIRTIO 1.2, 5.2.6.
#include <catch2/catch_test_macros.hpp>
#include <sys/stat.h>

#include "tests/unit/vmm/virtio/block_fixture.hpp"

using namespace immure;
using namespace immure::vmm;
using namespace immure::vmm::virtio;
using namespace immure::vmm::test;

namespace {

/// Bytes that the disk takes on the host.
std::int64_t space_of(int disk) {
  struct stat status{};
  REQUIRE(::fstat(disk, &status) == 0);
  return status.st_blocks * 512;
}

}  // namespace

TEST_CASE_METHOD(BlockFixture, "a discard gives space back, zeros the range and nothing beside it",
                 "[block]") {
  make();
  const auto before = space_of(disk);
  CHECK(zero_request(request_discard, {.sector = 16, .sectors = 16, .flags = 0}) == status_ok);
  CHECK(space_of(disk) == before - 16 * 512);
  CHECK(disk_bytes(16 * 512, 16 * 512) == std::string(16 * 512, '\0'));
  CHECK(disk_bytes(15 * 512, 512) == std::string(512, '\x0f'));
  CHECK(disk_bytes(32 * 512, 512) == std::string(512, '\x20'));
}

TEST_CASE_METHOD(BlockFixture, "zeros that may unmap give space back", "[block]") {
  make();
  const auto before = space_of(disk);
  CHECK(zero_request(request_write_zeroes, {.sector = 8, .sectors = 8, .flags = 1}) == status_ok);
  CHECK(space_of(disk) == before - 8 * 512);
  CHECK(disk_bytes(8 * 512, 8 * 512) == std::string(8 * 512, '\0'));
}

TEST_CASE_METHOD(BlockFixture,
                 "zeros that are to keep their space are unsupported, and the driver writes them",
                 "[block]") {
  make();
  CHECK(zero_request(request_write_zeroes, {.sector = 8, .sectors = 8, .flags = 0}) == status_unsupported);
  CHECK(disk_bytes(8 * 512, 512) == std::string(512, '\x08'));
}

TEST_CASE_METHOD(BlockFixture, "an empty range is done at once", "[block]") {
  make();
  CHECK(zero_request(request_discard, {.sector = sectors, .sectors = 0, .flags = 0}) == status_ok);
}

TEST_CASE_METHOD(BlockFixture, "only a disk that is written offers to zero ranges", "[block]") {
  constexpr auto both = feature::block_discard | feature::block_write_zeroes;
  make();
  CHECK((block->traits().features & both) == both);
  make(policy::DiskAccess::read_only);
  CHECK((block->traits().features & both) == 0);
}

TEST_CASE_METHOD(BlockFixture, "hostile: a discard of a read-only disk", "[block][hostile]") {
  make(policy::DiskAccess::read_only);
  CHECK(zero_request(request_discard, {.sector = 0, .sectors = 8, .flags = 0}) == status_io_error);
  CHECK(zero_request(request_write_zeroes, {.sector = 0, .sectors = 8, .flags = 1}) == status_io_error);
  CHECK(disk_bytes(512, 512) == std::string(512, '\x01'));
}

TEST_CASE_METHOD(BlockFixture, "hostile: a discard past the end, or of more than is allowed at once",
                 "[block][hostile]") {
  make();
  constexpr auto last = ~std::uint64_t{0};
  for (const auto type : {request_discard, request_write_zeroes}) {
    for (const auto& range : {BlockRange{sectors - 1, 2, 0}, BlockRange{sectors, 1, 0},
                              BlockRange{last, 2, 0}, BlockRange{0, ~0U, 0}, BlockRange{last / 512, 8, 0}}) {
      CHECK(zero_request(type, range) == status_io_error);
    }
  }
  CHECK(disk_bytes((sectors - 1) * 512, 512) == std::string(512, '\x3f'));
}

TEST_CASE_METHOD(BlockFixture, "hostile: flags that there are not are unsupported", "[block][hostile]") {
  make();
  CHECK(zero_request(request_discard, {.sector = 0, .sectors = 8, .flags = 1}) == status_unsupported);
  CHECK(zero_request(request_write_zeroes, {.sector = 0, .sectors = 8, .flags = 2}) == status_unsupported);
  CHECK(zero_request(request_write_zeroes, {.sector = 0, .sectors = 8, .flags = ~0U}) == status_unsupported);
  CHECK(disk_bytes(512, 512) == std::string(512, '\x01'));
}

TEST_CASE_METHOD(BlockFixture, "hostile: a discard of no range, of half a one and of two",
                 "[block][hostile]") {
  make();
  for (const std::uint32_t size : {0U, 8U, 32U}) {
    CHECK(request(request_discard, 0, {readable(data, size)}) == status_io_error);
  }
  CHECK(disk_bytes(512, 512) == std::string(512, '\x01'));
}
