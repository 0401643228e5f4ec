#include "policy/toml/nearest.hpp"

#include <array>
#include <string>

#include <catch2/catch_test_macros.hpp>

using immure::policy::toml_text::nearest;

TEST_CASE("a misspelt key is recognised, a different word is not", "[policy]") {
  constexpr std::array<std::string_view, 4> keys{"kernel", "initrd", "command_line", "id"};
  CHECK(nearest("kernal", keys) == "kernel");
  CHECK(nearest("kenrel", keys) == "kernel");
  CHECK(nearest("inintrd", keys) == "initrd");
  CHECK(nearest("commandline", keys) == "command_line");
  CHECK(nearest("cmdline", keys) == std::nullopt);
  CHECK(nearest("size", keys) == std::nullopt);
  CHECK(nearest("", {}) == std::nullopt);
  CHECK(nearest(std::string(1'000'000, 'k'), keys) == std::nullopt);
}
