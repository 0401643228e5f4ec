#include "cli/launch/launch_process.hpp"

#include <catch2/catch_test_macros.hpp>

#include "cli/launch/outcome.hpp"

using namespace immure;
using namespace immure::cli;
using policy::LaunchVerb;
using policy::ReportKind;

namespace {

policy::LaunchRequest plan_request() {
  auto request = request_to(LaunchVerb::plan);
  auto& guest = request.guest;
  guest.header = policy::header_of<policy::GuestRecord>();
  guest.name = policy::GuestName::from("web", "name").value();
  guest.kernel = policy::HostPath::from("/boot/vmlinuz", "kernel").value();
  guest.vcpus = 1;
  guest.memory_bytes = 256ULL << 20;
  return request;
}

}  // namespace

TEST_CASE("the launcher gets its request and its reports come back", "[cli]") {
  auto launcher = LaunchProcess::start(plan_request());
  REQUIRE(launcher);
  int steps = 0;
  for (;;) {
    const auto report = launcher->next_report();
    REQUIRE(report);
    REQUIRE(*report);
    if ((*report)->kind == ReportKind::done) break;
    CHECK((*report)->kind == ReportKind::plan_step);
    ++steps;
  }
  CHECK(steps > 10);
}

TEST_CASE("a request that the launcher refuses ends with its reason", "[cli]") {
  auto request = plan_request();
  request.guest.vcpus = 0;
  auto launcher = LaunchProcess::start(request);
  REQUIRE(launcher);
  const auto report = launcher->next_report();
  REQUIRE(report);
  REQUIRE(*report);
  CHECK((*report)->kind == ReportKind::failed);
  CHECK(launcher->failure_of(**report).message.contains("cpu.count"));
}

TEST_CASE("an exit code that is none becomes the general one", "[cli]") {
  CHECK(exit_code_of(12) == ExitCode::killed);
  CHECK(exit_code_of(99) == ExitCode::failure);
  CHECK(exit_code_of(-1) == ExitCode::failure);
}

TEST_CASE("an outcome in JSON carries the exit code by number and by name", "[cli]") {
  const auto json = outcome_json({.name = "web", .event = "ended", .code = ExitCode::killed, .vmm_pid = 7});
  CHECK(json.contains("\"exit_code\": 12"));
  CHECK(json.contains("\"exit_code_name\": \"killed\""));
  CHECK(json.contains("\"vmm_pid\": 7"));
  CHECK_FALSE(json.contains("steps"));
}
