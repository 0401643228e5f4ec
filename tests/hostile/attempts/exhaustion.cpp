#include <array>
#include <csignal>
#include <vector>

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/hostile/catalogue.hpp"

namespace immure::hostile {
namespace {

constexpr std::size_t page = 4096, mebibyte = 1 << 20;
/// The guest has 32 MiB, its VMM 64 MiB beside that.
constexpr std::size_t too_much_memory = 192 * mebibyte;
constexpr int too_many_descriptors = 4096;  // it may have 1024
constexpr int too_many_tasks = 64;          // it may have 9
constexpr off_t disk_end = 1 << 20;         // of its own disk

Outcome fill_memory(const Targets&) {
  auto* const memory = static_cast<volatile char*>(
      ::mmap(nullptr, too_much_memory, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  if (memory == MAP_FAILED) return outcome_of(-1);
  for (std::size_t at = 0; at < too_much_memory; at += page) memory[at] = 1;
  return had_effect();
}

Outcome map_with(int flags, std::size_t size) {
  const void* const memory =
      ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
  return memory == MAP_FAILED ? outcome_of(-1) : had_effect();
}

Outcome lock_memory(const Targets&) {
  constexpr std::size_t size = 16 * mebibyte;  // it may lock 8
  void* const memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return outcome_of(::mlock(memory, size));
}

Outcome hold_descriptors(const Targets& t) {
  const rlimit more{.rlim_cur = too_many_descriptors * 2, .rlim_max = too_many_descriptors * 2};
  // Whether this was allowed shows in how far we get.
  static_cast<void>(::setrlimit(RLIMIT_NOFILE, &more));
  for (int i = 0; i < too_many_descriptors; ++i) {
    if (::dup(t.disk) < 0) return outcome_of(-1);
  }
  return had_effect();
}

Outcome start_processes(const Targets&) {
  std::vector<pid_t> children;
  auto outcome = had_effect();
  while (children.size() < too_many_tasks && outcome.effect == Outcome::Effect::had) {
    const auto child = ::fork();
    if (child == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      while (true) ::pause();
    }
    if (child > 0) children.push_back(child);
    outcome = outcome_of(child);
  }
  for (const auto child : children) ::kill(child, SIGKILL);
  return outcome;
}

Outcome start_threads(const Targets&) {
  constexpr std::size_t stack_size = 16 * page;
  constexpr int of_a_thread =
      CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
  for (int i = 0; i < too_many_tasks; ++i) {
    auto* const stack = static_cast<char*>(
        ::mmap(nullptr, stack_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    const auto sleep = [](void*) {
      while (true) ::pause();
      return 0;
    };
    if (const int thread = ::clone(sleep, stack + stack_size, of_a_thread, nullptr); thread < 0)
      return outcome_of(thread);
  }
  return had_effect();
}

Outcome write_behind_end(const Targets& t) {
  std::array<char, page> zeros{};
  const iovec bytes{.iov_base = zeros.data(), .iov_len = zeros.size()};
  return outcome_of(::pwritev(t.disk, &bytes, 1, disk_end * 16));
}

Outcome allocate_behind_end(const Targets& t) {
  return outcome_of(::fallocate(t.disk, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, disk_end, 64 * mebibyte));
}

/// Much more than is kept of the log.
Outcome flood_log(const Targets& t) {
  std::array<char, page> line{};
  line.fill('x');
  line.back() = '\n';
  for (std::size_t sent = 0; sent < 32 * mebibyte; sent += line.size()) {
    if (::write(t.log, line.data(), line.size()) < 0) return had_no_effect(errno);
  }
  return seen_from_outside(0);
}

Outcome flood_monitor(const Targets& t) {
  std::array<char, 1024> garbage{};
  garbage.fill('x');
  for (int i = 0; i < 20'000; ++i) {
    if (::sendto(t.control, garbage.data(), garbage.size(), MSG_NOSIGNAL, nullptr, 0) < 0)
      return had_no_effect(errno);
  }
  return seen_from_outside(0);
}

constexpr std::array attempts{
    Attempt{"memory", "use more memory than its guest was given", behind::cgroup, fill_memory},
    Attempt{"memory-by-vcpu", "the same, from the thread that runs the guest", behind::cgroup, fill_memory,
            Thread::vcpu},
    Attempt{"locked-memory", "keep the host from moving its memory", behind::rlimits, lock_memory},
    Attempt{"map-locked-memory", "the same with the call that maps memory", behind::rlimits,
            [](const Targets&) { return map_with(MAP_LOCKED, 16 * mebibyte); }},
    Attempt{"huge-pages", "take the huge pages that the host keeps for others", behind::cgroup,
            [](const Targets&) { return map_with(MAP_HUGETLB, 2 * mebibyte); }},
    Attempt{"huge-pages-by-vcpu", "the same, from the thread that runs the guest", behind::cgroup,
            [](const Targets&) { return map_with(MAP_HUGETLB, 2 * mebibyte); }, Thread::vcpu},
    Attempt{"huge-pages-by-io", "the same, from the thread that serves disks and networks", behind::cgroup,
            [](const Targets&) { return map_with(MAP_HUGETLB, 2 * mebibyte); }, Thread::io},
    Attempt{"descriptors", "hold more descriptors than it may", behind::rlimits, hold_descriptors},
    Attempt{"processes", "start more processes than it may", behind::cgroup, start_processes},
    Attempt{"threads", "start more threads than it may", behind::cgroup, start_threads},
    Attempt{"grow-disk", "write far behind the end of its disk", behind::rlimits, write_behind_end,
            Thread::io},
    Attempt{"allocate-disk", "reserve the host's space behind the end of its disk", behind::nothing,
            allocate_behind_end, Thread::io},
    Attempt{"stretch-disk", "make its disk bigger", behind::rlimits,
            [](const Targets& t) { return outcome_of(::ftruncate(t.disk, disk_end * 16)); }, Thread::io},
    Attempt{"log-pipe", "make the pipe of its log bigger", behind::nothing,
            [](const Targets& t) { return outcome_of(::fcntl(t.log, F_SETPIPE_SZ, 1 << 20)); }},
    Attempt{"flood-log", "fill the host's disk or its monitor's memory with log lines", behind::monitor,
            flood_log, Thread::control, Unwalled::left_out},
    Attempt{"flood-monitor", "bury its monitor in messages", behind::monitor, flood_monitor, Thread::control,
            Unwalled::left_out},
};

}  // namespace

const std::span<const Attempt> exhaustion_attempts{attempts};

}  // namespace immure::hostile
