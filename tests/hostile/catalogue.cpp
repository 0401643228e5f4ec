#include "tests/hostile/catalogue.hpp"

#include <array>

namespace immure::hostile {

std::span<const Family> catalogue() {
  // Not constants: the spans are made when the program starts.
  static const std::array families{
      Family{"Files and disks", file_attempts},
      Family{"Processes of others", process_attempts},
      Family{"/proc, /sys and the like", proc_attempts},
      Family{"Executable memory and memory tricks", memory_attempts},
      Family{"Programs", program_attempts},
      Family{"Sockets", socket_attempts},
      Family{"IPC and keys", ipc_attempts},
      Family{"Namespaces, mounts and the root", namespace_attempts},
      Family{"The kernel", kernel_attempts},
      Family{"ioctls that are not its own", ioctl_attempts},
      Family{"Identity and labels", identity_attempts},
      Family{"What it was given", descriptor_attempts},
      Family{"Taking more than its share", exhaustion_attempts},
  };
  return families;
}

const Attempt* find_attempt(std::string_view name) {
  for (const auto& family : catalogue()) {
    for (const auto& attempt : family.attempts) {
      if (name == attempt.name) return &attempt;
    }
  }
  return nullptr;
}

}  // namespace immure::hostile
