// A file is swapped all the time, by renaming and by writing over it, while it is copied and measured as in a
// launch.
#include <atomic>
#include <filesystem>
#include <thread>

#include <catch2/catch_test_macros.hpp>

#include "attest/measure/file_digests.hpp"
#include "base/files.hpp"
#include "base/sealed_memfd.hpp"
#include "tests/unit/attest/program/run_program.hpp"

using namespace immure;
using namespace immure::attest;
using namespace immure::attest::test;

TEST_CASE("a file that is swapped a thousand times while it is measured never boots as another", "[attest]") {
  const Scratch scratch;
  const std::string good(200'000, 'g');
  const std::string bad(200'000, 'b');
  const auto path = scratch.write("kernel", good);
  const auto wanted = sha256(bytes_of_text(good)).value();
  std::atomic<bool> stop = false;
  const auto overwrite = [&](const std::string& text) {
    const auto file = open_file(path, O_WRONLY, Links::refused);
    if (file) (void)write_all(file->get(), std::as_bytes(std::span(text)));
  };
  std::thread swapper([&] {
    while (!stop) {
      overwrite(bad);
      std::filesystem::rename(scratch.write("fresh", good), path);
      std::filesystem::rename(scratch.write("fresh", bad), path);
      overwrite(good);
    }
  });
  int good_ones = 0;
  int others = 0;
  for (int i = 0; i < 1000; ++i) {
    const auto file = open_file(path, O_RDONLY, Links::refused);
    REQUIRE(file);
    const auto copy = copy_to_sealed_memfd("kernel", file->get(), 1 << 20);
    REQUIRE(copy);
    const auto size = file_size(copy->fd.get()).value();
    const auto digests = measure::digests_of_file(copy->fd.get(), size, [](std::uint64_t) {});
    if (!digests || digests->sha256 != wanted) {
      ++others;
      continue;
    }
    // It was found to be the good one: then these are the bytes that the VMM gets.
    ++good_ones;
    std::string boots(size, '\0');
    if (!pread_exactly(copy->fd.get(), std::as_writable_bytes(std::span(boots)), 0) || boots != good) FAIL();
  }
  stop = true;
  swapper.join();
  CHECK(good_ones > 0);
  CHECK(others > 0);
}
