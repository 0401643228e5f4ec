#pragma once

#include <string>

#include "tests/unit/attest/program/run_program.hpp"

namespace immure::attest::test {

/// A guest's specification and files on disk.
class GuestOnDisk {
 public:
  GuestOnDisk() {
    (void)scratch.write("vmlinuz", "the kernel");
    (void)scratch.write("initrd", "the initrd");
    (void)scratch.write("root.raw", std::string(100'000, 'r'));
    (void)scratch.write("immure-vmm", "the VMM");
    spec = scratch.write("web.toml",
                         "name = \"web\"\n[boot]\nkernel = \"vmlinuz\"\ninitrd = \"initrd\"\n"
                         "command_line = \"console=hvc0\"\n"
                         "[[disks]]\nid = \"root\"\npath = \"root.raw\"\nformat = \"raw\"\nread_only = true\n"
                         "[[disks]]\nid = \"data\"\npath = \"data.raw\"\nformat = \"raw\"\n");
  }
  /// The options that every verb that measures takes.
  [[nodiscard]] std::vector<std::string> with(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--vmm", scratch.path("immure-vmm")});
    return arguments;
  }

  Scratch scratch;
  std::string spec;
};

}  // namespace immure::attest::test
