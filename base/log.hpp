#pragma once

#include <string_view>

namespace immure {

/// Sets the name in front of every line, once, at the start of main().
void set_log_name(std::string_view program);

/// One line on standard error: "PROGRAM: MESSAGE". Control characters are shown as '?', so that guest or file
/// bytes in a message cannot forge a line or drive a terminal.
void log_line(std::string_view message);

}  // namespace immure
