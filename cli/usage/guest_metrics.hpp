#pragma once

#include <span>
#include <string>

#include "cli/usage/guest_reading.hpp"

namespace immure::cli {

/// All metrics of these guests, in Prometheus' text format. Pure.
std::string guest_metrics(std::span<const GuestReading> readings);

}  // namespace immure::cli
