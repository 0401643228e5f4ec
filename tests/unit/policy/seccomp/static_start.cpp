#include <cstdio>
#include <string_view>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "policy/seccomp/compiled_filters.hpp"
#include "policy/seccomp/install.hpp"

using namespace immure::policy::seccomp;

namespace {

/// Threads, heap and formatted output, as every program of ours needs them.
int run_threads() {
  std::vector<int> results(4, 0);
  {
    std::vector<std::jthread> threads;
    for (auto& result : results) {
      threads.emplace_back([&result] {
        const std::vector<int> heap(100'000, 1);
        result = heap.back();
      });
    }
  }
  int sum = 0;
  for (const int result : results) sum += result;
  std::printf("%d threads\n", sum);
  return sum == 4 ? 0 : 1;
}

}  // namespace

/// Runs behind the launch filter: "threads" ends with 0; the others are killed.
int main(int argc, char** argv) {
  const std::string_view what = argc > 1 ? argv[1] : "threads";
  if (what == "open") return open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0 ? 0 : 1;
  if (what == "execute") {
    return mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED ? 0
                                                                                                        : 1;
  }
  if (what == "fork") return fork() >= 0 ? 0 : 1;
  if (what == "vcpu") {
    if (!install_filter(compiled_filter(Profile::vmm_vcpu))) return 2;
    return getuid() == 0 ? 0 : 1;  // allowed by launch, not by vmm_vcpu
  }
  return run_threads();
}
