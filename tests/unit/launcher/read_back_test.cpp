#include "launcher/read_back.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace immure;
using namespace immure::launcher;

namespace {

const std::string good_status =
    "Name:\timmure-vmm\nUid:\t4001\t4001\t4001\t4001\nGid:\t4001\t4001\t4001\t4001\nGroups:\t \n"
    "CapInh:\t0000000000000000\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n"
    "CapBnd:\t0000000000000000\nCapAmb:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:"
    "\t2\n";
const std::string good_mount =
    "700 699 0:60 / / ro,nosuid,nodev,noexec,relatime - tmpfs immure "
    "rw,seclabel,size=4k,nr_inodes=1,mode=555\n";
const std::string good_limits =
    "Limit                     Soft Limit           Hard Limit           Units     \n"
    "Max core file size        0                    0                    bytes     \n";

Expected expected() {
  return {.name = "the VMM",
          .uid = 4001,
          .label = "",
          .cgroup = "/immure/web1/vmm",
          .threads = 1,
          .filters = 2,
          .fds = {}};
}

std::string with(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("the status of a confined thread is accepted", "[launcher]") {
  CHECK(check_status(good_status, expected()));
}

TEST_CASE("a thread with one thing too much is not accepted", "[launcher]") {
  const auto change = [](const std::string& from, const std::string& to) {
    return check_status(with(good_status, from, to), expected()).has_value();
  };
  CHECK_FALSE(change("Uid:\t4001\t4001", "Uid:\t4001\t0"));
  CHECK_FALSE(change("Gid:\t4001\t4001\t4001\t4001", "Gid:\t4001\t4001\t4001\t0"));
  CHECK_FALSE(change("Groups:\t ", "Groups:\t0 "));
  for (const auto* set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"}) {
    CHECK_FALSE(change(std::string(set) + ":\t0000000000000000", std::string(set) + ":\t0000000000000001"));
  }
  CHECK_FALSE(change("NoNewPrivs:\t1", "NoNewPrivs:\t0"));
  CHECK_FALSE(change("Seccomp:\t2", "Seccomp:\t0"));
  CHECK_FALSE(change("Seccomp_filters:\t2", "Seccomp_filters:\t1"));
}

TEST_CASE("a field that the kernel does not show is not taken as good", "[launcher]") {
  CHECK_FALSE(check_status("", expected()));
  CHECK_FALSE(check_status(with(good_status, "CapBnd:\t0000000000000000\n", ""), expected()));
}

TEST_CASE("the root must be one read-only tmpfs that nothing can be done with", "[launcher]") {
  CHECK(check_mounts(good_mount));
  for (const auto* option : {"ro,", "nosuid,", "nodev,", "noexec,"})
    CHECK_FALSE(check_mounts(with(good_mount, option, "")));
  CHECK_FALSE(check_mounts(good_mount + good_mount));
  CHECK_FALSE(check_mounts(with(good_mount, "- tmpfs", "- ext4")));
  CHECK_FALSE(check_mounts(with(good_mount, " / / ", " / /old ")));
  CHECK_FALSE(check_mounts(""));
  CHECK_FALSE(check_mounts("700 699 0:60 / / ro,nosuid,nodev,noexec -"));
}

TEST_CASE("core dumps must be off, hard and soft", "[launcher]") {
  CHECK(check_limits(good_limits));
  CHECK_FALSE(
      check_limits("Max core file size        0                    unlimited            bytes     \n"));
  CHECK_FALSE(check_limits(""));
}

TEST_CASE("the cgroup must be the guest's own", "[launcher]") {
  CHECK(check_cgroup("0::/immure/web1/vmm\n", expected()));
  CHECK_FALSE(check_cgroup("0::/immure/web2/vmm\n", expected()));
  CHECK_FALSE(check_cgroup("0::/\n", expected()));
  CHECK_FALSE(check_cgroup("", expected()));
}

TEST_CASE("only of passt, which is in a user namespace of its own, the bounding set is not asked",
          "[launcher]") {
  auto passt = expected();
  passt.surroundings = Surroundings::host_network;
  const auto full = with(good_status, "CapBnd:\t0000000000000000", "CapBnd:\t000001ffffffffff");
  CHECK(check_status(full, passt));
  CHECK_FALSE(check_status(full, expected()));
  for (const auto* set : {"CapInh", "CapPrm", "CapEff", "CapAmb"}) {
    CHECK_FALSE(check_status(with(full, std::string(set) + ":\t0", std::string(set) + ":\t1"), passt));
  }
}
