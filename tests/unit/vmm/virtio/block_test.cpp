#include "vmm/virtio/block.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/vmm/virtio/block_fixture.hpp"

using namespace immure;
using namespace immure::vmm;
using namespace immure::vmm::virtio;
using namespace immure::vmm::test;
using immure::policy::DiskAccess;

TEST_CASE_METHOD(BlockFixture, "a disk is read into every buffer of a request", "[block]") {
  make();
  CHECK(request(request_in, 3, {writable(data, 512), writable(data + 0x1000, 1024)}) == status_ok);
  CHECK(get_text(memory, data, 512) == std::string(512, '\3'));
  CHECK(get_text(memory, data + 0x1000, 1024) == std::string(512, '\4') + std::string(512, '\5'));
  CHECK(last_written() == 512 + 1024 + 1);
}

TEST_CASE_METHOD(BlockFixture, "buffers need not end where sectors end", "[block]") {
  make();
  CHECK(request(request_in, 1, {writable(data, 100), writable(data + 100, 412)}) == status_ok);
  CHECK(get_text(memory, data, 512) == std::string(512, '\1'));
}

TEST_CASE_METHOD(BlockFixture, "a disk is written from every buffer of a request", "[block]") {
  make();
  put_text(memory, data, std::string(512, 'a'));
  put_text(memory, data + 0x1000, std::string(512, 'b'));
  CHECK(request(request_out, 7, {readable(data, 512), readable(data + 0x1000, 512)}) == status_ok);
  CHECK(disk_bytes(7 * 512, 1024) == std::string(512, 'a') + std::string(512, 'b'));
  CHECK(disk_bytes(9 * 512, 1) == "\x09");
  CHECK(last_written() == 1);
}

TEST_CASE_METHOD(BlockFixture, "the last sector is reached", "[block]") {
  make();
  CHECK(request(request_in, sectors - 1, {writable(data, 512)}) == status_ok);
  CHECK(get_text(memory, data, 1)[0] == char{sectors - 1});
}

TEST_CASE_METHOD(BlockFixture, "a flush succeeds and an id is told, padded", "[block]") {
  make();
  CHECK(request(request_flush, 0, {}) == status_ok);
  put_text(memory, data, std::string(24, 'x'));
  CHECK(request(request_get_id, 0, {writable(data, 20)}) == status_ok);
  CHECK(get_text(memory, data, 24) == std::string("root") + std::string(16, '\0') + "xxxx");
}

TEST_CASE_METHOD(BlockFixture, "requests of an unknown kind are unsupported", "[block]") {
  make();
  for (const std::uint32_t type : {2U, 5U, 7U, 12U, 14U, 0x8000'0000U, 0xffff'ffffU})
    CHECK(request(type, 0, {writable(data, 512)}) == status_unsupported);
}

TEST_CASE_METHOD(BlockFixture, "a disk tells its geometry and what it can do", "[block]") {
  make(DiskAccess::read_only);
  BlockConfig config;
  std::ranges::copy(block->config(), writable_bytes_of(config).begin());
  CHECK(config.capacity == sectors);
  CHECK(config.block_size == 512);
  CHECK(config.max_size == 64 * 1024);
  CHECK(config.max_segments == max_queue_size - 2);
  CHECK(config.physical_block_exponent == 3);  // pages of 4 KiB
  CHECK(config.minimum_io == 8);
  CHECK(config.queues == 1);
  const auto features = block->traits().features;
  CHECK((features & feature::block_read_only) != 0);
  CHECK((features & feature::block_flush) != 0);
  CHECK((features & feature::block_max_size) != 0);
  CHECK((features & feature::block_max_segments) != 0);
  CHECK((features & feature::block_topology) != 0);
  make(DiskAccess::read_write);
  CHECK((block->traits().features & feature::block_read_only) == 0);
}

