#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace immure::hostile {

/// Words of the next line of commands from the console; empty at its end. One byte at a time, by read(2)
/// alone: every filter of the VMM allows that.
std::vector<std::string> next_command();

/// One line on the console.
void say(std::string_view line);

}  // namespace immure::hostile
