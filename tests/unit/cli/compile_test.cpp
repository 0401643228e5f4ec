#include "policy/spec/compile.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/unique_fd.hpp"
#include "scratch.hpp"

using namespace immure;
using namespace immure::cli;
using namespace immure::policy;

namespace {

constexpr const char* good_spec = "name = \"web\"\n[boot]\nkernel = \"/boot/vmlinuz\"\n";

}  // namespace

TEST_CASE("a specification is compiled in the child and arrives as a record", "[cli]") {
  const Scratch scratch;
  const auto record = compile_guest_spec(scratch.write("web.toml", good_spec));
  REQUIRE(record);
  CHECK(record->name.view() == "web");
  CHECK(record->kernel.view() == "/boot/vmlinuz");
}

TEST_CASE("relative paths are taken from the specification's directory", "[cli]") {
  const Scratch scratch;
  const auto record =
      compile_guest_spec(scratch.write("web.toml", "name = \"web\"\n[boot]\nkernel = \"vmlinuz\"\n"));
  REQUIRE(record);
  CHECK(record->kernel.view() == scratch.path() + "/vmlinuz");
}

TEST_CASE("mistakes come out of the child with file, line and column", "[cli]") {
  const Scratch scratch;
  const auto path = scratch.write("web.toml", std::string(good_spec) + "colour = 1\n");
  const auto record = compile_guest_spec(path);
  REQUIRE_FALSE(record);
  CHECK(record.error().code == ExitCode::bad_specification);
  CHECK(record.error().message.starts_with(path + ":4:1: "));
}

TEST_CASE("a specification's bytes cannot drive the terminal through its diagnostics", "[cli]") {
  const Scratch scratch;
  const auto record = compile_guest_spec(scratch.write("web.toml", "\"a\\u001b[2J\" = 1\n"));
  REQUIRE_FALSE(record);
  CHECK_FALSE(record.error().message.contains('\033'));
}

TEST_CASE("what is no small regular file is refused before it is read", "[cli]") {
  const Scratch scratch;
  const auto code_for = [](const std::string& path) {
    const auto record = compile_guest_spec(path);
    return record ? ExitCode::success : record.error().code;
  };
  CHECK(code_for(scratch.path() + "/missing") == ExitCode::bad_specification);
  CHECK(code_for(scratch.path()) == ExitCode::bad_specification);
  const auto fifo = scratch.path() + "/fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  CHECK(code_for(fifo) == ExitCode::bad_specification);
  CHECK(code_for(scratch.write("big", std::string(max_text_bytes + 1, '#'))) == ExitCode::bad_specification);
}

TEST_CASE("an empty host policy compiles to the default", "[cli]") {
  const Scratch scratch;
  const UniqueFd file(::open(scratch.write("host.toml", "").c_str(), O_RDONLY | O_CLOEXEC));
  const auto record = compile_host_policy(file.get(), "host.toml");
  REQUIRE(record);
  CHECK(record->host.selinux == policy::SelinuxMode::required);
}
