#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace immure::hostile {

/// Words of the next line of commands from the console; empty at its end. One byte at a time, by read(2)
/// alone: every filter of the VMM allows that.
std::vector<std::string> next_command();

/// One line on the console, of these words. Takes no memory from the heap: one that grows is more than the io
/// thread's filter allows.
void say(std::initializer_list<std::string_view> words);

}  // namespace immure::hostile
