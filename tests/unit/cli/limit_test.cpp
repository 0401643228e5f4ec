#include "cli/commands/limit.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace immure;
using namespace immure::cli;

TEST_CASE("a limit is told to the VMM in bytes, and its device as the user does", "[cli]") {
  const auto change = limit_change({.name = "web",
                                    .device = "disk:root",
                                    .bytes_per_second = "10 MiB",
                                    .bytes_burst = "1 GiB",
                                    .operations_per_second = 100,
                                    .operations_burst = 200});
  REQUIRE(change);
  CHECK(change->device.view() == "disk:root");
  CHECK(change->limit == policy::RateLimit{.bytes_per_second = 10 << 20,
                                           .bytes_burst = 1 << 30,
                                           .operations_per_second = 100,
                                           .operations_burst = 200});
}

TEST_CASE("without options a limit is taken away", "[cli]") {
  LimitOptions options;
  options.name = "web";
  options.device = "rng";
  const auto change = limit_change(options);
  REQUIRE(change);
  CHECK(change->limit == policy::RateLimit{});
}

TEST_CASE("a limit that cannot be is a wrong command line", "[cli]") {
  const auto code = [](const LimitOptions& options) {
    const auto change = limit_change(options);
    return change ? ExitCode::success : change.error().code;
  };
  LimitOptions options;
  options.device = "rng";
  options.bytes_per_second = "much";
  CHECK(code(options) == ExitCode::usage);
  options.bytes_per_second = "1 B";
  CHECK(code(options) == ExitCode::usage);
  options.bytes_per_second.clear();
  options.bytes_burst = "1 MiB";
  CHECK(code(options) == ExitCode::usage);
  options.bytes_burst.clear();
  options.device = std::string(40, 'x');
  CHECK(code(options) == ExitCode::usage);
}
