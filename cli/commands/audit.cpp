#include <fmt/core.h>

#include "base/printable.hpp"
#include "cli/commands/commands.hpp"
#include "cli/launch_log/chain.hpp"
#include "cli/launch_log/entry_text.hpp"
#include "cli/launch_log/open.hpp"
#include "cli/output/style.hpp"
#include "cli/state/guest_directory.hpp"

namespace immure::cli {
namespace {

using Json = nlohmann::ordered_json;

Json faults_json(const std::vector<ChainFault>& faults) {
  Json out = Json::array();
  for (const auto& fault : faults) out.push_back({{"line", fault.line}, {"what", fault.what}});
  return out;
}

std::string dump(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace); }

void print(const ChainReport& report, const std::string& path) {
  const auto style = Style::of(stdout);
  for (const auto& fault : report.faults) {
    fmt::print("{}:{}: {} {}\n", printable(path), fault.line, style.bad("broken:"), printable(fault.what));
  }
  for (const auto& remark : report.remarks) {
    fmt::print("{}:{}: {} {}\n", printable(path), remark.line, style.warn("remark:"), printable(remark.what));
  }
  if (report.faults.empty()) {
    fmt::print("{}: {} lines, each as it was written\nhead {}\n", style.good("whole"), report.lines,
               report.head);
  }
}

}  // namespace

Expected<ExitCode> audit_show_command(const AuditOptions& options) {
  if (!options.name.empty()) IMMURE_TRY(require_guest_name(options.name));
  auto log = IMMURE_TRY(open_launch_log(options.file));
  auto list = Json::array();
  std::uint64_t number = 0;
  while (const auto text = next_line(log)) {
    ++number;
    const auto line = read_line(*text);
    if (!line) {
      fmt::print(stderr, "{}:{}: {}\n", printable(options.file), number, line.error().message);
      continue;
    }
    if (!options.name.empty() && line->entry["name"] != options.name) continue;
    if (options.format == OutputFormat::json) {
      list.push_back(line->entry);
    } else {
      fmt::print("{}\n{}", entry_headline(*line), options.name.empty() ? "" : entry_details(*line));
    }
  }
  if (options.format == OutputFormat::json) fmt::print("{}\n", dump(list));
  return ExitCode::success;
}

Expected<ExitCode> audit_verify_command(const AuditOptions& options) {
  auto log = IMMURE_TRY(open_launch_log(options.file));
  const auto report = verify_chain(log, options.witness);
  if (options.format == OutputFormat::json) {
    fmt::print("{}\n", dump({{"whole", report.faults.empty()},
                             {"lines", report.lines},
                             {"head", report.head},
                             {"faults", faults_json(report.faults)},
                             {"remarks", faults_json(report.remarks)}}));
  } else {
    print(report, options.file);
  }
  return report.faults.empty() ? ExitCode::success : ExitCode::bad_signature;
}

}  // namespace immure::cli
