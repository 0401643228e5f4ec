#include "base/sealed_memfd.hpp"

#include <catch2/catch_test_macros.hpp>
#include <sys/mman.h>

using namespace immure;

namespace {

struct Pair {
  int first;
  int second;
};

}  // namespace

TEST_CASE("a sealed record comes back as it went in, and cannot be written", "[base]") {
  const Pair sent{.first = 1, .second = 2};
  const auto fd = make_sealed_memfd("pair", bytes_of(sent));
  REQUIRE(fd);
  const auto received = read_sealed_record<Pair>(fd->get());
  REQUIRE(received);
  CHECK(received->second == 2);
  CHECK(::pwrite(fd->get(), &sent, sizeof(sent), 0) < 0);
  CHECK(::ftruncate(fd->get(), 0) != 0);
}

TEST_CASE("a memfd without seals, or of another size, is refused", "[base]") {
  const Pair sent{.first = 1, .second = 2};
  const UniqueFd unsealed(::memfd_create("pair", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  REQUIRE(write_all(unsealed.get(), bytes_of(sent)));
  CHECK_FALSE(read_sealed_record<Pair>(unsealed.get()));

  const auto short_one = make_sealed_memfd("int", bytes_of(sent.first));
  REQUIRE(short_one);
  CHECK_FALSE(read_sealed_record<Pair>(short_one->get()));
}

TEST_CASE("a file is copied whole, or refused for being empty or too large", "[base]") {
  const Pair sent{.first = 1, .second = 2};
  const UniqueFd file(::memfd_create("file", MFD_CLOEXEC));
  CHECK(copy_to_sealed_memfd("copy", file.get(), 8).error().message.contains("empty"));
  REQUIRE(write_all(file.get(), bytes_of(sent)));
  REQUIRE(::lseek(file.get(), 0, SEEK_SET) == 0);
  CHECK(copy_to_sealed_memfd("copy", file.get(), sizeof(sent) - 1).error().message.contains("larger"));
  REQUIRE(::lseek(file.get(), 0, SEEK_SET) == 0);
  const auto copy = copy_to_sealed_memfd("copy", file.get(), sizeof(sent));
  REQUIRE(copy);
  CHECK(read_sealed_record<Pair>(copy->fd.get())->second == 2);
  CHECK_FALSE(copy->verity);
}
