#include "vmm/boot/initrd_integrity.hpp"

#include <cstdio>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "base/sealed_memfd.hpp"
#include "tests/unit/vmm/boot/boot_fixture.hpp"

using namespace immure;
using namespace immure::vmm;
using test::Bytes;

namespace {

/// "newc", as cpio -o -H newc writes it.
std::string cpio_entry(const std::string& name, const std::string& content) {
  std::array<char, 111> header{};
  std::snprintf(header.data(), header.size(), "070701%08x%08x%08x%08x%08x%08x%08zx%08x%08x%08x%08x%08zx%08x",
                1U, 0100644U, 0U, 0U, 1U, 0U, content.size(), 0U, 0U, 0U, 0U, name.size() + 1, 0U);
  std::string out = header.data() + name + '\0';
  out.resize((out.size() + 3) & ~std::size_t{3});
  out += content;
  out.resize((out.size() + 3) & ~std::size_t{3});
  return out;
}

const std::string cpio = cpio_entry("init", "#!/bin/sh\n") + cpio_entry("TRAILER!!!", "");

template <std::size_t size>
std::string text(const unsigned char (&bytes)[size]) {
  return {bytes, bytes + size};
}

// What zstd 1.5, lz4 1.9, xz 5.4 and gzip 1.12 make of a few words.
const std::string zstd_with_checksum =
    text({0x28, 0xb5, 0x2f, 0xfd, 0x24, 0x48, 0xcd, 0x00, 0x00, 0x58, 0x68, 0x65, 0x6c,
          0x6c, 0x6f, 0x20, 0x0a, 0x20, 0x0a, 0x20, 0x0a, 0x05, 0x00, 0x60, 0x0a, 0x10,
          0x0e, 0x4c, 0x06, 0x04, 0x91, 0xb9, 0x14, 0x01, 0x94, 0x9f, 0xd8, 0xc7});
const std::string zstd_without = text({0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x18, 0x6d, 0x00, 0x00, 0x38, 0x68,
                                       0x65, 0x6c, 0x6c, 0x6f, 0x20, 0x0a, 0x01, 0x00, 0x99, 0x4b, 0x11});
const std::string lz4 = text({0x02, 0x21, 0x4c, 0x18, 0x1a, 0x00, 0x00, 0x00, 0x6d, 0x68, 0x65, 0x6c,
                              0x6c, 0x6f, 0x20, 0x06, 0x00, 0x1d, 0x0a, 0x12, 0x00, 0x02, 0x24, 0x00,
                              0x0f, 0x18, 0x00, 0x01, 0x50, 0x65, 0x6c, 0x6c, 0x6f, 0x0a});
const std::string xz = text(
    {0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 0x00, 0x01, 0x69, 0x22, 0xde, 0x36, 0x02, 0x00, 0x21, 0x01, 0x16,
     0x00, 0x00, 0x00, 0x74, 0x2f, 0xe5, 0xa3, 0xe0, 0x00, 0x17, 0x00, 0x0c, 0x5d, 0x00, 0x34, 0x19, 0x49,
     0xee, 0x8d, 0xe9, 0x56, 0x0a, 0xc1, 0x21, 0xb0, 0x00, 0x00, 0x00, 0x88, 0x59, 0x0b, 0x00, 0x01, 0x24,
     0x18, 0xdb, 0xcc, 0x02, 0xc2, 0x90, 0x42, 0x99, 0x0d, 0x01, 0x00, 0x00, 0x00, 0x00, 0x01, 0x59, 0x5a});
const std::string gzip = text({0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0xcb, 0x48,
                               0xcd, 0xc9, 0xc9, 0x57, 0xc8, 0x40, 0x27, 0xb9, 0x30, 0x44, 0x08, 0x88,
                               0x03, 0x00, 0x4a, 0x0e, 0xce, 0x11, 0x48, 0x00, 0x00, 0x00});
constexpr std::uint64_t memory_bytes = 1 << 20;

/// A zstd frame with one raw block of `size` bytes, which is as large as 21 bits allow.
std::string zstd_raw(std::uint32_t size) {
  const auto header = size << 3U | 1U;
  std::string out = text({0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58});
  for (unsigned shift = 0; shift < 24; shift += 8) out += static_cast<char>(header >> shift & 0xffU);
  return out + std::string(size, 'x');
}

Result<void> check(const std::string& content) {
  const auto bytes = std::as_bytes(std::span(content));
  const auto memfd = make_sealed_memfd("initrd", bytes).value();
  return boot::check_initrd(boot::ImageFile::open(memfd.get(), "initrd").value(), memory_bytes);
}

std::string message_of(const std::string& content) {
  const auto outcome = check(content);
  return outcome ? "accepted" : outcome.error().message;
}

}  // namespace

