// Disks past the host's page cache: memory, sizes and offsets have to be aligned then, and the guest chooses
// all three.
#include <catch2/catch_test_macros.hpp>

#include "tests/unit/vmm/virtio/block_fixture.hpp"

using namespace immure;
using namespace immure::vmm;
using namespace immure::vmm::virtio;
using namespace immure::vmm::test;
using immure::policy::DiskAccess;

namespace {

struct DirectDisk : BlockFixture {
  /// A file without a name on a file system that has direct I/O; false where there is none.
  bool make_direct() {
    for (const auto* const directory : {"/var/tmp", "."}) {
      UniqueFd file(::open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
      if (!file || ::fcntl(file.get(), F_SETFL, O_DIRECT) != 0) continue;
      (void)::fcntl(file.get(), F_SETFL, 0);
      for (std::uint64_t i = 0; i < sectors; ++i) {
        const std::string sector(512, static_cast<char>(i));
        if (::pwrite(file.get(), sector.data(), sector.size(), static_cast<off_t>(i * 512)) != 512)
          return false;
      }
      auto record =
          a_disk(DiskAccess::read_write, GENERATE(policy::DiskEngine::plain, policy::DiskEngine::io_uring));
      record.direct = policy::Switch::on;
      disk = file.get();
      block = FakeQueue::must(Block::create(std::move(file), record));
      block->start(feature::block_flush);
      std::ranges::copy(block->config(), writable_bytes_of(config).begin());
      per_block = config.block_size / 512;
      return true;
    }
    return false;
  }
  /// The bytes of one block as they were at first.
  [[nodiscard]] std::string block_at(std::uint64_t sector) const {
    std::string all;
    for (std::uint32_t i = 0; i < per_block; ++i) all += std::string(512, static_cast<char>(sector + i));
    return all;
  }

  BlockConfig config;
  std::uint32_t per_block = 1;
};

}  // namespace

TEST_CASE_METHOD(DirectDisk, "a disk past the page cache is read into memory of any alignment", "[block]") {
  if (!make_direct()) SKIP("no file system here has direct I/O");
  CHECK((::fcntl(disk, F_GETFL) & O_DIRECT) != 0);
  const auto size = config.block_size;
  for (const std::uint64_t shift : {0U, 1U, 100U, 512U}) {
    CHECK(request(request_in, per_block, {writable(data + shift, size)}) == status_ok);
    CHECK(get_text(memory, data + shift, size) == block_at(per_block));
  }
  // In pieces that are no blocks, and with one that is empty.
  CHECK(request(request_in, 0,
                {writable(data, 100), writable(data + 200, 0), writable(data + 100, size - 100)}) ==
        status_ok);
  CHECK(get_text(memory, data, size) == block_at(0));
}

TEST_CASE_METHOD(DirectDisk, "a disk past the page cache is written from memory of any alignment",
                 "[block]") {
  if (!make_direct()) SKIP("no file system here has direct I/O");
  const auto size = config.block_size;
  for (const std::uint64_t shift : {0U, 3U, 512U}) {
    const std::string text(size, static_cast<char>('a' + shift));
    put_text(memory, data + shift, text);
    CHECK(request(request_out, 2ULL * per_block, {readable(data + shift, size)}) == status_ok);
    CHECK(request(request_in, 2ULL * per_block, {writable(data + 0x4000, size)}) == status_ok);
    CHECK(get_text(memory, data + 0x4000, size) == text);
  }
  CHECK(request(request_in, 3ULL * per_block, {writable(data, size)}) == status_ok);
  CHECK(get_text(memory, data, size) == block_at(3ULL * per_block));
}

TEST_CASE_METHOD(DirectDisk, "hostile: a part of a block of a disk past the page cache", "[block][hostile]") {
  if (!make_direct()) SKIP("no file system here has direct I/O");
  const auto size = config.block_size;
  CHECK(request(request_in, 0, {writable(data, size - 1)}) == status_io_error);
  CHECK(request(request_out, 0, {readable(data, size + 511)}) == status_io_error);
  if (per_block > 1) {
    CHECK(request(request_in, 1, {writable(data, size)}) == status_io_error);
    CHECK(request(request_in, 0, {writable(data, 512)}) == status_io_error);
  }
}

TEST_CASE("a disk is past the page cache only where it was asked for, also after a reboot", "[block]") {
  const auto disk = make_disk(1 << 16);
  const auto file =
      FakeQueue::must(DiskFile::open(UniqueFd(::dup(disk.get())), a_disk(DiskAccess::read_write)));
  CHECK((::fcntl(disk.get(), F_GETFL) & O_DIRECT) == 0);
}

TEST_CASE_METHOD(DirectDisk, "what is not aligned does not go to the kernel past the page cache", "[block]") {
  if (!make_direct()) SKIP("no file system here has direct I/O");
  auto record = a_disk(DiskAccess::read_write);
  record.direct = policy::Switch::on;
  const auto file = FakeQueue::must(DiskFile::open(UniqueFd(::dup(disk)), record));
  std::vector<std::byte> bytes(16384);
  auto* const page =
      reinterpret_cast<std::byte*>((reinterpret_cast<std::uintptr_t>(bytes.data()) + 4095) & ~4095ULL);
  const auto takes = [&file](std::byte* start, std::size_t size) {
    const iovec slice{.iov_base = start, .iov_len = size};
    return file.takes(std::span(&slice, 1));
  };
  CHECK(takes(page, 4096));
  CHECK_FALSE(takes(page + 1, 4096));
  CHECK_FALSE(takes(page, 4095));
  // Some file systems take it nevertheless, by way of the cache that it was to leave out.
  const auto cached = FakeQueue::must(DiskFile::open(make_disk(4096), a_disk(DiskAccess::read_write)));
  const iovec odd{.iov_base = page + 1, .iov_len = 3};
  CHECK(cached.takes(std::span(&odd, 1)));
}
