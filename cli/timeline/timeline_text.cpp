#include <fmt/core.h>

#include "base/printable.hpp"
#include "cli/timeline/timeline.hpp"

namespace immure::cli {
namespace {

double milliseconds(std::uint64_t usec) { return static_cast<double>(usec) / 1000; }

}  // namespace

std::string timeline_text(const Timeline& timeline) {
  auto out = fmt::format("launch: {:.1f} ms\n{:>10}  {:>9}\n", milliseconds(timeline.launch.back().end_usec),
                         "AT MS", "TOOK MS");
  for (const auto& step : timeline.launch) {
    out += fmt::format("{:10.1f}  {:9.1f}  {}\n", milliseconds(step.begin_usec),
                       milliseconds(step.end_usec - step.begin_usec), printable(step.what));
  }
  if (timeline.boot.empty()) return out + "\nboot: not known; the VMM of this launch cannot be asked\n";
  out += fmt::format("\nboot: the last driver after {:.1f} ms\n{:>10}\n",
                     milliseconds(timeline.boot.back().usec), "AT MS");
  for (const auto& mark : timeline.boot)
    out += fmt::format("{:10.1f}  {}\n", milliseconds(mark.usec), printable(mark.what));
  return out;
}

}  // namespace immure::cli
