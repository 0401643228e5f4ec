#pragma once

#include <string_view>

#include "tests/hostile/attempt.hpp"

namespace immure::hostile {

/// Everything that is tried, by family.
std::span<const Family> catalogue();

/// Null where there is none of this name.
const Attempt* find_attempt(std::string_view name);

// One for each file in attempts/.
extern const std::span<const Attempt> file_attempts;
extern const std::span<const Attempt> process_attempts;
extern const std::span<const Attempt> proc_attempts;
extern const std::span<const Attempt> memory_attempts;
extern const std::span<const Attempt> program_attempts;
extern const std::span<const Attempt> socket_attempts;
extern const std::span<const Attempt> ipc_attempts;
extern const std::span<const Attempt> namespace_attempts;
extern const std::span<const Attempt> kernel_attempts;
extern const std::span<const Attempt> ioctl_attempts;
extern const std::span<const Attempt> identity_attempts;
extern const std::span<const Attempt> descriptor_attempts;
extern const std::span<const Attempt> exhaustion_attempts;

}  // namespace immure::hostile
