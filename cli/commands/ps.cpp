#include <chrono>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "base/printable.hpp"
#include "cli/commands/commands.hpp"
#include "cli/output/table.hpp"
#include "cli/output/units.hpp"
#include "cli/state/guest_directory.hpp"

namespace immure::cli {
namespace {

std::uint64_t uptime_of(const KnownGuest& guest) {
  const auto now =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
          .count();
  const auto started = static_cast<std::int64_t>(guest.state.started_at);
  return started > 0 && now > started ? static_cast<std::uint64_t>(now - started) : 0;
}

std::string json_list(const std::vector<KnownGuest>& guests) {
  auto list = nlohmann::ordered_json::array();
  for (const auto& guest : guests) {
    list.push_back(
        {{"name", guest.name},
         {"uuid", policy::uuid_text(guest.state.uuid)},
         {"state", liveness_name(guest.liveness)},
         {"vmm_pid", guest.state.vmm_pid},
         {"vcpus", guest.state.vcpus},
         {"memory_bytes", guest.state.memory_bytes},
         {"tenant", guest.state.tenant.empty() ? nlohmann::ordered_json(nullptr)
                                               : nlohmann::ordered_json(guest.state.tenant.view())},
         {"label", guest.state.label.view()},
         {"uid", guest.state.uid},
         {"uptime_seconds", uptime_of(guest)}});
  }
  return list.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string text_list(const std::vector<KnownGuest>& guests) {
  Table table({"NAME", "STATE", "PID", "VCPUS", "MEMORY", "UPTIME", "LABEL"});
  for (const auto& guest : guests) {
    const auto& state = guest.state;
    const auto label = state.label.empty() ? "none" : printable(state.label.view());
    table.add({guest.name, std::string(liveness_name(guest.liveness)), std::to_string(state.vmm_pid),
               std::to_string(state.vcpus), human_size(state.memory_bytes), human_duration(uptime_of(guest)),
               label});
  }
  return table.text();
}

}  // namespace

Expected<ExitCode> ps_command(OutputFormat format) {
  const auto guests = IMMURE_TRY(list_guests());
  if (format == OutputFormat::json) {
    fmt::print("{}\n", json_list(guests));
  } else {
    fmt::print("{}", text_list(guests));
  }
  return ExitCode::success;
}

}  // namespace immure::cli
