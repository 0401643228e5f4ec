#pragma once

#include <cstdlib>
#include <string>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/sealed_memfd.hpp"
#include "tests/unit/vmm/virtio/direct_queue.hpp"
#include "tests/unit/vmm/virtio/disk_record.hpp"
#include "vmm/virtio/block.hpp"

namespace immure::vmm::test {

/// A disk on a memfd of `size` bytes, sector n full of the byte n.
inline UniqueFd make_disk(std::uint64_t size) {
  UniqueFd fd(::memfd_create("disk", MFD_CLOEXEC));
  for (std::uint64_t at = 0; at < size; at += 512) {
    const std::string sector(std::min<std::uint64_t>(512, size - at), static_cast<char>(at / 512));
    if (::pwrite(fd.get(), sector.data(), sector.size(), static_cast<off_t>(at)) < 0)
      throw std::runtime_error("pwrite");
  }
  return fd;
}

struct BlockFixture : DirectQueue {
  static constexpr std::uint64_t header = 0x40000;
  static constexpr std::uint64_t data = 0x50000;
  static constexpr std::uint64_t status = 0x60000;
  static constexpr std::uint64_t sectors = 64;

  /// A disk with either engine: the test runs once for each.
  void make(policy::DiskAccess access = policy::DiskAccess::read_write,
            std::uint64_t features = virtio::feature::block_flush, std::uint64_t size = sectors * 512) {
    const auto engine = GENERATE(policy::DiskEngine::plain, policy::DiskEngine::io_uring);
    make_with(engine, access, features, size);
  }
  void make_with(policy::DiskEngine engine, policy::DiskAccess access = policy::DiskAccess::read_write,
                 std::uint64_t features = virtio::feature::block_flush, std::uint64_t size = sectors * 512) {
    auto fd = make_disk(size);
    disk = fd.get();
    auto created = virtio::Block::create(std::move(fd), a_disk(access, engine));
    if (!created && engine == policy::DiskEngine::io_uring) SKIP(created.error().message);
    block = FakeQueue::must(std::move(created));
    block->start(features);
  }
  /// Serves until everything that the driver asked for is answered.
  void serve_all() {
    FakeQueue::must(serve(*block));
    while (driver.used_index() != driver.available_index() && block->host_fd() >= 0) {
      pollfd polled{.fd = block->host_fd(), .events = POLLIN, .revents = 0};
      REQUIRE(::poll(&polled, 1, 10'000) == 1);
      eventfd_t count = 0;
      (void)::eventfd_read(block->host_fd(), &count);
      FakeQueue::must(serve(*block));
    }
  }
  void put_header(std::uint32_t type, std::uint64_t sector) {
    FakeQueue::must(memory.write_object(GuestAddress{header},
                                        virtio::BlockHeader{.type = type, .reserved = 0, .sector = sector}));
  }
  /// Sends one request with the given data buffers and gives the status byte; 0xee: none was written.
  std::uint8_t request(std::uint32_t type, std::uint64_t sector, std::vector<Buffer> buffers) {
    put_header(type, sector);
    put_text(memory, status, "\xee");
    buffers.insert(buffers.begin(), readable(header, 16));
    buffers.push_back(writable(status, 1));
    driver.add(buffers);
    serve_all();
    return static_cast<std::uint8_t>(get_text(memory, status, 1)[0]);
  }
  /// A DISCARD or WRITE_ZEROES of one range.
  std::uint8_t zero_request(std::uint32_t type, const virtio::BlockRange& range) {
    FakeQueue::must(memory.write_object(GuestAddress{data}, range));
    return request(type, 0, {readable(data, sizeof(range))});
  }
  [[nodiscard]] std::string disk_bytes(std::uint64_t offset, std::size_t size) const {
    std::string text(size, '\0');
    FakeQueue::must(pread_exactly(disk, std::as_writable_bytes(std::span(text)), offset));
    return text;
  }

  int disk = -1;
  std::unique_ptr<virtio::Block> block;
};

constexpr std::uint32_t request_in = 0;
constexpr std::uint32_t request_out = 1;
constexpr std::uint32_t request_flush = 4;
constexpr std::uint32_t request_get_id = 8;
constexpr std::uint32_t request_discard = 11;
constexpr std::uint32_t request_write_zeroes = 13;
constexpr std::uint8_t status_ok = 0;
constexpr std::uint8_t status_io_error = 1;
constexpr std::uint8_t status_unsupported = 2;

}  // namespace immure::vmm::test
