#pragma once

#include <cstdint>
#include <string>

#include "policy/guest_record.hpp"

namespace immure::cli {

/// "512M", "4G": binary units, one decimal where it is not whole.
std::string human_size(std::uint64_t bytes);
/// "42s", "3m07s", "5h12m", "9d03h".
std::string human_duration(std::uint64_t seconds);

}  // namespace immure::cli
