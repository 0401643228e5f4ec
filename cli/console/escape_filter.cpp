#include "cli/console/escape_filter.hpp"

namespace immure::cli {

Typed split_at_detach_key(std::string_view input) {
  const auto key = input.find(detach_key);
  if (key == std::string_view::npos) return {.for_guest = input, .then = Typed::Then::go_on};
  return {.for_guest = input.substr(0, key), .then = Typed::Then::detach};
}

}  // namespace immure::cli
