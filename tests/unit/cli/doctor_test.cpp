#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "cli/doctor/finding.hpp"
#include "cli/doctor/uid_ranges.hpp"

using namespace immure::cli;

namespace {

Finding finding(Verdict verdict) {
  return {.check = "c", .verdict = verdict, .found = "f\xff", .why = "w", .remedy = "r"};
}

}  // namespace

TEST_CASE("a user or a subordinate range inside the guests' uids is found", "[cli]") {
  const UidRange guests{.first = 2000, .count = 100};
  CHECK(users_in("root:x:0:0::/:/bin/sh\na:x:1999:1::/:\nb:x:2000:1::/:\nc:x:2099:1::/:\nd:x:2100:1::/:\n",
                 guests) == std::vector<std::string>{"b", "c"});
  CHECK(ranges_overlapping("a:1000:1000\nb:1000:1001\nc:2099:1\nd:2100:65536\n", guests) ==
        std::vector<std::string>{"b", "c"});
}

TEST_CASE("lines that are no accounts are passed over", "[cli]") {
  const UidRange guests{.first = 0, .count = 4294967295};
  CHECK(users_in("+::::::\ngarbage\n\nx:y:-1:", guests).empty());
  CHECK(ranges_overlapping("a:99999999999:1\nb:1\n", guests).empty());
}

TEST_CASE("the worst finding is the verdict", "[cli]") {
  CHECK(worst_of({}) == Verdict::ok);
  CHECK(worst_of({finding(Verdict::ok), finding(Verdict::warn)}) == Verdict::warn);
  CHECK(worst_of({finding(Verdict::fail), finding(Verdict::ok)}) == Verdict::fail);
}

TEST_CASE("findings in JSON name the check, the verdict, the cause and the remedy", "[cli]") {
  const auto json = nlohmann::json::parse(findings_json({finding(Verdict::fail)}));
  CHECK(json["verdict"] == "fail");
  for (const char* key : {"check", "verdict", "found", "why", "remedy"})
    CHECK(json["checks"][0].contains(key));
}

TEST_CASE("every check of this host says why it matters, and a bad one how to mend it", "[cli]") {
  const auto findings = examine_host();
  CHECK(findings.size() >= 12);
  for (const auto& found : findings) {
    CAPTURE(found.check);
    CHECK_FALSE(found.found.empty());
    CHECK_FALSE(found.why.empty());
    CHECK(found.remedy.empty() == (found.verdict == Verdict::ok));
  }
}
