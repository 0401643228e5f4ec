#include "cli/timeline/timeline.hpp"

#include <algorithm>
#include <tuple>

namespace immure::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t most_steps = 64;

std::optional<std::uint64_t> number_in(const Json& object, const char* name) {
  const auto found = object.is_object() ? object.find(name) : object.end();
  if (found == object.end() || !found->is_number_unsigned()) return std::nullopt;
  return found->get<std::uint64_t>();
}

std::optional<std::uint64_t> milestone_in(const GuestStatistics& statistics, std::string_view what) {
  const auto found = std::ranges::find(statistics.boot, what, &GuestStatistics::Milestone::what);
  return found == statistics.boot.end() ? std::nullopt : std::optional(found->usec);
}

}  // namespace

Result<Timeline> timeline_of(const Json& entry, const std::optional<GuestStatistics>& statistics) {
  const auto no_times = [] { return invalid("the launch log has no times of this launch"); };
  const auto times = entry.find("times");
  if (times == entry.end() || !times->is_object()) return no_times();
  const auto began = number_in(*times, "began_usec");
  const auto steps = times->value("steps", Json());
  if (!began || !steps.is_array() || steps.size() > most_steps || steps.empty()) return no_times();
  Timeline out{.guest = entry.value("name", ""), .launch = {}, .boot = {}};
  auto before = *began;
  const auto add_step = [&](std::string what, std::uint64_t until) {
    out.launch.push_back(
        {.what = std::move(what), .begin_usec = before - *began, .end_usec = until - *began});
    before = until;
  };
  for (const auto& step : steps) {
    const auto ended = number_in(step, "ended_usec");
    const auto what = step.is_object() ? step.value("what", Json()) : Json();
    if (!ended || *ended < before || !what.is_string()) return no_times();
    add_step(what.get<std::string>(), *ended);
  }
  const auto ran = statistics ? milestone_in(*statistics, "guest") : std::nullopt;
  // A VMM that was started before or after this line was written is another one.
  const auto machine = statistics ? milestone_in(*statistics, "machine").value_or(0) : 0;
  if (!ran || *ran < before || machine < *began) return out;
  add_step("write the launch log, and let the guest run", *ran);
  for (const auto& each : statistics->boot) {
    if (each.usec >= *ran && each.what != "guest") out.boot.push_back({each.what, each.usec - *ran});
  }
  std::ranges::sort(out.boot, {}, [](const Timeline::Mark& mark) { return std::tie(mark.usec, mark.what); });
  return out;
}

Json timeline_json(const Timeline& timeline) {
  Json launch = Json::array();
  for (const auto& step : timeline.launch)
    launch.push_back({{"what", step.what}, {"begin_usec", step.begin_usec}, {"end_usec", step.end_usec}});
  Json boot = Json::array();
  for (const auto& mark : timeline.boot) boot.push_back({{"what", mark.what}, {"usec", mark.usec}});
  return {{"name", timeline.guest}, {"launch", std::move(launch)}, {"boot", std::move(boot)}};
}

}  // namespace immure::cli
