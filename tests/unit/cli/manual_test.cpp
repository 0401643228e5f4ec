// The manual page and the completion know every subcommand and every exit code of the code.
#include <fstream>
#include <sstream>

#include <catch2/catch_test_macros.hpp>

#include "cli/failure.hpp"
#include "cli/help.hpp"
#include "policy/attest_verbs.hpp"

using namespace immure::cli;

namespace {

std::string source_text(const std::string& path) {
  const std::ifstream file(IMMURE_SOURCE_DIR "/" + path);
  REQUIRE(file.good());
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// A minus sign is written as one, so that the page can be searched for it.
std::string in_roff(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '-' ? "\\-" : std::string(1, c);
  return out;
}

}  // namespace

TEST_CASE("every subcommand is in the manual page and in the completion", "[cli]") {
  const auto manual = source_text("packaging/man/immure.1");
  const auto completion = source_text("packaging/completions/immure.bash");
  for (const auto& command : all_command_help()) {
    CAPTURE(command.name);
    CHECK(manual.contains("\n.SS " + std::string(command.name)));
    CHECK(completion.contains(command.name));
  }
}

TEST_CASE("every verb of the attestation module is in the manual page and in the completion", "[cli]") {
  const auto manual = source_text("packaging/man/immure.1");
  const auto completion = source_text("packaging/completions/immure.bash");
  for (const auto& verb : immure::policy::attest_verbs) {
    CAPTURE(verb.name);
    CHECK(manual.contains("\n.SS " + in_roff(verb.name)));
    CHECK(completion.contains(verb.name));
  }
}

TEST_CASE("every exit code is in the manual page and in --help", "[cli]") {
  const auto manual = source_text("packaging/man/immure.1");
  int codes = 0;
  for (int number = 0; number < 256; ++number) {
    const auto name = exit_code_name(static_cast<ExitCode>(number));
    if (name == "unknown") continue;
    ++codes;
    CAPTURE(number, name);
    CHECK(manual.contains("\n.TP\n.B " + std::to_string(number) + " " + std::string(name) + "\n"));
    CHECK(std::string(program_details).contains(" " + std::to_string(number) + " "));
  }
  CHECK(codes == 17);
}
