#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace immure::attest {

/// The text, with blanks behind it up to `width`, for a column of text output.
inline std::string padded(std::string_view text, std::size_t width) {
  std::string out(text);
  out.resize(std::max(width, out.size()), ' ');
  return out;
}

}  // namespace immure::attest
