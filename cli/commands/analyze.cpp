#include <cstdio>
#include <fstream>

#include <fmt/core.h>

#include "base/printable.hpp"
#include "cli/commands/commands.hpp"
#include "cli/control/guest_control.hpp"
#include "cli/launch_log/chain.hpp"
#include "cli/launch_log/line.hpp"
#include "cli/launch_log/open.hpp"
#include "cli/state/guest_directory.hpp"
#include "cli/timeline/timeline.hpp"
#include "policy/launch_entry.hpp"

namespace immure::cli {
namespace {

using Json = nlohmann::ordered_json;

/// The log's last line that says that this guest was started.
Expected<Json> last_start(const std::string& name) {
  auto log = IMMURE_TRY(open_launch_log(policy::launch_log_path));
  Json last;
  while (const auto text = next_line(log)) {
    auto line = read_line(*text);
    if (!line || line->entry["name"] != name) continue;
    const auto& event = line->entry["event"];
    if (event == "started" || event == "restarted") last = std::move(line->entry);
  }
  if (!last.is_null()) return last;
  return fail(ExitCode::no_such_guest, "the launch log has no start of a guest called \"" + name + "\"",
              "immure audit show lists all launches");
}

/// What its VMM says, where the guest runs and answers.
std::optional<GuestStatistics> ask_vmm(const std::string& name) {
  const auto guest = find_guest(name);
  if (!guest || guest->liveness != Liveness::running) return std::nullopt;
  const auto statistics = guest_statistics(name);
  return statistics ? std::optional(*statistics) : std::nullopt;
}

Expected<void> write_picture(const std::string& path, const std::string& picture) {
  if (path == "-") {
    fmt::print("{}", picture);
    return {};
  }
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  if (file) file << picture << std::flush;
  if (file) return {};
  return fail(ExitCode::failure, system_error("write " + path).error().message);
}

}  // namespace

Expected<ExitCode> analyze_command(const AnalyzeOptions& options) {
  IMMURE_TRY(require_root("analyze"));
  IMMURE_TRY(require_guest_name(options.name));
  const auto entry = IMMURE_TRY(last_start(options.name));
  const auto timeline = IMMURE_TRY(timeline_of(entry, ask_vmm(options.name)));
  if (!options.picture.empty()) IMMURE_TRY(write_picture(options.picture, timeline_svg(timeline)));
  if (options.format == OutputFormat::json) {
    fmt::print("{}\n", timeline_json(timeline).dump(2, ' ', false, Json::error_handler_t::replace));
  } else if (options.picture.empty()) {
    fmt::print("{}", timeline_text(timeline));
  }
  return ExitCode::success;
}

}  // namespace immure::cli
