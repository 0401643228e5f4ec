#pragma once

#include <array>
#include <cstdint>

#include <linux/audit.h>
#include <linux/seccomp.h>

namespace immure::policy::seccomp::test {

/// A system call of x86-64 as a filter sees it.
inline seccomp_data call(long number, std::array<std::uint64_t, 6> arguments = {}) {
  seccomp_data data{
      .nr = static_cast<int>(number), .arch = AUDIT_ARCH_X86_64, .instruction_pointer = 0, .args = {}};
  for (std::size_t i = 0; i < arguments.size(); ++i) data.args[i] = arguments[i];
  return data;
}

}  // namespace immure::policy::seccomp::test
