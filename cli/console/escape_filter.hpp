#pragma once

#include <string_view>

namespace immure::cli {

/// What the user typed, up to the detach key.
struct Typed {
  enum class Then { go_on, detach };
  std::string_view for_guest;
  Then then = Then::go_on;
};

constexpr char detach_key = 0x1d;  ///< Ctrl-]

/// Splits input at the first detach key; what follows it is dropped.
Typed split_at_detach_key(std::string_view input);

}  // namespace immure::cli
