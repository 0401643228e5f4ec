// `immure measure` itself: output, exit codes, the log on disk.
#include <filesystem>

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include "attest/crypto/digest.hpp"
#include "attest/log/cel.hpp"
#include "tests/unit/attest/program/guest.hpp"

using namespace immure::attest;
using namespace immure::attest::test;

namespace {

Outcome measured(const GuestOnDisk& guest, std::vector<std::string> more = {}) {
  std::vector<std::string> all{"measure", guest.spec};
  all.insert(all.end(), more.begin(), more.end());
  return run_program(guest.with(all));
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("the program measures a guest's files and lists every event with both digests", "[attest]") {
  const GuestOnDisk guest;
  const auto outcome = measured(guest, {"--json"});
  INFO(outcome.err);
  REQUIRE(outcome.status == 0);
  const auto json = nlohmann::json::parse(outcome.out);
  CHECK(json["guest"] == "web");
  CHECK(json["events"][0]["name"] == "kernel");
  CHECK(json["events"][0]["kind"] == "code");
  CHECK(json["events"][0]["sha256"] == to_hex(*sha256(bytes_of_text("the kernel"))));
  CHECK(json["events"][0]["sha384"] == to_hex(*sha384(bytes_of_text("the kernel"))));
  CHECK(json["events"][0]["size"] == 10);
  CHECK(outcome.out.contains("\"unmeasured\": \"writable\""));
}

TEST_CASE("the program writes its events as a log that is read back", "[attest]") {
  const GuestOnDisk guest;
  const auto path = guest.scratch.path("web.cel");
  REQUIRE(measured(guest, {"--log", path, "--pcr", "11"}).status == 0);
  const auto records = log::parse_cel(bytes_of_text(read_file(path)));
  REQUIRE(records);
  CHECK(records->size() == 14);
  CHECK(records->front().pcr == 11);
  CHECK(records->front().event.name == "kernel");
}

TEST_CASE("the program writes its events as a JSON text sequence where asked to", "[attest]") {
  const GuestOnDisk guest;
  const auto path = guest.scratch.path("web.log");
  REQUIRE(measured(guest, {"--log", path, "--log-format", "json-seq"}).status == 0);
  CHECK(read_file(path).starts_with("\x1e{\"pcr\":13,\"digests\":[{\"hashAlg\":\"sha256\""));
}

TEST_CASE("measuring fails with the exit code of what is wrong", "[attest]") {
  const GuestOnDisk guest;
  SECTION("a mistake in the specification") {
    (void)guest.scratch.write("web.toml", "name = 7\n");
    const auto outcome = measured(guest);
    CHECK(outcome.status == 3);
    CHECK(outcome.err.contains("web.toml:1:"));
  }
  SECTION("a missing file") {
    std::filesystem::remove(guest.scratch.path("initrd"));
    CHECK(measured(guest).status == 6);
  }
  SECTION("a symbolic link in the place of a file") {
    std::filesystem::remove(guest.scratch.path("vmlinuz"));
    std::filesystem::create_symlink(guest.scratch.path("initrd"), guest.scratch.path("vmlinuz"));
    CHECK(measured(guest).status == 6);
  }
  SECTION("a FIFO in the place of a disk") {
    std::filesystem::remove(guest.scratch.path("root.raw"));
    REQUIRE(::mkfifo(guest.scratch.path("root.raw").c_str(), 0600) == 0);
    CHECK(measured(guest).status == 6);
  }
  SECTION("a disk above the limit") {
    std::filesystem::resize_file(guest.scratch.path("root.raw"), (1 << 20) + 1);
    const auto outcome = measured(guest, {"--largest-disk", "1"});
    CHECK(outcome.status == 6);
    CHECK(outcome.err.contains("fs-verity"));
    CHECK(measured(guest, {"--largest-disk", "2"}).status == 0);
  }
  SECTION("a PCR that can be reset") {
    CHECK(measured(guest, {"--log", "/dev/null", "--pcr", "16"}).status == 2);
  }
  SECTION("a log that cannot be written") {
    CHECK(measured(guest, {"--log", "/nonexistent/log"}).status == 1);
  }
}
