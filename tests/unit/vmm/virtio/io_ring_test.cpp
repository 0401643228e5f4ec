#include "vmm/virtio/io_ring.hpp"

#include <array>
#include <string>

#include <catch2/catch_test_macros.hpp>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/unit/vmm/virtio/block_fixture.hpp"

using namespace immure;
using namespace immure::vmm::virtio;
using namespace immure::vmm::test;

namespace {

IoRing make_ring(int file, IoRing::Access access = IoRing::Access::read_write) {
  auto ring = IoRing::create(file, 8, access);
  if (!ring) SKIP("no io_uring here: " + ring.error().message);
  return *std::move(ring);
}

/// Waits for one operation, and gives its result.
std::int32_t finish(IoRing& ring) {
  REQUIRE(ring.submit());
  for (;;) {
    if (const auto done = ring.next()) return done->result;
    REQUIRE(ring.wait());
  }
}

iovec slice_of(std::string& text) { return {.iov_base = text.data(), .iov_len = text.size()}; }

}  // namespace

TEST_CASE("io_uring: a disk is read, written and synced", "[io_ring]") {
  const auto disk = make_disk(4096);
  auto ring = make_ring(disk.get());
  std::string text(512, 'x');
  const auto slice = slice_of(text);
  ring.read(std::span(&slice, 1), 1024, 7);
  CHECK(finish(ring) == 512);
  CHECK(text == std::string(512, '\2'));
  text.assign(512, 'w');
  ring.write(std::span(&slice, 1), 0, 8);
  CHECK(finish(ring) == 512);
  ring.sync(9);
  CHECK(finish(ring) == 0);
  char first = 0;
  CHECK(::pread(disk.get(), &first, 1, 0) == 1);
  CHECK(first == 'w');
}

TEST_CASE("io_uring: a completion has the tag of its operation", "[io_ring]") {
  const auto disk = make_disk(4096);
  auto ring = make_ring(disk.get());
  std::array<std::string, 4> texts{std::string(512, 'a'), std::string(512, 'a'), std::string(512, 'a'),
                                   std::string(512, 'a')};
  std::array<iovec, 4> slices{};
  for (std::size_t i = 0; i < 4; ++i) {
    slices.at(i) = slice_of(texts.at(i));
    ring.read(std::span(&slices.at(i), 1), i * 512, 100 + i);
  }
  REQUIRE(ring.submit());
  std::uint64_t tags = 0;
  for (int done = 0; done < 4;) {
    if (const auto completion = ring.next()) {
      tags += completion->tag;
      ++done;
    } else {
      REQUIRE(ring.wait());
    }
  }
  CHECK(tags == 406);
  for (std::size_t i = 0; i < 4; ++i) CHECK(texts.at(i) == std::string(512, static_cast<char>(i)));
}

TEST_CASE("io_uring: the event tells of what is completed later, and of nothing that is there already",
          "[io_ring]") {
  int pipes[2];
  REQUIRE(::pipe2(pipes, O_CLOEXEC) == 0);
  const UniqueFd reader(pipes[0]);
  const UniqueFd writer(pipes[1]);
  auto ring = make_ring(reader.get(), IoRing::Access::read_only);
  std::string text(4, 'x');
  const auto slice = slice_of(text);
  const auto has_event = [&ring](int milliseconds) {
    pollfd polled{.fd = ring.event(), .events = POLLIN, .revents = 0};
    return ::poll(&polled, 1, milliseconds) == 1;
  };
  ring.sync(1);  // which is refused at once
  REQUIRE(ring.submit());
  REQUIRE(ring.next());
  CHECK_FALSE(has_event(0));
  ring.read(std::span(&slice, 1), 0, 2);
  REQUIRE(ring.submit());
  CHECK_FALSE(ring.next());
  CHECK_FALSE(has_event(0));
  REQUIRE(::write(writer.get(), "late", 4) == 4);
  REQUIRE(has_event(5000));
  const auto completion = ring.next();
  REQUIRE(completion);
  CHECK(completion->tag == 2);
  CHECK(text == "late");
}

TEST_CASE("io_uring hostile: the ring of a disk that is only read writes and syncs nothing",
          "[io_ring][hostile]") {
  const auto disk = make_disk(4096);
  auto ring = make_ring(disk.get(), IoRing::Access::read_only);
  std::string text(512, 'w');
  const auto slice = slice_of(text);
  ring.write(std::span(&slice, 1), 0, 1);
  CHECK(finish(ring) == -EACCES);
  ring.sync(2);
  CHECK(finish(ring) == -EACCES);
  char first = 1;
  CHECK(::pread(disk.get(), &first, 1, 0) == 1);
  CHECK(first == 0);
}

TEST_CASE("io_uring hostile: once it is on, nothing can be registered, and no restriction lifted",
          "[io_ring][hostile]") {
  const auto disk = make_disk(4096);
  auto ring = make_ring(disk.get());
  const int other = STDIN_FILENO;
  const auto tell = [&ring](unsigned what, const void* argument, unsigned count) {
    return ::syscall(SYS_io_uring_register, ring.fd(), what, argument, count) < 0 ? errno : 0;
  };
  const io_uring_restriction none{};
  CHECK(tell(IORING_UNREGISTER_FILES, nullptr, 0) == EACCES);
  CHECK(tell(IORING_REGISTER_FILES, &other, 1) == EACCES);
  CHECK(tell(IORING_REGISTER_RESTRICTIONS, &none, 1) != 0);
  CHECK(tell(IORING_REGISTER_EVENTFD, &other, 1) == EACCES);
  CHECK(tell(IORING_REGISTER_PERSONALITY, nullptr, 0) == EACCES);
}

TEST_CASE("io_uring: a file that is shorter than the request gives what there is", "[io_ring]") {
  const auto disk = make_disk(1024);
  auto ring = make_ring(disk.get());
  std::string text(2048, 'x');
  const auto slice = slice_of(text);
  ring.read(std::span(&slice, 1), 512, 1);
  CHECK(finish(ring) == 512);
}
