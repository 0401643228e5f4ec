#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace immure::cli {

struct UidRange {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
};

/// Names of the users of a passwd(5) text whose uid lies in the range.
std::vector<std::string> users_in(std::string_view passwd, UidRange range);

/// Owners of the lines of a subuid(5) text that overlap the range.
std::vector<std::string> ranges_overlapping(std::string_view subuid, UidRange range);

}  // namespace immure::cli
