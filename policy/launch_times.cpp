#include "policy/launch_times.hpp"

#include "base/clock.hpp"

namespace immure::policy {

LaunchTimes LaunchTimes::from_now() {
  LaunchTimes out;
  out.began_usec = monotonic_usec();
  return out;
}

void LaunchTimes::add(std::string_view what) {
  if (step_count == steps.size()) return;
  steps.at(step_count++) = {.what = decltype(StepTime::what)::fitting(what), .ended_usec = monotonic_usec()};
}

std::span<const StepTime> steps_of(const LaunchTimes& times) {
  return std::span(times.steps).first(times.step_count);
}

Result<void> check(const LaunchTimes& times) {
  if (times.step_count > times.steps.size() || times.reserved != 0)
    return invalid("the times of the launch are of too many steps");
  auto before = times.began_usec;
  for (const auto& step : steps_of(times)) {
    if (!step.what.is_well_formed() || step.ended_usec < before)
      return invalid("the times of the launch are not those of one");
    before = step.ended_usec;
  }
  return {};
}

}  // namespace immure::policy
