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

}  // namespace immure::hostile
