#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "cli/control/guest_statistics.hpp"

namespace immure::cli {

/// How long a launch took and what for, and when the guest's drivers took its devices over.
struct Timeline {
  struct Step {
    std::string what;
    std::uint64_t begin_usec = 0;  ///< since the launch began
    std::uint64_t end_usec = 0;
  };
  struct Mark {
    std::string what;
    std::uint64_t usec = 0;  ///< since the guest ran
  };
  std::string guest;
  std::vector<Step> launch;  ///< in order; the last is what came after the launcher's record of it
  std::vector<Mark> boot;    ///< in order; empty where the VMM was not asked
};

/// Of a line of the launch log about a start, and of what the VMM says of the same one. An Error where the
/// line has no times: it is of an older version, or was changed.
Result<Timeline> timeline_of(const nlohmann::ordered_json& entry,
                             const std::optional<GuestStatistics>& statistics);

/// Two tables, in milliseconds.
std::string timeline_text(const Timeline& timeline);
nlohmann::ordered_json timeline_json(const Timeline& timeline);
/// A picture: launch and boot, each on a scale of its own, as SVG 1.1.
std::string timeline_svg(const Timeline& timeline);

}  // namespace immure::cli
