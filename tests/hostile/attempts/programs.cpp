#include <array>
#include <span>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/hostile/catalogue.hpp"
#include "tests/hostile/tiny_program.hpp"

namespace immure::hostile {
namespace {

// An exec that succeeds ends this program: nothing is said then, and that says it.

Outcome executed(int fd, const char* path, int flags) {
  std::array<char*, 1> nothing{};
  return outcome_of(::syscall(SYS_execveat, fd, path, nothing.data(), nothing.data(), flags));
}

Outcome execute_memfd(const Targets&) {
  const int memory = ::memfd_create("program", 0);
  if (memory < 0) return outcome_of(memory);
  const auto program = tiny_program();
  if (::write(memory, program.data(), program.size()) < 0) return outcome_of(-1);
  return executed(memory, "", AT_EMPTY_PATH);
}

constexpr std::array attempts{
    Attempt{"execute-shell", "run a shell", behind::root,
            [](const Targets&) { return outcome_of(::execl("/bin/sh", "sh", "-c", "exit 0", nullptr)); }},
    Attempt{"execute-set-uid", "run a set-uid program of the host", behind::root,
            [](const Targets&) { return outcome_of(::execl("/usr/bin/su", "su", "--version", nullptr)); }},
    Attempt{"execute-itself", "run its own program anew, without its filters", behind::root,
            [](const Targets&) { return outcome_of(::execl("/proc/self/exe", "vmm", "--list", nullptr)); }},
    Attempt{"execute-launcher", "run the launcher", behind::root,
            [](const Targets& t) { return executed(AT_FDCWD, t.launcher.c_str(), 0); }},
    Attempt{"execute-memfd", "run a program from memory (memfd)", behind::landlock, execute_memfd},
    Attempt{"fork", "make a second process", behind::nothing,
            [](const Targets&) {
              const auto child = ::fork();
              if (child == 0) ::_exit(0);
              return outcome_of(child);
            }},
    Attempt{"load-library", "map a library of the host", behind::root,
            [](const Targets&) {
              return outcome_of(::open("/lib/x86_64-linux-gnu/libc.so.6", O_RDONLY | O_CLOEXEC));
            }},
};

}  // namespace

const std::span<const Attempt> program_attempts{attempts};

}  // namespace immure::hostile
