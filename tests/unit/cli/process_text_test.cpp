#include "cli/proc/process_text.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace immure::cli;

namespace {

const std::string status_text =
    "Name:\timmure-vmm\nUmask:\t0077\nState:\tS (sleeping)\nUid:\t4001\t4002\t4003\t4004\n"
    "Gid:\t5001\t5002\t5003\t5004\nGroups:\t10 20 \nVmRSS:\t    3120 kB\nCapInh:\t0000000000000001\n"
    "CapPrm:\t0000000000000002\nCapEff:\t0000000000000004\nCapBnd:\t000001ffffffffff\nCapAmb:"
    "\t0000000000000010\n"
    "NoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t3\n";

std::string without(const std::string& line) {
  auto text = status_text;
  const auto start = text.find("\n" + line + ":");
  return text.erase(start, text.find('\n', start + 1) - start);
}

}  // namespace

TEST_CASE("/proc/PID/status is read field by field", "[cli]") {
  const auto status = parse_status(status_text);
  REQUIRE(status);
  CHECK(status->name == "immure-vmm");
  CHECK(status->uids == std::array<std::uint32_t, 4>{4001, 4002, 4003, 4004});
  CHECK(status->gids == std::array<std::uint32_t, 4>{5001, 5002, 5003, 5004});
  CHECK(status->groups == std::vector<std::uint32_t>{10, 20});
  CHECK(status->inheritable == 1);
  CHECK(status->permitted == 2);
  CHECK(status->effective == 4);
  CHECK(status->bounding == 0x1ffffffffff);
  CHECK(status->ambient == 16);
  CHECK(status->no_new_privs == 1);
  CHECK(status->seccomp_mode == 2);
  CHECK(status->seccomp_filters == 3);
  CHECK(status->resident_kib == 3120);
}

TEST_CASE("a status without one of the confinement's lines is an error, never a zero", "[cli]") {
  for (const std::string line : {"Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb",
                                 "NoNewPrivs", "Seccomp", "Seccomp_filters"}) {
    CAPTURE(line);
    CHECK_FALSE(parse_status(without(line)));
  }
}

TEST_CASE("a status line that holds no number is an error", "[cli]") {
  auto text = status_text;
  text.replace(text.find("CapEff:\t0000000000000004"), 24, "CapEff:\tzzzzzzzzzzzzzzzz");
  CHECK_FALSE(parse_status(text));
}

TEST_CASE("the cgroup v2 path is told from those of v1", "[cli]") {
  CHECK(cgroup_in("12:cpu:/x\n0::/immure/web\n") == "/immure/web");
  CHECK(cgroup_in("12:cpu:/x\n").empty());
}

TEST_CASE("a limit's soft and hard value are read", "[cli]") {
  const auto limit =
      limit_in("Limit  Soft Limit  Hard Limit Units\nMax core file size        0     unlimited  bytes\n",
               "Max core file size");
  REQUIRE(limit);
  CHECK(limit->soft == "0");
  CHECK(limit->hard == "unlimited");
  CHECK_FALSE(limit_in("", "Max core file size"));
}
