#include "cli/console/socket_label.hpp"

#include <cstdio>

#include <fmt/core.h>
#include <selinux/selinux.h>

#include "selinux/preflight.hpp"

namespace immure::cli {
namespace {

/// Where the level begins: behind the third colon.
std::size_t level_start(std::string_view context) {
  std::size_t at = 0;
  for (int colons = 0; colons < 3; ++colons) {
    at = context.find(':', at);
    if (at == std::string_view::npos) return at;
    ++at;
  }
  return at;
}

/// "s0:c12,c407" as the kernel writes it: the lower one first, no leading zero.
bool is_guest_level(const std::string& level) {
  unsigned lower = 0;
  unsigned higher = 0;
  // NOLINTNEXTLINE(cert-err34-c): what was not converted right does not print as it was.
  return std::sscanf(level.c_str(), "s0:c%4u,c%4u", &lower, &higher) == 2 && lower < higher &&
         higher < 1024 && level == fmt::format("s0:c{},c{}", lower, higher);
}

}  // namespace

Result<std::string> with_level_of(std::string_view own, std::string_view guest) {
  const auto theirs = level_start(guest);
  const auto ours = level_start(own);
  const std::string level(theirs == std::string_view::npos ? std::string_view() : guest.substr(theirs));
  if (!is_guest_level(level)) return invalid(fmt::format("\"{}\" has no pair of categories", guest));
  if (ours == std::string_view::npos)
    return invalid(fmt::format("\"{}\" is not a context with a level", own));
  return std::string(own.substr(0, ours)) + level;
}

Result<void> label_sockets_for(const std::string& guest_label) {
  selinux::PolicyOracle oracle;
  if (!oracle.is_enabled()) return {};
  const auto context = IMMURE_TRY(with_level_of(IMMURE_TRY(oracle.own_context()), guest_label));
  return checked(::setsockcreatecon_raw(context.c_str()), "label new sockets " + context);
}

}  // namespace immure::cli
