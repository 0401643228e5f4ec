#pragma once

#include <chrono>
#include <string>

#include "attest/program/failure.hpp"

namespace immure::attest {

/// The time that an option names, or now where it was not given; usage where it is none.
Expected<std::chrono::sys_seconds> time_option(const std::string& option, const std::string& text);

}  // namespace immure::attest