TEST_CASE("initrd: each format is walked to its end", "[boot]") {
  const auto& whole =
      GENERATE(as<std::string>{}, cpio, zstd_with_checksum, zstd_without, zstd_raw(100'000), lz4, xz, gzip);
  CHECK(message_of(whole) == "accepted");
  CHECK(message_of(whole + std::string(10'000, '\0')) == "accepted");
}

TEST_CASE("initrd: an archive that was cut off is refused, wherever the cut is", "[boot]") {
  const auto& whole = GENERATE(as<std::string>{}, cpio, zstd_with_checksum, zstd_without, xz, gzip);
  for (std::size_t size = 1; size < whole.size(); ++size) {
    // Of the last entry's padding nothing depends on.
    if (whole == cpio && whole.find_last_not_of('\0') + 2 <= size) continue;
    INFO(size << " bytes of " << whole.size());
    CHECK_FALSE(check(whole.substr(0, size)));
  }
}

TEST_CASE("initrd: an LZ4 archive that was cut off within a block is refused", "[boot]") {
  for (std::size_t size = 8; size < lz4.size(); ++size) {
    INFO(size << " bytes of " << lz4.size());
    CHECK_FALSE(check(lz4.substr(0, size)));
  }
}

TEST_CASE("initrd: an archive may follow another, after zeros, and each is checked", "[boot]") {
  const auto microcode = cpio + std::string(512, '\0');
  CHECK(message_of(microcode + zstd_with_checksum) == "accepted");
  CHECK(message_of(microcode + microcode + xz) == "accepted");
  CHECK(message_of(microcode + gzip + gzip + cpio) == "accepted");
  CHECK_FALSE(check(microcode + zstd_with_checksum.substr(0, 20)));
  CHECK_FALSE(check(microcode + cpio.substr(0, 20)));
}

TEST_CASE("initrd: the message says where it was cut off, and what is missing", "[boot]") {
  CHECK(message_of(cpio.substr(0, 120)) ==
        "initrd: was cut off at byte 120: a file needs 10 bytes more, of which 4 are there");
  CHECK(message_of(cpio_entry("init", "x")) ==
        "initrd: was cut off at byte 120: the archive has no end (TRAILER!!!)");
}

TEST_CASE("initrd: what is broken in its structure is refused", "[boot]") {
  auto no_magic = cpio_entry("a", "b");
  no_magic += std::string(cpio.size(), 'x');
  CHECK(message_of(no_magic).contains("no cpio header where a file begins"));

  auto no_number = cpio;
  no_number[6 + 6 * 8] = 'g';
  CHECK(message_of(no_number).contains("a number that is none"));

  auto reserved = zstd_without;
  reserved[6] = static_cast<char>(reserved[6] | 6);
  CHECK(message_of(reserved).contains("a type that is reserved"));
}

TEST_CASE("initrd: gzip is unpacked: a changed byte is found by its checksum, a bomb by the guest's memory",
          "[boot]") {
  auto changed = gzip;
  changed[12] = static_cast<char>(changed[12] ^ 1);
  CHECK(message_of(changed).contains("cannot be unpacked"));

  auto in_memory_of = [](std::uint64_t most) {
    const auto memfd = make_sealed_memfd("initrd", std::as_bytes(std::span(gzip))).value();
    return boot::check_initrd(boot::ImageFile::open(memfd.get(), "initrd").value(), most);
  };
  CHECK(in_memory_of(72));
  const auto refused = in_memory_of(71);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message == "initrd: unpacks to more than the guest's memory of 71 bytes");
}

TEST_CASE("initrd: sizes that are larger than any file are refused without a wrap", "[boot]") {
  auto huge = cpio;
  huge.replace(6 + 6 * 8, 8, "ffffffff");
  CHECK_FALSE(check(huge));
  huge.replace(6 + 11 * 8, 8, "ffffffff");
  CHECK_FALSE(check(huge));
}

TEST_CASE("initrd: what is compressed otherwise, or is not for Linux, passes", "[boot]") {
  CHECK(message_of(text({0x5d, 0x00, 0x00, 0x80, 0x00, 0xff, 0xff, 0xff})) == "accepted");  // lzma
  CHECK(message_of("some other kernel's module") == "accepted");
}
