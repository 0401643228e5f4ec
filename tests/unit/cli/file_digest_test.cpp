#include "cli/inspect/file_digest.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fcntl.h>
#include <unistd.h>

#include "base/io.hpp"
#include "base/sealed_memfd.hpp"

using namespace immure;
using namespace immure::cli;

TEST_CASE("the digest is SHA-256 of the whole file, wherever its offset stands", "[cli]") {
  const std::string text = "abc";
  const auto memfd = make_sealed_memfd("digest", std::as_bytes(std::span(text)));
  REQUIRE(memfd);
  REQUIRE(::lseek(memfd->get(), 2, SEEK_SET) == 2);
  const auto digest = sha256_of(memfd->get());
  REQUIRE(digest);
  // FIPS 180-4's example.
  CHECK(*digest == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("a file that another process holds is measured through /proc", "[cli]") {
  const std::string text = "abc";
  const auto memfd = make_sealed_memfd("digest", std::as_bytes(std::span(text)));
  REQUIRE(memfd);
  const auto self = ProcessDirectory::open(::getpid());
  REQUIRE(self);
  const auto digest = sha256_of_process_file(*self, "fd/" + std::to_string(memfd->get()));
  REQUIRE(digest);
  CHECK(digest->starts_with("ba7816bf"));
}
