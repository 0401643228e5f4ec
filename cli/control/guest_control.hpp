#pragma once

#include <cstdint>
#include <string_view>

#include "cli/control/guest_statistics.hpp"
#include "cli/failure.hpp"
#include "policy/control_message.hpp"

namespace immure::cli {

// What a guest's monitor is asked for, each over a connection of its own: it works while others stand still.

/// Presses the guest's power button.
Expected<void> press_power_button(std::string_view guest);

/// Presses its reset button.
Expected<void> reset_guest(std::string_view guest);

/// Asks the guest to give up this much of its memory in all.
Expected<void> set_balloon(std::string_view guest, std::uint64_t bytes);

/// How much a device of the guest ("disk:ID") may move from now on.
Expected<void> set_limit(std::string_view guest, const policy::LimitChange& change);

/// What the guest's devices did since its VMM was started.
Expected<GuestStatistics> guest_statistics(std::string_view guest);

}  // namespace immure::cli
