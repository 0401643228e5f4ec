#include "cli/command_line.hpp"

#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "cli/failure.hpp"
#include "cli/help.hpp"
#include "policy/attest_verbs.hpp"

using namespace immure::cli;

namespace {

ExitCode run(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "immure");
  std::vector<char*> argv;
  for (auto& argument : arguments) argv.push_back(argument.data());
  return static_cast<ExitCode>(run_command_line(static_cast<int>(argv.size()), argv.data()));
}

}  // namespace

TEST_CASE("a wrong command line has an exit code of its own", "[cli]") {
  CHECK(run({}) == ExitCode::usage);
  CHECK(run({"nonsense"}) == ExitCode::usage);
  CHECK(run({"inspect"}) == ExitCode::usage);
  CHECK(run({"ps", "--nonsense"}) == ExitCode::usage);
  CHECK(run({"run", "-d", "--dry-run", "x.toml"}) == ExitCode::usage);
  CHECK(run({"stop", "web", "--timeout", "never"}) == ExitCode::usage);
}

TEST_CASE("help and version are no failures", "[cli]") {
  CHECK(run({"--help"}) == ExitCode::success);
  CHECK(run({"--version"}) == ExitCode::success);
  for (const auto& command : all_command_help()) CHECK(run({command.name, "--help"}) == ExitCode::success);
}

TEST_CASE("the attestation module answers for its verbs, where the build has one", "[cli]") {
  for (const auto& verb : immure::policy::attest_verbs) {
#ifdef IMMURE_HAVE_ATTEST
    CHECK(run({verb.name, "--help"}) == ExitCode::success);
    CHECK(run({verb.name, "--nonsense"}) == ExitCode::usage);
#else
    CHECK(run({verb.name, "--help"}) == ExitCode::failure);
#endif
  }
}

TEST_CASE("a specification that cannot be read is a bad specification", "[cli]") {
  CHECK(run({"validate", "/nonexistent.toml"}) == ExitCode::bad_specification);
  CHECK(run({"run", "--dry-run", "/nonexistent.toml"}) == ExitCode::bad_specification);
}

TEST_CASE("a name that is no guest name is a wrong command line", "[cli]") {
  CHECK(run({"kill", "../x"}) == ExitCode::usage);
  CHECK(run({"stop", "../x"}) == ExitCode::usage);
  CHECK(run({"logs", "../x"}) == ExitCode::usage);
}
