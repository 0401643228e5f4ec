#include <array>
#include <cstdint>

#include <catch2/catch_test_macros.hpp>
#include <sys/resource.h>

#include "launcher/spawn.hpp"
#include "tests/unit/launcher/recording_kernel.hpp"

using namespace immure;
using namespace immure::launcher;
using namespace immure::launcher::test;

namespace {

const std::array<sock_filter, 1> one_instruction{};

SpawnSpec spec() {
  return {.name = "immure-vmm",
          .program_fd = 70,
          .mount_point = "/run/immure",
          .label = "system_u:system_r:immure_vmm_t:s0:c1,c2",
          .uid = 4001,
          .fds = {{0, 0}, {0, 4}},
          .landlock_version = 6,
          .filter = one_instruction};
}

Result<void> apply_all(Kernel& kernel, const SpawnSpec& asked) {
  for (const auto& step : make_confinement(asked)) {
    IMMURE_TRY(std::visit([&](const auto& each) { return each.apply(kernel); }, step));
  }
  return {};
}

}  // namespace

TEST_CASE("privileges are dropped in an order that cannot be undone", "[launcher]") {
  RecordingKernel kernel;
  const DropPrivileges step{4001};

  SECTION("secure bits and bounding set, then ids, then the capability sets, then the question") {
    REQUIRE(step.apply(kernel));
    CHECK(kernel.calls == Calls{"join_new_keyring", "lock_secure_bits", "bound_capabilities 0", "set_ids",
                                "set_capabilities 0", "has_any_capability"});
  }
  SECTION("a failed call ends the launch at once") {
    kernel.fail_on = "set_ids";
    REQUIRE_FALSE(step.apply(kernel));
    CHECK(kernel.calls.back() == "set_ids");
  }
  SECTION("a capability that survives is an error") {
    kernel.has_capability = true;
    REQUIRE_FALSE(step.apply(kernel));
  }
  SECTION("root is refused before anything is done") {
    REQUIRE_FALSE(DropPrivileges{0}.apply(kernel));
    CHECK(kernel.calls.empty());
  }
}

TEST_CASE("a new process confines itself in the order that each part needs", "[launcher]") {
  RecordingKernel kernel;
  REQUIRE(apply_all(kernel, spec()));

  SECTION("every fd is marked to be closed before the planned ones get their numbers") {
    CHECK(kernel.first("close_all_on_exec") < kernel.first("duplicate_to"));
  }
  SECTION("the label is set while /proc is there") {
    CHECK(kernel.first("set_exec_context") < kernel.first("pivot_root"));
  }
  SECTION("mounts are private before anything is mounted") {
    CHECK(kernel.first("make_mounts_private") < kernel.first("mount_empty_root"));
  }
  SECTION("the root is left while the right to mount is there") {
    CHECK(kernel.first("remount_root_read_only") < kernel.first("set_ids"));
  }
  SECTION("Landlock and seccomp come last, after no_new_privs") {
    CHECK(kernel.first("set_capabilities 0") < kernel.first("set_no_new_privs"));
    CHECK(kernel.first("set_no_new_privs") < kernel.first("restrict_to_executing"));
    CHECK(kernel.first("restrict_to_executing") < kernel.first("install_filter"));
    CHECK(kernel.calls.back() == "install_filter");
  }
}

TEST_CASE("a new process stops at the first call that fails", "[launcher]") {
  RecordingKernel whole;
  REQUIRE(apply_all(whole, spec()));
  for (std::size_t i = 1; i <= whole.calls.size(); ++i) {
    RecordingKernel kernel;
    kernel.fail_at = i;
    INFO(whole.calls[i - 1]);
    REQUIRE_FALSE(apply_all(kernel, spec()));
    CHECK(kernel.calls.size() == i);
  }
}

TEST_CASE("no file can become longer than the guest's longest disk", "[launcher]") {
  struct Limits : RecordingKernel {
    Result<void> set_limit(int resource, std::uint64_t value) override {
      if (resource == RLIMIT_FSIZE) file_bytes = value;
      return {};
    }
    std::uint64_t file_bytes = ~0ULL;
  } kernel;
  auto asked = spec();
  SECTION("which is what the launch says") {
    asked.file_bytes = 1 << 20;
    REQUIRE(apply_all(kernel, asked));
    CHECK(kernel.file_bytes == 1 << 20);
  }
  SECTION("and nothing can be written where there is none") {
    REQUIRE(apply_all(kernel, asked));
    CHECK(kernel.file_bytes == 0);
  }
}

TEST_CASE("a label that the kernel changed is an error", "[launcher]") {
  struct OtherLabel : RecordingKernel {
    Result<std::string> exec_context() override {
      return std::string("system_u:system_r:immure_vmm_t:s0:c1");
    }
  } kernel;
  CHECK_FALSE(ExecContext{"system_u:system_r:immure_vmm_t:s0:c1,c1"}.apply(kernel));
}

TEST_CASE("a process is never started without a seccomp filter", "[launcher]") {
  RecordingKernel kernel;
  auto without = spec();
  without.filter = {};
  CHECK_FALSE(apply_all(kernel, without));
}

TEST_CASE("cores are claimed as the host policy says", "[launcher]") {
  using policy::CoreScheduling;
  const auto claimed = [](CoreScheduling mode, int error) {
    RecordingKernel kernel;
    kernel.core_scheduling_error = error;
    return OwnCores{mode}.apply(kernel).has_value();
  };
  CHECK(claimed(CoreScheduling::required, 0));
  CHECK_FALSE(claimed(CoreScheduling::required, EINVAL));
  CHECK(claimed(CoreScheduling::where_possible, EINVAL));
  CHECK(claimed(CoreScheduling::off, EPERM));
}

TEST_CASE("passt keeps the host's network and the root that it leaves by itself, and nothing else",
          "[launcher]") {
  RecordingKernel kernel;
  auto passt = spec();
  passt.surroundings = Surroundings::host_network;
  passt.landlock_version = 0;
  REQUIRE(apply_all(kernel, passt));
  const auto absent = [&](const char* call) { return kernel.first(call) == kernel.calls.size(); };
  CHECK(absent("pivot_root"));
  CHECK(absent("mount_empty_root"));
  CHECK(absent("restrict_to_executing"));
  for (const auto* call :
       {"close_all_on_exec", "set_exec_context", "enter_cgroup_namespace", "make_mounts_private",
        "mount_own_proc", "set_ids", "set_capabilities 0", "set_no_new_privs"}) {
    INFO(call);
    CHECK_FALSE(absent(call));
  }
  CHECK(kernel.calls.back() == "install_filter");
  CHECK(OwnMounts::namespace_flags == (NewRoot::namespace_flags & ~std::uint64_t{CLONE_NEWNET}));
}
