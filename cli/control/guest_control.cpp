#include "cli/control/guest_control.hpp"

#include "cli/control/varlink_client.hpp"
#include "cli/state/guest_directory.hpp"

namespace immure::cli {
namespace {

/// A method without an answer.
Expected<void> tell(std::string_view guest, const char* method, const nlohmann::json& parameters) {
  auto monitor = IMMURE_TRY(VarlinkClient::connect(guest));
  if (!IMMURE_TRY(monitor.call(method, parameters))) return no_such_guest(guest);
  return {};
}

}  // namespace

Expected<void> press_power_button(std::string_view guest) {
  auto monitor = IMMURE_TRY(VarlinkClient::connect(guest));
  // The guest may end before the answer comes: that is what was asked for.
  (void)IMMURE_TRY(monitor.call("PowerButton"));
  return {};
}

Expected<void> reset_guest(std::string_view guest) { return tell(guest, "Reset", nlohmann::json::object()); }

Expected<void> set_balloon(std::string_view guest, std::uint64_t bytes) {
  return tell(guest, "SetBalloon", {{"bytes", bytes}});
}

Expected<void> set_limit(std::string_view guest, const policy::LimitChange& change) {
  auto limit = nlohmann::json::object();
  for (const auto& field : policy::rate_limit_fields)
    limit[std::string(field.name)] = change.limit.*field.value;
  return tell(guest, "SetLimit", {{"device", change.device.view()}, {"limit", limit}});
}

Expected<GuestStatistics> guest_statistics(std::string_view guest) {
  auto monitor = IMMURE_TRY(VarlinkClient::connect(guest));
  const auto answer = IMMURE_TRY(monitor.call("GetStatistics"));
  if (!answer) return no_such_guest(guest);
  return IMMURE_TRY(statistics_in(*answer));
}

}  // namespace immure::cli
