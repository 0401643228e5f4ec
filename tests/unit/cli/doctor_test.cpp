#include <algorithm>
#include <filesystem>
#include <fstream>

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "cli/doctor/finding.hpp"
#include "cli/doctor/uid_ranges.hpp"
#include "tests/unit/cli/scratch.hpp"

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

namespace {

/// A host whose files are what a test says.
struct FakeHost {
  void put(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories(
        (scratch.path() + path).substr(0, (scratch.path() + path).rfind('/')));
    std::ofstream(scratch.path() + path) << text << "\n";
  }
  [[nodiscard]] Finding find(const std::string& check) const {
    Findings findings;
    examine_hardening(findings, scratch.path());
    examine_records(findings, scratch.path());
    examine_room(findings, immure::policy::default_host_policy(), scratch.path());
    const auto found = std::ranges::find(findings, check, &Finding::check);
    REQUIRE(found != findings.end());
    return *found;
  }
  [[nodiscard]] Verdict judge(const std::string& check) const { return find(check).verdict; }

  Scratch scratch;
};

}  // namespace

TEST_CASE_METHOD(FakeHost,
                 "a setting of the kernel is judged by its value, and one that is not there is no fault",
                 "[cli]") {
  CHECK(judge("unprivileged userfaultfd") == Verdict::ok);
  put("/proc/sys/vm/unprivileged_userfaultfd", "1");
  CHECK(judge("unprivileged userfaultfd") == Verdict::warn);
  put("/proc/sys/vm/unprivileged_userfaultfd", "0");
  CHECK(judge("unprivileged userfaultfd") == Verdict::ok);
  put("/proc/sys/kernel/io_uring_disabled", "0");
  CHECK(judge("io_uring") == Verdict::warn);
  put("/proc/sys/kernel/io_uring_disabled", "2");
  CHECK(judge("io_uring") == Verdict::ok);
}

TEST_CASE_METHOD(FakeHost, "nested virtualisation is found on either make of processor", "[cli]") {
  CHECK(judge("nested virtualisation") == Verdict::ok);
  put("/sys/module/kvm_amd/parameters/nested", "1");
  CHECK(judge("nested virtualisation") == Verdict::warn);
  put("/sys/module/kvm_intel/parameters/nested", "Y");
  CHECK(judge("nested virtualisation") == Verdict::warn);
}

TEST_CASE_METHOD(FakeHost, "huge pages matter only on a processor that needs the mitigation", "[cli]") {
  put("/sys/module/kvm/parameters/nx_huge_pages", "never");
  CHECK(judge("nx huge pages") == Verdict::ok);
  put("/sys/devices/system/cpu/vulnerabilities/itlb_multihit", "KVM: Vulnerable");
  CHECK(judge("nx huge pages") == Verdict::warn);
  put("/sys/module/kvm/parameters/nx_huge_pages", "Y");
  CHECK(judge("nx huge pages") == Verdict::ok);
}

TEST_CASE_METHOD(FakeHost, "microcode, iommu, lockdown, audit and tpm are told", "[cli]") {
  for (const auto* check : {"microcode", "iommu", "kernel lockdown", "audit", "tpm"}) {
    CAPTURE(check);
    CHECK(judge(check) == Verdict::warn);
  }
  put("/proc/cpuinfo", "processor\t: 0\nmicrocode\t: 0x2b000571");
  put("/sys/class/iommu/dmar0/x", "");
  put("/sys/kernel/security/lockdown", "none [integrity] confidentiality");
  put("/run/auditd.pid", "77");
  put("/proc/77/comm", "auditd");
  put("/sys/class/tpm/tpm0/tpm_version_major", "2");
  for (const auto* check : {"microcode", "iommu", "kernel lockdown", "audit", "tpm"}) {
    CAPTURE(check);
    CHECK(judge(check) == Verdict::ok);
  }
  CHECK(find("microcode").found == "revision 0x2b000571");
  put("/proc/77/comm", "another");
  CHECK(judge("audit") == Verdict::warn);
}

TEST_CASE_METHOD(FakeHost, "leases that are taken are counted", "[cli]") {
  CHECK(judge("room") == Verdict::ok);
  put("/run/immure/leases/mcs/c1,c2", "");
  put("/run/immure/leases/uid/1", "");
  CHECK(find("room").found == "1 of 523776 category pairs and 1 of 65536 uid pairs are taken");
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
