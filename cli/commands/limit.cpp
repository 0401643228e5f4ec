#include "cli/commands/limit.hpp"

#include <fmt/core.h>

#include "cli/commands/commands.hpp"
#include "cli/control/guest_control.hpp"
#include "policy/toml/values.hpp"

namespace immure::cli {
namespace {

Expected<std::uint64_t> bytes_of_text(const char* option, const std::string& text) {
  if (text.empty()) return std::uint64_t{0};
  if (const auto bytes = policy::toml_text::parse_size(text)) return *bytes;
  return fail(ExitCode::usage, fmt::format("limit: {}: \"{}\" is not a size", option, text),
              "write it like \"10 MiB\"");
}

}  // namespace

Expected<policy::LimitChange> limit_change(const LimitOptions& options) {
  policy::LimitChange change;
  const auto name = BoundedString<32>::from(options.device, "the device");
  if (!name || !name->is_well_formed()) {
    return fail(ExitCode::usage, "limit: \"" + options.device + "\" is no device",
                "write disk:ID, net:ID, console or rng");
  }
  change.device = *name;
  change.limit = {
      .bytes_per_second = IMMURE_TRY(bytes_of_text("--bytes-per-second", options.bytes_per_second)),
      .bytes_burst = IMMURE_TRY(bytes_of_text("--bytes-burst", options.bytes_burst)),
      .operations_per_second = options.operations_per_second,
      .operations_burst = options.operations_burst};
  if (const auto good = policy::check(change.limit, "limit"); !good)
    return fail(ExitCode::usage, good.error().message);
  return change;
}

Expected<ExitCode> limit_command(const LimitOptions& options) {
  const auto change = IMMURE_TRY(limit_change(options));
  IMMURE_TRY(set_limit(options.name, change));
  return ExitCode::success;
}

}  // namespace immure::cli
