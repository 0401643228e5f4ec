// The program itself: exit codes, output, and its confinement.
#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "tests/unit/attest/fixtures/evidence.hpp"
#include "tests/unit/attest/program/run_program.hpp"

using namespace immure::attest;
using namespace immure::attest::snp;
using namespace immure::attest::test;

namespace {

/// A report and its certificates as a user would have them: a PEM file of two and a DER file.
class Files {
 public:
  explicit Files(const Case& it) {
    const auto evidence = good_evidence(it);
    const auto& certificates = evidence.certificates.certificates;
    report = scratch.write("report.bin", Bytes(evidence.report));
    (void)scratch.write("certs/a-chain", to_pem(certificates[1]) + to_pem(certificates[2]));
    (void)scratch.write("certs/b-key", Bytes(certificates[0].der()));
    (void)scratch.write("certs/README", "what these are");
    anchor = scratch.write("anchor.pem", to_pem(certificates[2]));
  }

  [[nodiscard]] Outcome verify(std::vector<std::string> more) const {
    std::vector<std::string> all{"report", "verify", "--report", report, "--certs", scratch.path("certs")};
    all.insert(all.end(), more.begin(), more.end());
    return run_program(all);
  }
  /// With the tests' root, at a time when all certificates are valid.
  [[nodiscard]] Outcome verify_good(std::vector<std::string> more = {}) const {
    more.insert(more.end(), {"--trust-anchor", anchor, "--at-time", "2026-06-01T00:00:00Z"});
    return verify(more);
  }

  Scratch scratch;
  std::string report;
  std::string anchor;
};

}  // namespace

TEST_CASE("the program verifies a genuine report and says so", "[attest]") {
  const Files files({.product = Product::turin, .version = 5});
  const auto outcome = files.verify_good();
  INFO(outcome.out << outcome.err);
  CHECK(outcome.status == 0);
  CHECK(outcome.out.ends_with("verified: 17 of 17 checks passed\n"));
}

TEST_CASE("the program's JSON lists every check with name, result and detail, and the report", "[attest]") {
  const Files files({.product = Product::genoa, .version = 3, .kind = EndorsementKey::vlek});
  const auto outcome = files.verify_good({"--json"});
  REQUIRE(outcome.status == 0);
  const auto json = nlohmann::json::parse(outcome.out);
  REQUIRE(json["checks"].size() == 17);
  for (const auto& check : json["checks"]) {
    CHECK(check.size() == 3);
    CHECK(check["result"] == "pass");
    CHECK_FALSE(check["name"].get<std::string>().empty());
    CHECK_FALSE(check["detail"].get<std::string>().empty());
  }
  CHECK(json["report"]["version"] == 3);
  CHECK(json["report"]["product"] == "genoa");
  CHECK(json["report"]["signing_key"] == "vlek");
  CHECK(json["report"]["measurement"] == std::string(96, '2'));
  CHECK(json["report"]["reported_tcb"]["microcode"] == 0xd5);
}

TEST_CASE("each way to fail has an exit code of its own", "[attest]") {
  const Files files({.product = Product::milan, .version = 3});
  SECTION("a root that is not AMD's") { CHECK(files.verify({"--at-time", "2026-06-01"}).status == 14); }
  SECTION("an expired certificate") {
    CHECK(files.verify({"--trust-anchor", files.anchor, "--at-time", "2044-01-01"}).status == 14);
  }
  SECTION("a report of another length") {
    (void)files.scratch.write("report.bin", "short");
    const auto outcome = files.verify_good({"--json"});
    CHECK(outcome.status == 14);
    const auto json = nlohmann::json::parse(outcome.out);
    CHECK(json["report"].is_null());
    CHECK(json["checks"][0]["result"] == "fail");
    CHECK(json["checks"][1]["result"] == "not-evaluated");
  }
  SECTION("a policy that is not met") {
    const auto policy = files.scratch.write("p.toml", "vmpl = 3\n");
    CHECK(files.verify_good({"--policy", policy}).status == 15);
  }
  SECTION("a policy that is met") {
    const auto policy = files.scratch.write("p.toml", "vmpl = 0\n[minimum_tcb]\nmicrocode = 0xd5\n");
    CHECK(files.verify_good({"--policy", policy}).status == 0);
  }
  SECTION("a policy that is not met by a report that is not genuine") {
    const auto policy = files.scratch.write("p.toml", "vmpl = 3\n");
    CHECK(files.verify({"--policy", policy}).status == 14);
  }
  SECTION("a policy without a rule") {
    const auto outcome = files.verify_good({"--policy", files.scratch.write("p.toml", "")});
    CHECK(outcome.status == 3);
    CHECK(outcome.out.empty());
    CHECK(outcome.err.contains("without a rule"));
  }
  SECTION("a trust anchor that is no certificate") {
    CHECK(files.verify({"--trust-anchor", files.report}).status == 3);
  }
  SECTION("wrong command lines") {
    CHECK(files.verify({"--product", "naples"}).status == 2);
    CHECK(files.verify({"--at-time", "yesterday"}).status == 2);
    CHECK(files.verify({"--nonsense"}).status == 2);
    CHECK(run_program({"report", "verify", "--report", files.report}).status == 2);
    CHECK(run_program({}).status == 2);
  }
  SECTION("files that cannot be read") {
    CHECK(run_program({"report", "verify", "--report", "/nonexistent", "--certs", "/"}).status == 1);
    CHECK(run_program({"report", "verify", "--report", files.report, "--certs", "/nonexistent"}).status == 1);
    CHECK(run_program({"report", "verify", "--report", "/dev/zero", "--certs", "/"}).status == 1);
  }
}

TEST_CASE("help is no failure and teaches the exit codes", "[attest]") {
  const auto outcome = run_program({"report", "verify", "--help"});
  CHECK(outcome.status == 0);
  CHECK(outcome.out.contains("14"));
  CHECK(run_program({"--version"}).status == 0);
}
