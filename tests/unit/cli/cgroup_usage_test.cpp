#include "cli/proc/cgroup_usage.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/cli/scratch.hpp"

using namespace immure::cli;

TEST_CASE("a VMM's memory beside the guest's is that of its smaller mappings", "[cli]") {
  constexpr std::string_view smaps =
      "7f0000000000-7f0004000000 rw-p 00000000 00:00 0 \n"
      "Size:              65536 kB\n"
      "Rss:               60000 kB\n"
      "Pss:               60000 kB\n"
      "7f0004000000-7f0004200000 rw-p 00000000 00:00 0 \n"
      "Rss:                 100 kB\n"
      "VmFlags: rd wr mr mw me\n"
      "7fff00000000-7fff00021000 rw-p 00000000 00:00 0                          [stack]\n"
      "Rss:                  20 kB\n";
  CHECK(resident_beside(smaps, 64 << 20) == 120 << 10);
  CHECK(resident_beside(smaps, 1ULL << 40) == 60'120 << 10);
  CHECK(resident_beside("", 1) == 0);
}

TEST_CASE("a cgroup's use is what the kernel's files say; what they do not say is 0", "[cli]") {
  const Scratch scratch;
  CHECK_FALSE(cgroup_usage(scratch.path()));
  (void)scratch.write("cpu.stat", "usage_usec 1234\nuser_usec 1000\n");
  CHECK(cgroup_usage(scratch.path())->cpu_usec == 1234);
  CHECK(cgroup_usage(scratch.path())->memory_bytes == 0);
  (void)scratch.write("memory.current", "4096\n");
  (void)scratch.write("memory.swap.current", "8192\n");
  (void)scratch.write("memory.events", "low 0\noom 5\noom_kill 2\noom_group_kill 1\n");
  const auto usage = cgroup_usage(scratch.path());
  CHECK(usage->memory_bytes == 4096);
  CHECK(usage->swap_bytes == 8192);
  CHECK(usage->oom_kills == 2);
}