TEST_CASE_METHOD(BlockFixture, "after a flush that failed none succeeds, since writes may be lost",
                 "[block]") {
  make_with(policy::DiskEngine::plain);  // a ring keeps the file that it was given
  REQUIRE(request(request_flush, 0, {}) == status_ok);
  const UniqueFd spare(::fcntl(disk, F_DUPFD_CLOEXEC, 0));
  int pipes[2];
  REQUIRE(::pipe2(pipes, O_CLOEXEC) == 0);
  const UniqueFd reader(pipes[0]);
  const UniqueFd writer(pipes[1]);
  REQUIRE(::dup2(pipes[1], disk) == disk);  // fdatasync(2) of a pipe fails
  CHECK(request(request_flush, 0, {}) == status_io_error);
  REQUIRE(::dup2(spare.get(), disk) == disk);
  CHECK(request(request_flush, 0, {}) == status_io_error);
  CHECK_FALSE(block->shut_down());
}

TEST_CASE_METHOD(BlockFixture, "a driver that cannot flush has every write flushed", "[block]") {
  make_with(policy::DiskEngine::plain, DiskAccess::read_write, 0);
  put_text(memory, data, std::string(512, 'a'));
  REQUIRE(request(request_out, 0, {readable(data, 512)}) == status_ok);
  // A disk that has lost writes fails the flush that each of its writes now brings with it.
  const UniqueFd spare(::fcntl(disk, F_DUPFD_CLOEXEC, 0));
  int pipes[2];
  REQUIRE(::pipe2(pipes, O_CLOEXEC) == 0);
  const UniqueFd reader(pipes[0]);
  const UniqueFd writer(pipes[1]);
  REQUIRE(::dup2(pipes[1], disk) == disk);
  REQUIRE(request(request_flush, 0, {}) == status_io_error);
  REQUIRE(::dup2(spare.get(), disk) == disk);
  CHECK(request(request_out, 0, {readable(data, 512)}) == status_io_error);
  block->start(feature::block_flush);
  CHECK(request(request_out, 0, {readable(data, 512)}) == status_ok);
}

TEST_CASE("a disk is refused unless it is a file or block device of a sector or more", "[block]") {
  const auto create = [](UniqueFd fd, DiskAccess access = DiskAccess::read_write) {
    return Block::create(std::move(fd), a_disk(access));
  };
  int pipes[2];
  REQUIRE(::pipe2(pipes, O_CLOEXEC) == 0);
  const UniqueFd other(pipes[1]);
  CHECK_FALSE(create(UniqueFd(pipes[0])));
  CHECK_FALSE(create(UniqueFd(::open("/dev/null", O_RDWR | O_CLOEXEC))));
  CHECK_FALSE(create(UniqueFd(::open("/", O_RDONLY | O_CLOEXEC))));
  CHECK_FALSE(create(make_disk(511)));
  CHECK_FALSE(create(UniqueFd()));
  CHECK(create(make_disk(512)));
}

TEST_CASE("a disk that is to be writable needs a writable descriptor", "[block]") {
  const auto disk = make_disk(4096);
  const auto path = "/proc/self/fd/" + std::to_string(disk.get());
  const auto reopen = [&] { return UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)); };
  CHECK_FALSE(Block::create(reopen(), a_disk(DiskAccess::read_write)));
  CHECK(Block::create(reopen(), a_disk(DiskAccess::read_only)));
}

TEST_CASE("the tail of a file that is no whole sector is out of reach", "[block]") {
  const auto block = FakeQueue::must(Block::create(make_disk(1000), a_disk(DiskAccess::read_write)));
  BlockConfig config;
  std::ranges::copy(block->config(), writable_bytes_of(config).begin());
  CHECK(config.capacity == 1);
}

TEST_CASE_METHOD(BlockFixture, "a disk of io_uring answers more requests than it has on their way",
                 "[block][io_ring]") {
  make_with(policy::DiskEngine::io_uring, DiskAccess::read_write, feature::block_flush, 1 << 20);
  // 21 requests at a time fill the driver's descriptors; several rounds, each request in a place of its own.
  for (int round = 0; round < 20; ++round) {
    for (std::uint64_t i = 0; i < 21; ++i) {
      const auto place = header + 0x20 * i;
      FakeQueue::must(memory.write_object(GuestAddress{place},
                                          BlockHeader{.type = request_in, .reserved = 0, .sector = i}));
      driver.add({readable(place, 16), writable(data + 0x400 * i, 512), writable(place + 16, 1)});
    }
    serve_all();
    for (std::uint64_t i = 0; i < 21; ++i) {
      CHECK(get_text(memory, header + 0x20 * i + 16, 1)[0] == status_ok);
      CHECK(get_text(memory, data + 0x400 * i, 512) == std::string(512, static_cast<char>(i)));
    }
  }
}

