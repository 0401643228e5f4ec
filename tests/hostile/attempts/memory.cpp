#include <array>
#include <cstdint>

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/hostile/catalogue.hpp"

namespace immure::hostile {
namespace {

constexpr std::size_t page = 4096;

Outcome mapped(const void* memory) { return memory == MAP_FAILED ? outcome_of(-1) : had_effect(); }

void* memory_of_our_own() {
  return ::mmap(nullptr, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

Outcome make_executable_after_writing(const Targets&) {
  void* const memory = memory_of_our_own();
  *static_cast<volatile unsigned char*>(memory) = 0xc3;
  return outcome_of(::mprotect(memory, page, PROT_READ | PROT_EXEC));
}

Outcome make_stack_executable(const Targets&) {
  const char here = 0;
  const auto start = reinterpret_cast<std::uintptr_t>(&here) & ~(page - 1);
  return outcome_of(::mprotect(reinterpret_cast<void*>(start), page, PROT_READ | PROT_WRITE | PROT_EXEC));
}

/// A code page of this program, made writable and executable at once.
Outcome make_code_writable(const Targets&) {
  const auto start = reinterpret_cast<std::uintptr_t>(&make_stack_executable) & ~(page - 1);
  return outcome_of(::mprotect(reinterpret_cast<void*>(start), page, PROT_READ | PROT_WRITE | PROT_EXEC));
}

Outcome by_protection_key(const Targets&) {
  return outcome_of(::syscall(SYS_pkey_mprotect, memory_of_our_own(), page, PROT_READ | PROT_EXEC, -1));
}

/// Two mappings of one memory, one writable and one executable: no page is ever both.
Outcome alias_executable(const Targets&) {
  const int memory = ::memfd_create("code", MFD_CLOEXEC);
  if (memory < 0 || ::ftruncate(memory, page) != 0) return outcome_of(-1);
  return mapped(::mmap(nullptr, page, PROT_READ | PROT_EXEC, MAP_SHARED, memory, 0));
}

Outcome shared_memory_executable(const Targets&) {
  const int id = ::shmget(IPC_PRIVATE, page, IPC_CREAT | 0700);
  if (id < 0) return outcome_of(id);
  const auto outcome = mapped(::shmat(id, nullptr, SHM_EXEC));
  ::shmctl(id, IPC_RMID, nullptr);
  return outcome;
}

Outcome make_readable_executable(const Targets&) {
  if (::personality(READ_IMPLIES_EXEC) < 0) return outcome_of(-1);
  return mapped(memory_of_our_own());
}

constexpr std::array attempts{
    Attempt{"map-executable", "map memory that is writable and executable", behind::nothing,
            [](const Targets&) {
              return mapped(::mmap(nullptr, page, PROT_READ | PROT_WRITE | PROT_EXEC,
                                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
            }},
    Attempt{"map-executable-by-vcpu", "the same, from the thread that runs the guest", behind::nothing,
            [](const Targets&) {
              return mapped(::mmap(nullptr, page, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
            },
            Thread::vcpu},
    Attempt{"write-then-execute", "make memory executable after writing code to it", behind::nothing,
            make_executable_after_writing},
    Attempt{"write-then-execute-by-vcpu", "the same, from the thread that runs the guest", behind::nothing,
            make_executable_after_writing, Thread::vcpu},
    Attempt{"executable-stack", "make its stack executable", behind::nothing, make_stack_executable},
    Attempt{"writable-code", "make its program's code writable", behind::nothing, make_code_writable},
    Attempt{"protection-keys", "make memory executable by another call (pkey_mprotect)", behind::nothing,
            by_protection_key},
    Attempt{"aliased-code", "map a memfd twice, writable and executable", behind::nothing, alias_executable},
    Attempt{"map-disk-executable", "map its disk, full of its own code, executable", behind::nothing,
            [](const Targets& t) {
              return mapped(::mmap(nullptr, page, PROT_READ | PROT_EXEC, MAP_PRIVATE, t.disk, 0));
            }},
    Attempt{"map-record-executable", "map the memfd of its record executable", behind::nothing,
            [](const Targets& t) {
              return mapped(::mmap(nullptr, page, PROT_READ | PROT_EXEC, MAP_PRIVATE, t.record, 0));
            }},
    Attempt{"shared-memory-executable", "attach System V shared memory executable", behind::nothing,
            shared_memory_executable},
    Attempt{"readable-is-executable", "take the old personality in which all memory is executable",
            behind::nothing, make_readable_executable},
    Attempt{"map-null-page", "map address 0, for a null pointer in the kernel", behind::capabilities,
            [](const Targets&) {
              return mapped(::mmap(nullptr, page, PROT_READ | PROT_WRITE,
                                   MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
            }},
    Attempt{"userfaultfd", "hold the kernel up in the middle of a copy (userfaultfd)", behind::capabilities,
            [](const Targets&) { return outcome_of(::syscall(SYS_userfaultfd, O_CLOEXEC)); }},
    Attempt{"userfaultfd-user-mode", "the same for its own faults only", behind::nothing,
            [](const Targets&) {
              return outcome_of(::syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY));
            }},
    Attempt{"poison-page", "take a page of memory out of use on the host", behind::capabilities,
            [](const Targets&) { return outcome_of(::madvise(memory_of_our_own(), page, MADV_HWPOISON)); },
            Thread::control, Unwalled::left_out},
    Attempt{"merge-memory", "have its memory merged with that of others, to tell by timing what they have",
            behind::nothing,
            [](const Targets&) { return outcome_of(::madvise(memory_of_our_own(), page, MADV_MERGEABLE)); }},
    Attempt{"secret-memory", "have memory that the host itself cannot see (memfd_secret)", behind::nothing,
            [](const Targets&) { return outcome_of(::syscall(SYS_memfd_secret, O_CLOEXEC)); }},
};

}  // namespace

const std::span<const Attempt> memory_attempts{attempts};

}  // namespace immure::hostile
