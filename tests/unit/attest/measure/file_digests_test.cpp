#include "attest/measure/file_digests.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/attest/measure/guest_files.hpp"

using namespace immure::attest;
using namespace immure::attest::measure;
using namespace immure::attest::test;

namespace {

void ignore(std::uint64_t /*bytes*/) {}

}  // namespace

TEST_CASE("a file is hashed by SHA-256 and SHA-384 as FIPS 180-4 has it", "[attest]") {
  const MemoryFile file("abc");
  const auto digests = digests_of_file(file.fd(), 3, ignore);
  REQUIRE(digests);
  CHECK(to_hex(digests->sha256) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(to_hex(digests->sha384) ==
        "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7");
}

TEST_CASE("a file that is read in several pieces has the digest of the whole, and every byte is reported",
          "[attest]") {
  std::string bytes(1'000'003, 'x');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7 + i / 251);
  const MemoryFile file(bytes);
  std::uint64_t reported = 0;
  const auto digests = digests_of_file(file.fd(), bytes.size(), [&](std::uint64_t n) { reported += n; });
  REQUIRE(digests);
  CHECK(digests->sha256 == *sha256(bytes_of_text(bytes)));
  CHECK(digests->sha384 == *sha384(bytes_of_text(bytes)));
  CHECK(reported == bytes.size());
}

TEST_CASE("a file that shrank or grew since it was opened is refused", "[attest]") {
  const MemoryFile file("twelve bytes");
  CHECK(digests_of_file(file.fd(), 12, ignore));
  CHECK_FALSE(digests_of_file(file.fd(), 13, ignore));
  CHECK_FALSE(digests_of_file(file.fd(), 11, ignore));
}
