#include <catch2/catch_test_macros.hpp>

#include "tests/unit/vmm/virtio/block_fixture.hpp"

using namespace immure;
using namespace immure::vmm;
using namespace immure::vmm::virtio;
using namespace immure::vmm::test;
using immure::policy::DiskAccess;

TEST_CASE_METHOD(BlockFixture, "hostile: a write to a read-only disk", "[block][hostile]") {
  make(DiskAccess::read_only);
  put_text(memory, data, std::string(512, 'a'));
  CHECK(request(request_out, 0, {readable(data, 512)}) == status_io_error);
  CHECK(disk_bytes(0, 512) == std::string(512, '\0'));
  // Also where the driver did not take the feature that says so.
  block->start(0);
  CHECK(request(request_out, 0, {readable(data, 512)}) == status_io_error);
  CHECK(request(request_in, 1, {writable(data, 512)}) == status_ok);
}

TEST_CASE_METHOD(BlockFixture, "hostile: I/O past the end of the disk", "[block][hostile]") {
  make();
  const auto both_refused = [&](std::uint64_t sector, std::uint32_t size) {
    return request(request_in, sector, {writable(data, size)}) == status_io_error &&
           request(request_out, sector, {readable(data, size)}) == status_io_error;
  };
  CHECK(both_refused(sectors, 512));
  CHECK(both_refused(sectors - 1, 1024));
  CHECK(both_refused(~0ULL, 512));
  CHECK(both_refused(~0ULL / 512, 512));
  CHECK(both_refused(1ULL << 55, 512));  // times 512 this wraps to 0
  CHECK(both_refused((1ULL << 55) - 1, 1024));
  CHECK(FakeQueue::must(file_size(disk)) == sectors * 512);
}

TEST_CASE_METHOD(BlockFixture, "hostile: a part of a sector", "[block][hostile]") {
  make();
  CHECK(request(request_in, 0, {writable(data, 511)}) == status_io_error);
  CHECK(request(request_out, 0, {readable(data, 513)}) == status_io_error);
}

TEST_CASE_METHOD(BlockFixture, "hostile: a request for more than the device's limits allow",
                 "[block][hostile]") {
  constexpr std::uint64_t largest = 254ULL * 64 * 1024;
  make(DiskAccess::read_write, feature::block_flush, largest + 512);
  // Every buffer is the same memory: a request may be larger than the guest.
  constexpr std::uint64_t shared = 0x80000;
  constexpr std::uint64_t shared_size = 0x80000;
  const auto answer_to = [&](std::uint32_t type, std::uint64_t size) {
    std::vector<Buffer> buffers;
    for (std::uint64_t done = 0; done < size; done += buffers.back().length) {
      const auto length = static_cast<std::uint32_t>(std::min(size - done, shared_size));
      buffers.push_back(type == request_in ? writable(shared, length) : readable(shared, length));
    }
    return request(type, 0, buffers);
  };
  CHECK(answer_to(request_in, largest) == status_ok);
  CHECK(answer_to(request_in, largest + 512) == status_io_error);
  CHECK(answer_to(request_out, largest) == status_ok);
  CHECK(answer_to(request_out, largest + 512) == status_io_error);
}

TEST_CASE_METHOD(BlockFixture, "hostile: a request too short for its header or status", "[block][hostile]") {
  make();
  SECTION("no status") {
    driver.add({readable(header, 16)});
    CHECK_FALSE(serve(*block));
  }
  SECTION("half a header") {
    driver.add({readable(header, 15), writable(status, 1)});
    CHECK_FALSE(serve(*block));
  }
  SECTION("no header") {
    driver.add({writable(data, 512), writable(status, 1)});
    CHECK_FALSE(serve(*block));
  }
}

TEST_CASE_METHOD(BlockFixture, "a header split over buffers is read", "[block]") {
  make();
  put_header(request_in, 5);
  driver.add({readable(header, 4), readable(header + 4, 11), readable(header + 15, 1), writable(data, 512),
              writable(status, 1)});
  serve_all();
  CHECK(get_text(memory, data, 512) == std::string(512, '\5'));
}

TEST_CASE_METHOD(BlockFixture, "hostile: double fetch of a header that the request itself overwrites",
                 "[block][hostile]") {
  make();
  // Sector 1 is full of ones: a header read again would be of type 0x01010101.
  put_header(request_in, 1);
  put_text(memory, status, "\xee");
  driver.add({readable(header, 16), writable(header, 512), writable(status, 1)});
  serve_all();
  CHECK(get_text(memory, header, 16) == std::string(16, '\1'));
  CHECK(get_text(memory, status, 1)[0] == status_ok);
  CHECK(last_written() == 513);
}

TEST_CASE_METHOD(BlockFixture, "hostile: double fetch of descriptors that the request itself overwrites",
                 "[block][hostile]") {
  make();
  put_header(request_in, 1);
  put_text(memory, status, "\xee");
  const auto table = raw(driver.setup().descriptors);
  driver.add({readable(header, 16), writable(table, 512), writable(status, 1)});
  serve_all();
  CHECK(get_text(memory, status, 1)[0] == status_ok);
}

TEST_CASE_METHOD(BlockFixture, "hostile: an id buffer of any length", "[block][hostile]") {
  make();
  put_text(memory, data, std::string(64, 'x'));
  CHECK(request(request_get_id, 0, {writable(data, 3)}) == status_ok);
  CHECK(get_text(memory, data, 4) == "roox");
  CHECK(request(request_get_id, 0, {}) == status_ok);
  CHECK(request(request_get_id, 0, {writable(data, 64)}) == status_ok);
  CHECK(get_text(memory, data + 20, 44) == std::string(44, 'x'));
}

TEST_CASE_METHOD(BlockFixture, "a file that shrank behind our back gives an I/O error", "[block]") {
  make();
  REQUIRE(::ftruncate(disk, 1024) == 0);
  CHECK(request(request_in, 1, {writable(data, 1024)}) == status_io_error);
  CHECK(request(request_in, 1, {writable(data, 512)}) == status_ok);
}

TEST_CASE_METHOD(BlockFixture, "hostile: bytes that look like another format stay bytes",
                 "[block][hostile]") {
  make();
  // A raw disk whose first sector the guest made the header of a qcow2 image with a backing file.
  put_text(memory, data, std::string("QFI\xfb\0\0\0\3", 8) + std::string(504, '/'));
  REQUIRE(request(request_out, 0, {readable(data, 512)}) == status_ok);
  const auto again = FakeQueue::must(Block::create(UniqueFd(::dup(disk)), a_disk(DiskAccess::read_write)));
  BlockConfig config;
  std::ranges::copy(again->config(), writable_bytes_of(config).begin());
  CHECK(config.capacity == sectors);
}
