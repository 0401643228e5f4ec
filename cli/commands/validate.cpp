#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "base/printable.hpp"
#include "base/proc_text.hpp"
#include "cli/commands/commands.hpp"
#include "cli/output/units.hpp"
#include "policy/spec/compile.hpp"

namespace immure::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string dump(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace); }

void print_json_errors(const Failure& failure) {
  Json errors = Json::array();
  for (const auto line : lines_of(failure.message)) errors.push_back(line);
  fmt::print("{}\n", dump({{"valid", false}, {"errors", errors}}));
}

}  // namespace

Expected<ExitCode> validate_command(const std::string& spec, OutputFormat format) {
  const auto record = policy::compile_guest_spec(spec);
  if (!record) {
    const auto& failure = record.error();
    if (format == OutputFormat::json) {
      print_json_errors(failure);
    } else if (failure.code == ExitCode::bad_specification) {
      // Without a program's name in front: editors and build tools jump to FILE:LINE:COLUMN.
      fmt::print(stderr, "{}\n", printable_lines(failure.message));
    } else {
      return std::unexpected(failure);
    }
    return failure.code;
  }
  if (format == OutputFormat::json) {
    fmt::print("{}\n", dump({{"valid", true}, {"errors", Json::array()}, {"name", record->name.view()}}));
  } else {
    fmt::print("{}: valid: guest {}, {} vCPUs, {} memory, {} disks\n", spec, record->name.view(),
               record->vcpus, human_size(record->memory_bytes), record->disk_count);
  }
  return ExitCode::success;
}

}  // namespace immure::cli