TEST_CASE_METHOD(BlockFixture, "a disk of io_uring answers at once what the page cache has, without an event",
                 "[block][io_ring]") {
  UniqueFd file(::open("/var/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (!file) SKIP("no file without a name in /var/tmp");
  const std::string content(4096, 'c');
  REQUIRE(::pwrite(file.get(), content.data(), content.size(), 0) == 4096);
  auto made = Block::create(std::move(file), a_disk(DiskAccess::read_write, policy::DiskEngine::io_uring));
  if (!made) SKIP(made.error().message);
  block = *std::move(made);
  block->start(feature::block_flush);
  for (int round = 0; round < 3; ++round) {
    put_header(request_in, 0);
    put_text(memory, status, "\xee");
    driver.add({readable(header, 16), writable(data, 512), writable(status, 1)});
    FakeQueue::must(serve(*block));
    CHECK(driver.used_index() == driver.available_index());
    CHECK(get_text(memory, status, 1)[0] == status_ok);
    pollfd polled{.fd = block->host_fd(), .events = POLLIN, .revents = 0};
    CHECK(::poll(&polled, 1, 0) == 0);
  }
  CHECK(get_text(memory, data, 512) == std::string(512, 'c'));
}

TEST_CASE_METHOD(BlockFixture, "what one queue finds done for another has that one served, too",
                 "[block][io_ring]") {
  make_with(policy::DiskEngine::io_uring);
  // A sync is on its way for a while, but for how long is the kernel's to say.
  bool was_on_its_way = false;
  for (int i = 0; i < 1000 && !was_on_its_way; ++i) {
    put_header(request_flush, 0);
    driver.add({readable(header, 16), writable(status, 1)});
    FakeQueue::must(serve(*block, 1));
    was_on_its_way = driver.used_index() != driver.available_index();
  }
  if (!was_on_its_way) SKIP("every sync was done at once");
  pollfd polled{.fd = block->host_fd(), .events = POLLIN, .revents = 0};
  REQUIRE(::poll(&polled, 1, 10'000) == 1);
  CHECK(FakeQueue::must(serve(*block, 0)) == Progress::all);
  CHECK(driver.used_index() != driver.available_index());
  CHECK(FakeQueue::must(serve(*block, 1)) == Progress::idle);
  CHECK(driver.used_index() == driver.available_index());
}

TEST_CASE_METHOD(BlockFixture,
                 "hostile: a reset while requests of io_uring are on their way writes nothing afterwards",
                 "[block][io_ring][hostile]") {
  make_with(policy::DiskEngine::io_uring, DiskAccess::read_write, feature::block_flush, 8 << 20);
  for (int round = 0; round < 20; ++round) {
    block->start(feature::block_flush);
    FakeQueue fresh(memory, 0x10000, 64);
    queue = FakeQueue::must(Virtqueue::create(memory, fresh.setup(), feature::common));
    for (std::uint64_t i = 0; i < 8; ++i) {
      const auto place = header + 0x20 * i;
      FakeQueue::must(memory.write_object(GuestAddress{place},
                                          BlockHeader{.type = request_in, .reserved = 0, .sector = i}));
      fresh.add({readable(place, 16), writable(0x80000 + 0x10000 * i, 0x10000), writable(place + 16, 1)});
    }
    FakeQueue::must(serve(*block));
    block->reset();
    const std::string zeros(0x80000, '\0');
    put_text(memory, 0x80000, zeros);
    ::usleep(2000);
    CHECK(get_text(memory, 0x80000, zeros.size()) == zeros);
  }
}

TEST_CASE("a read-only disk of io_uring has a ring that cannot write", "[block][io_ring]") {
  auto disk = make_disk(4096);
  const auto path = "/proc/self/fd/" + std::to_string(disk.get());
  CHECK(Block::create(UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)),
                      a_disk(DiskAccess::read_only, policy::DiskEngine::io_uring)));
}
